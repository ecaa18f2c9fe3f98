#include "train/flat_parameters.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shrike::train {

namespace {

constexpr int64_t kAlignment = 16;  // floats: a cache line
constexpr int64_t kBlock = 65536;   // of a sum

ParameterGroup group_of(const Parameter& p, bool frozen) {
  if (!learns(p.role)) return ParameterGroup::kStatistics;
  if (frozen) return ParameterGroup::kFrozen;
  if (decays(p.role)) return ParameterGroup::kDecaying;
  if (p.role == ParameterRole::kStep) return ParameterGroup::kSteps;
  return p.role == ParameterRole::kNormScale ? ParameterGroup::kScales : ParameterGroup::kBiases;
}

int64_t aligned(int64_t n) { return (n + kAlignment - 1) / kAlignment * kAlignment; }

std::span<float> span_of(const at::Tensor& tensor, int64_t count) {
  return {tensor.data_ptr<float>(), static_cast<size_t>(count)};
}

}  // namespace

FlatParameters FlatParameters::lay_out(Parameters& parameters,
                                       const std::function<bool(const std::string&)>& frozen,
                                       c10::Device device) {
  FlatParameters flat;
  std::vector<Parameter*> order;
  int64_t size = 0;
  for (size_t g = 0; g < kParameterGroups; ++g) {
    flat.ranges_[g].begin = size;
    for (Parameter& p : parameters.all()) {
      const ParameterGroup group = group_of(p, frozen && frozen(p.name));
      if (group != static_cast<ParameterGroup>(g)) continue;
      flat.entries_.push_back(
          {p.name, Shape(p.tensor.sizes().vec()), group, size, p.tensor.numel()});
      order.push_back(&p);
      size += aligned(p.tensor.numel());
    }
    flat.ranges_[g].end = size;
  }
  flat.values_ = at::zeros({size}, at::kFloat);
  flat.gradients_ = at::zeros({flat.range(ParameterGroup::kDecaying).end}, at::kFloat);
  flat.device_values_ = flat.values_.to(device);
  flat.device_gradients_ = flat.gradients_.to(device);
  for (size_t i = 0; i < order.size(); ++i) {
    const Entry& entry = flat.entries_[i];
    const auto part = [&](const at::Tensor& block) {
      return block.slice(0, entry.begin, entry.begin + entry.elements)
          .view(order[i]->tensor.sizes());
    };
    at::Tensor view = part(flat.device_values_);
    view.copy_(order[i]->tensor.detach());
    if (entry.group < ParameterGroup::kFrozen) {
      view.requires_grad_(true);
      view.mutable_grad() = part(flat.device_gradients_);
    }
    order[i]->tensor = std::move(view);
  }
  flat.fetch();
  return flat;
}

void FlatParameters::fetch() {
  if (device_values_.is_cpu()) return;
  const c10::NoGradGuard no_gradients;
  values_.copy_(device_values_);
  gradients_.copy_(device_gradients_);
}

void FlatParameters::push() {
  if (device_values_.is_cpu()) return;
  const c10::NoGradGuard no_gradients;
  device_values_.copy_(values_);
  device_gradients_.copy_(gradients_);
}

std::span<float> FlatParameters::values() const { return span_of(values_, values_.numel()); }
std::span<float> FlatParameters::learned() const { return span_of(values_, gradients_.numel()); }
std::span<float> FlatParameters::gradients() const {
  return span_of(gradients_, gradients_.numel());
}

double norm(std::span<const float> values) {
  const auto count = static_cast<int64_t>(values.size());
  std::vector<double> sums(static_cast<size_t>((count + kBlock - 1) / kBlock));
  at::parallel_for(0, static_cast<int64_t>(sums.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; ++b) {
      double part[4] = {};  // so that additions need not wait for each other
      const int64_t end = std::min((b + 1) * kBlock, count);
      for (int64_t i = b * kBlock; i < end; ++i) {
        const auto value = static_cast<double>(values[static_cast<size_t>(i)]);
        part[i % 4] += value * value;
      }
      sums[static_cast<size_t>(b)] = part[0] + part[1] + part[2] + part[3];
    }
  });
  return std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0));
}

}  // namespace shrike::train
