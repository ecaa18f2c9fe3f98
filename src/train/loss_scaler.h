// LossScaler: what a loss is multiplied with so that its gradients are no zeros in half precision.
//
// As large as it can be: twice as large after 2000 updates without an infinity, half as large after
// each update that had one, which is left out (Micikevicius et al. 2018, arXiv 1710.03740, 3.2;
// numbers as in PyTorch's GradScaler). A power of two, so nothing is rounded by it.
#pragma once

#include <cstdint>

namespace shrike::train {

struct LossScaler {
  static constexpr double kFirst = 65536;
  static constexpr int64_t kUpdatesToGrow = 2000;
  static constexpr double kLeast = 1.0 / 1024;

  double scale = kFirst;
  int64_t good = 0;  // updates since it last changed

  // After an update's gradients; false where they were not finite and a smaller scale cannot help.
  bool update(bool finite) {
    if (finite) {
      if (++good == kUpdatesToGrow) *this = {scale * 2, 0};
      return true;
    }
    *this = {scale / 2, 0};
    return scale >= kLeast;
  }
};

}  // namespace shrike::train
