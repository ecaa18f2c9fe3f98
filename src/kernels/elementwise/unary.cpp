#include <algorithm>

#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/rows.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

UnaryRow unary_row_reference(ActivationKind) {
  return [](const Activation& activation, const float* in, float* out, int64_t length) {
    for (int64_t i = 0; i < length; ++i) out[i] = apply_reference(activation, in[i]);
  };
}

namespace {

constexpr int64_t kUnitFloats = 16384;

template <UnaryRow (*kRow)(ActivationKind)>
void run(const Activation& activation, const ConstRowsView& input, const RowsView& output,
         ThreadPool& pool) {
  const UnaryRow row = kRow(activation.kind);
  ConstRowsView in = input;
  RowsView out = output;
  if (in.stride == in.length && out.stride == in.length) {
    in.length *= in.rows;
    in.rows = 1;
  }
  if (in.length == 0) return;
  // A unit is a piece of a long row or several short ones.
  const int64_t pieces = divide_up(in.length, kUnitFloats);
  const int64_t rows_each = std::max<int64_t>(1, kUnitFloats / in.length);
  pool.parallel_for(pieces * divide_up(in.rows, rows_each), [&](int64_t unit, int) {
    const int64_t begin = unit % pieces * kUnitFloats;
    const int64_t length = std::min(kUnitFloats, in.length - begin);
    const int64_t first = unit / pieces * rows_each;
    for (int64_t r = first; r < std::min(in.rows, first + rows_each); ++r)
      row(activation, in.row(r) + begin, out.row(r) + begin, length);
  });
}

constexpr UnaryKernel kUnaryKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<unary_row_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<unary_row_reference>},
};

}  // namespace

std::span<const UnaryKernel> unary_kernels() { return kUnaryKernels; }

}  // namespace shrike::kernels
