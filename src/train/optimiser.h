// Optimiser: from gradients to weights, one pass over memory.
//
// Works on the stretches of FlatParameters (flat_parameters.h), element by element, with learning
// rate a, weight decay d and momentum u of the stretch, g the gradient times `scale`:
//   SGD    g += d w;  m = u m + g;  w -= a (g + u m)          (Nesterov's momentum as in
//                     Sutskever et al. 2013, in the form that PyTorch has: the rate outside of m)
//   AdamW  w -= a d w;  m = u m + (1 - u) g;  v = b v + (1 - b) g^2;
//          w -= a / (1 - u^t) * m / (sqrt(v / (1 - b^t)) + 1e-8),  b = 0.999, t updates with this
//                     (Loshchilov and Hutter 2019, arXiv 1711.05101)
// In float32, but for factors that are computed once, in doubles. The same bits for any number of
// threads.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace shrike::train {

enum class OptimiserKind : uint8_t { kSgd, kAdamW };

struct OptimiserName {
  std::string_view name;
  OptimiserKind value;
};
inline constexpr OptimiserName kOptimisers[] = {{"SGD", OptimiserKind::kSgd},
                                                {"AdamW", OptimiserKind::kAdamW}};

// The elements begin..end - 1, and what is done to them. A rate of 0 leaves the weights alone; m and
// v learn of the gradient all the same, as in torch.optim.
struct Stretch {
  int64_t begin = 0, end = 0;
  double rate = 0, decay = 0;
};

class Optimiser {
 public:
  Optimiser(OptimiserKind kind, int64_t elements);

  // One update. Requires as many weights and gradients as there are elements, stretches inside.
  void update(std::span<float> weights, std::span<const float> gradients, float scale,
              std::span<const Stretch> stretches, double momentum);

  OptimiserKind kind() const { return kind_; }
  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }

  // The state, to be saved and put back: m, and of AdamW v.
  struct State {
    std::string_view name;
    std::span<float> values;
  };
  std::vector<State> state();

 private:
  OptimiserKind kind_;
  int64_t updates_ = 0;
  std::vector<float> first_, second_;
};

}  // namespace shrike::train
