#include "train/rank_norm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

namespace shrike::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// Every process's loss depends on the sum: its gradient is the sum of theirs.
class SumFunction : public torch::autograd::Function<SumFunction> {
 public:
  static Variable forward(AutogradContext* context, const Variable& x, const RankSum* sum) {
    context->saved_data["sum"] = c10::IValue::make_capsule(c10::make_intrusive<KeptRankSum>(*sum));
    return (*sum)(x);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto kept =
        c10::static_intrusive_pointer_cast<KeptRankSum>(context->saved_data["sum"].toCapsule());
    return {kept->sum(gradients[0]), at::Tensor()};
  }
};

// To the bit as measure_norm() (map_norm.h) does, which other ranks may take for the same batch. And as
// there autograd does not see it: it would take the weights, which may lie in the same block
// (flat_parameters.h), for changed.
void move(const at::Tensor& running, const at::Tensor& value, double momentum) {
  const at::Tensor old = running.to(at::kDouble);
  running.variable_data().copy_(old + (value.detach() - old) * momentum);
}

}  // namespace

at::Tensor rank_norm(const RankNormInputs& in, double epsilon, double momentum,
                     const RankSum& sum) {
  const int64_t channels = in.x.size(1);
  std::vector<int64_t> others{0}, by_channel{1, channels};
  for (int64_t d = 2; d < in.x.dim(); ++d) {
    others.push_back(d);
    by_channel.push_back(1);
  }
  const at::Tensor x = in.x.to(at::kDouble);
  const double own = static_cast<double>(x.numel()) / static_cast<double>(channels);
  const at::Tensor sums = SumFunction::apply(
      at::cat({at::sum(x, others), at::sum(x * x, others), at::full({1}, own, x.options())}), &sum);
  const at::Tensor count = sums[2 * channels].detach();
  const at::Tensor mean = sums.slice(0, 0, channels) / count;
  const at::Tensor variance =
      at::clamp_min(sums.slice(0, channels, 2 * channels) / count - mean * mean, 0);
  move(in.running_mean, mean, momentum);
  move(in.running_variance, variance * (count / at::clamp_min(count - 1, 1)), momentum);
  const at::Tensor slope = in.scale * at::rsqrt(variance + epsilon);
  const at::Tensor y =
      (x - mean.view(by_channel)) * slope.view(by_channel) + in.shift.view(by_channel);
  return y.to(in.x.scalar_type());
}

}  // namespace shrike::train
