#include "train/fake_quantize.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ir/ops/quantize.h"

namespace shrike::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

constexpr int64_t kBlock = 16384;  // elements of a sum
constexpr int64_t kLanes = 8;      // of a sum, which need not wait for each other
// Added and taken away, it leaves the nearest integer of what is far below it.
constexpr float kRounder = 12582912;  // 1.5 * 2^23

// Elements by channel: those of one step lie side by side.
struct Blocks {
  int64_t channels, size, each;  // each: blocks of a channel

  Blocks(const at::Tensor& x, const at::Tensor& steps)
      : channels(steps.numel()),
        size(channels == 0 ? 0 : x.numel() / channels),
        each((size + kBlock - 1) / kBlock) {}

  // Calls block(b, channel, first element, elements) for each, on all threads.
  template <typename Block>
  void for_each(const Block& block) const {
    const int64_t grain = std::max<int64_t>(1, kBlock / std::max<int64_t>(size, 1));
    at::parallel_for(0, channels * each, grain, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        const int64_t channel = b / each, at = b % each * kBlock;
        block(b, channel, channel * size + at, std::min(kBlock, size - at));
      }
    });
  }
};

// NaN stays NaN.
float clamped(float v, float low, float high) {
  const float raised = v < low ? low : v;
  return raised > high ? high : raised;
}

void round_block(const float* x, int64_t count, float step, float low, float high, float* y) {
  for (int64_t i = 0; i < count; ++i)
    y[i] = (clamped(x[i] / step, low, high) + kRounder - kRounder) * step;
}

// dL/dx, and what dL/ds is the sum of.
double backward_block(const float* x, const float* dy, int64_t count, float step, float low,
                      float high, float* dx) {
  float sums[kLanes] = {};
  const auto one = [&](int64_t i) {
    const float v = x[i] / step, c = clamped(v, low, high);
    const bool inside = v == c;
    dx[i] = inside ? dy[i] : 0.0f;
    return dy[i] * (inside ? c + kRounder - kRounder - v : c);
  };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += one(i + lane);
  double sum = 0;
  for (const float part : sums) sum += double{part};
  for (; i < count; ++i) sum += double{one(i)};
  return sum;
}

bool in_one_pass(const at::Tensor& x, const at::Tensor& steps) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && steps.scalar_type() == at::kFloat &&
         x.is_non_overlapping_and_dense() && (steps.numel() == 1 || x.is_contiguous());
}

// The steps as x's axes want them.
at::Tensor along_first(const at::Tensor& steps, const at::Tensor& x) {
  if (steps.numel() == 1) return steps.reshape({});
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[0] = -1;
  return steps.reshape(shape);
}

at::Tensor rounded(const at::Tensor& x, const at::Tensor& steps, const IntegerRange& range) {
  if (!in_one_pass(x, steps)) {
    const at::Tensor s = along_first(steps, x);
    return at::round(at::clamp(x / s, range.low, range.high)) * s;
  }
  at::Tensor y = at::empty_strided(x.sizes(), x.strides(), x.options());
  const float *from = x.data_ptr<float>(), *step = steps.data_ptr<float>();
  float* to = y.data_ptr<float>();
  const auto low = static_cast<float>(range.low), high = static_cast<float>(range.high);
  Blocks(x, steps).for_each([&](int64_t, int64_t channel, int64_t at, int64_t count) {
    round_block(from + at, count, step[channel], low, high, to + at);
  });
  return y;
}

struct Gradients {
  at::Tensor x, steps;  // that of the steps without g
};

Gradients gradients_of(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& steps,
                       const IntegerRange& range) {
  if (!in_one_pass(x, steps)) {
    const at::Tensor v = x / along_first(steps, x), c = at::clamp(v, range.low, range.high);
    const at::Tensor inside = v == c;
    const at::Tensor each = dy * at::where(inside, at::round(v) - v, c);
    const at::Tensor by_step =
        steps.numel() == 1 ? at::sum(each) : at::sum(each.reshape({steps.numel(), -1}), 1);
    return {at::where(inside, dy, at::zeros_like(dy)), by_step.reshape(steps.sizes())};
  }
  at::Tensor given = dy;
  if (dy.strides() != x.strides()) {
    given = at::empty_strided(x.sizes(), x.strides(), x.options());
    given.copy_(dy);
  }
  Gradients result{at::empty_strided(x.sizes(), x.strides(), x.options()),
                   at::empty(steps.sizes(), steps.options())};
  const Blocks blocks(x, steps);
  std::vector<double> sums(static_cast<size_t>(blocks.channels * blocks.each));
  const float *from = x.data_ptr<float>(), *gradient = given.data_ptr<float>(),
              *step = steps.data_ptr<float>();
  float* to = result.x.data_ptr<float>();
  const auto low = static_cast<float>(range.low), high = static_cast<float>(range.high);
  blocks.for_each([&](int64_t b, int64_t channel, int64_t at, int64_t count) {
    sums[static_cast<size_t>(b)] =
        backward_block(from + at, gradient + at, count, step[channel], low, high, to + at);
  });
  for (int64_t c = 0; c < blocks.channels; ++c) {
    double sum = 0;
    for (int64_t b = c * blocks.each; b < (c + 1) * blocks.each; ++b)
      sum += sums[static_cast<size_t>(b)];
    result.steps.data_ptr<float>()[c] = static_cast<float>(sum);
  }
  return result;
}

class FakeQuantizeFunction : public torch::autograd::Function<FakeQuantizeFunction> {
 public:
  static Variable forward(AutogradContext* context, const Variable& x, const Variable& steps,
                          double low, double high) {
    context->save_for_backward({x, steps});
    context->saved_data["low"] = low;
    context->saved_data["high"] = high;
    return rounded(x, steps, {low, high});
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &steps = saved[1];
    const IntegerRange range{context->saved_data["low"].toDouble(),
                             context->saved_data["high"].toDouble()};
    Gradients result = gradients_of(gradients[0], x, steps, range);
    // Of a map the values of one picture, so that g does not depend on how many are in a batch.
    const int64_t parts = steps.numel() > 1 ? steps.numel() : x.dim() == 4 ? x.size(0) : 1;
    const double n =
        static_cast<double>(x.numel()) / static_cast<double>(std::max<int64_t>(parts, 1));
    const double g = 1 / std::sqrt(std::max(n, 1.0) * std::max(range.high, 1.0));
    return {result.x, result.steps * g, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor fake_quantize(const at::Tensor& x, const at::Tensor& steps, const IntegerRange& range) {
  return FakeQuantizeFunction::apply(x, steps, range.low, range.high);
}

at::Tensor round_bias(const at::Tensor& bias, const at::Tensor& x_step,
                      const at::Tensor& weight_steps) {
  const at::Tensor step = x_step.detach().to(at::kDouble) * weight_steps.detach().to(at::kDouble);
  const at::Tensor exact = at::round(bias.detach().to(at::kDouble) / step) * step;
  return exact.to(bias.scalar_type()) + (bias - bias.detach());
}

at::Tensor steps_of(const at::Tensor& e) {
  return at::clamp(at::exp(e.to(at::kDouble)).to(e.scalar_type()), static_cast<double>(kLeastScale),
                   static_cast<double>(kMostScale));
}

}  // namespace shrike::train
