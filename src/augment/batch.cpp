#include "augment/batch.h"

#include "vision/row_kernels.h"

namespace shrike {

void to_input(const Batch& batch, size_t picture, const Preprocess& preprocess, float* out) {
  const std::span<const uint8_t> bytes = batch.picture(picture);
  const size_t plane = bytes.size() / 3;
  const bool turned = preprocess.order == ChannelOrder::kBgr;
  for (size_t c = 0; c < 3; ++c)
    row_kernels().to_float(bytes.data() + (turned ? 2 - c : c) * plane, plane, preprocess.divisor,
                           out + c * plane);
}

}  // namespace shrike
