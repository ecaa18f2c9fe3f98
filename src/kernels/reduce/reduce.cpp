#include "kernels/reduce/reduce.h"

#include <algorithm>

#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

// Of an element and the next: a NaN is followed by nothing but itself.
struct Larger {
  static float of(float a, float b) { return a > b || a != a ? a : b; }
};
struct Smaller {
  static float of(float a, float b) { return a < b || a != a ? a : b; }
};

// Outputs that are computed side by side: enough for vectors, few enough for registers.
constexpr int64_t kBlock = 32;

// Outputs next to each other, from inputs that are.
template <typename Pick>
void columns(const ReduceProblem& p, const float* in, float* out, int64_t count) {
  if (count == kBlock) {
    float best[kBlock];
    std::copy_n(in, kBlock, best);
    for (int64_t k = 1; k < p.n; ++k) {
      in += p.step;
      for (int64_t i = 0; i < kBlock; ++i) best[i] = Pick::of(best[i], in[i]);
    }
    std::copy_n(best, kBlock, out);
    return;
  }
  std::copy_n(in, count, out);
  for (int64_t k = 1; k < p.n; ++k) {
    in += p.step;
    for (int64_t i = 0; i < count; ++i) out[i] = Pick::of(out[i], in[i]);
  }
}

template <typename Pick>
void run_columns(const ReduceProblem& p, const float* input, float* output, ThreadPool& pool) {
  const int64_t row = p.dims[static_cast<size_t>(p.rank - 1)];
  const int64_t blocks = divide_up(row, kBlock);
  pool.parallel_for(p.outputs() / row * blocks, [&](int64_t unit, int) {
    const int64_t outer = unit / blocks, first = unit % blocks * kBlock;
    columns<Pick>(p, input + offset_of(outer, p.rank - 1, p.dims, p.strides) + first,
                  output + outer * row + first, std::min(kBlock, row - first));
  });
}

// One output, from inputs next to each other.
template <typename Pick>
float row_of(const float* in, int64_t n) {
  float result = in[0];
  int64_t k = 1;
  if (n >= kBlock) {
    float best[kBlock];
    std::copy_n(in, kBlock, best);
    for (k = kBlock; k + kBlock <= n; k += kBlock)
      for (int64_t i = 0; i < kBlock; ++i) best[i] = Pick::of(best[i], in[k + i]);
    result = best[0];
    for (int64_t i = 1; i < kBlock; ++i) result = Pick::of(result, best[i]);
  }
  for (; k < n; ++k) result = Pick::of(result, in[k]);
  return result;
}

template <typename Pick>
void run_rows(const ReduceProblem& p, const float* input, float* output, ThreadPool& pool) {
  constexpr int64_t kElements = 8192;  // that are worth a thread's while
  const int64_t each = divide_up(kElements, p.n), count = p.outputs();
  pool.parallel_for(divide_up(count, each), [&](int64_t unit, int) {
    for (int64_t o = unit * each; o < std::min(count, (unit + 1) * each); ++o)
      output[o] = row_of<Pick>(input + offset_of(o, p.rank, p.dims, p.strides), p.n);
  });
}

template <typename Pick>
void run_reference(const ReduceProblem& p, const float* input, float* output, ThreadPool& pool) {
  pool.parallel_for(p.outputs(), [&](int64_t o, int) {
    const float* in = input + offset_of(o, p.rank, p.dims, p.strides);
    float best = in[0];
    for (int64_t k = 1; k < p.n; ++k) best = Pick::of(best, in[k * p.step]);
    output[o] = best;
  });
}

using Run = decltype(ReduceKernel::run);

template <Run kLargest, Run kSmallest>
void run(const ReduceProblem& p, const float* input, float* output, ThreadPool& pool) {
  (p.largest ? kLargest : kSmallest)(p, input, output, pool);
}

const char* refuse_columns(const ReduceProblem& p) {
  return p.rank > 0 && p.strides[static_cast<size_t>(p.rank - 1)] == 1
             ? nullptr
             : "elements of neighbouring outputs are apart";
}

const char* refuse_rows(const ReduceProblem& p) {
  return p.step == 1 ? nullptr : "elements of an output are apart";
}

constexpr ReduceKernel kReduceKernels[] = {
    {"columns", CpuNeed::kNothing, refuse_columns, run<run_columns<Larger>, run_columns<Smaller>>},
    {"rows", CpuNeed::kNothing, refuse_rows, run<run_rows<Larger>, run_rows<Smaller>>},
    {"reference", CpuNeed::kNothing, nullptr, run<run_reference<Larger>, run_reference<Smaller>>},
};

}  // namespace

std::span<const ReduceKernel> reduce_kernels() { return kReduceKernels; }

}  // namespace shrike::kernels
