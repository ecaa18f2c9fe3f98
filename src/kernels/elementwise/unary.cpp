#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/pieces.h"
#include "kernels/elementwise/rows.h"

namespace shrike::kernels {

UnaryRow unary_row_reference(ActivationKind) {
  return [](const Activation& activation, const float* in, float* out, int64_t length) {
    for (int64_t i = 0; i < length; ++i) out[i] = apply_reference(activation, in[i]);
  };
}

namespace {

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
  for_each_piece(in.rows, in.length, pool, [&](int64_t r, int64_t begin, int64_t length) {
    row(activation, in.row(r) + begin, out.row(r) + begin, length);
  });
}

constexpr UnaryKernel kUnaryKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx512", CpuNeed::kAvx512, nullptr, run<unary_row_avx512>},
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<unary_row_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<unary_row_reference>},
};

}  // namespace

std::span<const UnaryKernel> unary_kernels() { return kUnaryKernels; }

}  // namespace shrike::kernels
