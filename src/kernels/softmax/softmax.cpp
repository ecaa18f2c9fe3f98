#include "kernels/softmax/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/sizes.h"
#include "kernels/softmax/rows.h"

namespace shrike::kernels {

namespace {

void softmax_one(const float* in, float* out, int64_t n, int64_t stride) {
  float largest = -std::numeric_limits<float>::infinity();
  for (int64_t k = 0; k < n; ++k) largest = std::max(largest, in[k * stride]);
  double sum = 0;
  for (int64_t k = 0; k < n; ++k) {
    out[k * stride] = std::exp(in[k * stride] - largest);
    sum += out[k * stride];
  }
  for (int64_t k = 0; k < n; ++k) out[k * stride] = static_cast<float>(out[k * stride] / sum);
}

}  // namespace

void softmax_lanes_reference(const SoftmaxLanes& lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    softmax_one(lanes.in + i, lanes.out + i, lanes.n, lanes.stride);
}

namespace {

template <SoftmaxFunction kFunction>
void run(const SoftmaxProblem& p, const float* input, float* output, ThreadPool& pool) {
  if (p.n == 0) return;
  constexpr int64_t kLanes = 64;  // of neighbours in one unit of work
  const int64_t parts = divide_up(p.inner, kLanes);
  pool.parallel_for(p.outer * parts, [&](int64_t unit, int) {
    const int64_t first = unit % parts * kLanes;
    const int64_t at = unit / parts * p.n * p.inner + first;
    kFunction({input + at, output + at, p.n, p.inner, std::min(kLanes, p.inner - first)});
  });
}

constexpr SoftmaxKernel kSoftmaxKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<softmax_lanes_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<softmax_lanes_reference>},
};

}  // namespace

std::span<const SoftmaxKernel> softmax_kernels() { return kSoftmaxKernels; }

}  // namespace shrike::kernels
