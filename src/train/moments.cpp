#include "train/moments.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "train/guard.h"
#include "train/module.h"

namespace shrike::train {

namespace {

// Sums of one value: count, and x and x * x a channel. Squares are of x - first, the first batch's
// mean, so that little is lost where the mean is far from zero.
struct Sums {
  double count = 0;
  at::Tensor first, sum, squares;

  void add(const at::Tensor& value) {
    const std::vector<int64_t> axes{0, 2, 3};
    const at::Tensor x = value.to(at::kDouble);
    if (!first.defined()) {
      first = at::mean(x, axes, true);
      sum = squares = at::zeros({x.size(1)}, at::kDouble);
    }
    const at::Tensor around = x - first;
    count += static_cast<double>(x.numel()) / static_cast<double>(x.size(1));
    sum = sum + at::sum(around, axes);
    squares = squares + at::sum(around * around, axes);
  }

  ChannelMoments moments() const {
    const at::Tensor shift = sum / count;
    const at::Tensor mean = (first.flatten() + shift).contiguous();
    const at::Tensor variance = at::clamp_min(squares / count - shift * shift, 0).contiguous();
    const auto values = [](const at::Tensor& t) {
      return std::vector<double>(t.data_ptr<double>(), t.data_ptr<double>() + t.numel());
    };
    return {values(mean), values(variance)};
  }
};

}  // namespace

Result<std::vector<ChannelMoments>> measure_moments(
    const Graph& graph, std::span<const ValueId> values,
    const std::function<std::optional<at::Tensor>()>& next) {
  if (values.empty()) return std::vector<ChannelMoments>{};
  SHRIKE_ASSIGN(const Parameters parameters, Parameters::of(graph));
  ModuleOptions options;
  options.outputs.assign(values.begin(), values.end());
  SHRIKE_ASSIGN(const Module module, Module::build(graph, parameters, options));
  return guarded("measuring moments", [&]() -> Result<std::vector<ChannelMoments>> {
    const c10::NoGradGuard no_gradients;
    std::vector<Sums> sums(values.size());
    bool any = false;
    while (const std::optional<at::Tensor> batch = next()) {
      any = true;
      SHRIKE_ASSIGN(const std::vector<at::Tensor> outputs,
                    module.forward(std::span(&*batch, 1), RunMode{}));
      for (size_t i = 0; i < outputs.size(); ++i) sums[i].add(outputs[i]);
    }
    if (!any) return input_error("no picture to measure moments on");
    std::vector<ChannelMoments> moments;
    for (const Sums& s : sums) moments.push_back(s.moments());
    return moments;
  });
}

}  // namespace shrike::train
