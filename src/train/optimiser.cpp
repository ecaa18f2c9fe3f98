#include "train/optimiser.h"

#include <ATen/Parallel.h>

#include <cassert>
#include <cmath>

namespace shrike::train {

namespace {

constexpr int64_t kGrain = 16384;  // elements that are worth a thread's start
constexpr double kSecondDecay = 0.999;
constexpr float kEpsilon = 1e-8f;

struct SgdFactors {
  float scale, rate, decay, momentum;
};

void sgd(const SgdFactors& f, int64_t n, const float* __restrict g, float* __restrict w,
         float* __restrict m) {
  for (int64_t i = 0; i < n; ++i) {
    const float gradient = g[i] * f.scale + f.decay * w[i];
    m[i] = f.momentum * m[i] + gradient;
    w[i] -= f.rate * (gradient + f.momentum * m[i]);
  }
}

struct AdamFactors {
  float scale, kept, first, second, step, second_root;
};

void adam_w(const AdamFactors& f, int64_t n, const float* __restrict g, float* __restrict w,
            float* __restrict m, float* __restrict v) {
  for (int64_t i = 0; i < n; ++i) {
    const float gradient = g[i] * f.scale;
    m[i] = f.first * m[i] + (1 - f.first) * gradient;
    v[i] = f.second * v[i] + (1 - f.second) * gradient * gradient;
    w[i] = f.kept * w[i] - f.step * m[i] / (std::sqrt(v[i]) * f.second_root + kEpsilon);
  }
}

}  // namespace

Optimiser::Optimiser(OptimiserKind kind, int64_t elements)
    : kind_(kind),
      first_(static_cast<size_t>(elements)),
      second_(kind == OptimiserKind::kAdamW ? static_cast<size_t>(elements) : 0) {}

void Optimiser::update(std::span<float> weights, std::span<const float> gradients, float scale,
                       std::span<const Stretch> stretches, double momentum) {
  assert(weights.size() == first_.size() && gradients.size() == first_.size());
  ++updates_;
  const auto t = static_cast<double>(updates_);
  for (const Stretch& s : stretches) {
    if (s.begin == s.end) continue;
    const SgdFactors plain{scale, static_cast<float>(s.rate), static_cast<float>(s.decay),
                           static_cast<float>(momentum)};
    const AdamFactors adam{
        scale,
        static_cast<float>(1 - s.rate * s.decay),
        static_cast<float>(momentum),
        static_cast<float>(kSecondDecay),
        static_cast<float>(s.rate / (1 - std::pow(momentum, t))),
        static_cast<float>(1 / std::sqrt(1 - std::pow(kSecondDecay, t)))};
    at::parallel_for(s.begin, s.end, kGrain, [&](int64_t begin, int64_t end) {
      const auto at = static_cast<size_t>(begin);
      const int64_t n = end - begin;
      if (kind_ == OptimiserKind::kSgd)
        sgd(plain, n, &gradients[at], &weights[at], &first_[at]);
      else
        adam_w(adam, n, &gradients[at], &weights[at], &first_[at], &second_[at]);
    });
  }
}

std::vector<Optimiser::State> Optimiser::state() {
  if (kind_ == OptimiserKind::kSgd) return {{"momentum", first_}};
  return {{"first", first_}, {"second", second_}};
}

}  // namespace shrike::train
