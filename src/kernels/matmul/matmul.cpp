#include "kernels/matmul/matmul.h"

#include "kernels/matmul/panels.h"

namespace shrike::kernels {

namespace {

float element(const MatrixOperand& matrix, int64_t batch, int64_t i, int64_t j) {
  return matrix.data[batch * matrix.batch_stride + i * matrix.row_stride + j * matrix.col_stride];
}

void reference_run(const MatmulProblem& p, const MatmulOperands& o, ThreadPool& pool,
                   std::span<std::byte>) {
  pool.parallel_for(p.batch * p.m, [&](int64_t unit, int) {
    const int64_t batch = unit / p.m, i = unit % p.m;
    float* c = o.c + batch * o.c_batch_stride + i * o.c_row_stride;
    for (int64_t j = 0; j < p.n; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < p.k; ++k)
        sum += static_cast<double>(element(o.a, batch, i, k)) * element(o.b, batch, k, j);
      const double value = p.alpha * sum + (o.bias ? o.bias[j] : 0.0f);
      c[j] = apply_reference(p.activation, static_cast<float>(value));
    }
  });
}

template <const TileKernel& kTile, TransposeBlock kTranspose>
constexpr MatmulKernel panels_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      nullptr,
      [](const MatmulProblem& problem, int threads) {
        return panels_scratch_bytes({kTile, kTranspose}, problem, threads);
      },
      [](const MatmulProblem& problem, const MatmulOperands& operands, ThreadPool& pool,
         std::span<std::byte> scratch) {
        panels_run({kTile, kTranspose}, problem, operands, pool, scratch);
      },
  };
}

constexpr MatmulKernel kMatmulKernels[] = {
#if SHRIKE_KERNELS_AVX2
    panels_row<kTileAvx512, transpose_block_avx2>("avx512_panels", CpuNeed::kAvx512),
    panels_row<kTileAvx2, transpose_block_avx2>("avx2_panels", CpuNeed::kAvx2Fma),
#endif
    panels_row<kTilePlain, transpose_block_reference>("panels", CpuNeed::kNothing),
    {"reference", CpuNeed::kNothing, nullptr, [](const MatmulProblem&, int) { return size_t{0}; },
     reference_run},
};

}  // namespace

std::span<const MatmulKernel> matmul_kernels() { return kMatmulKernels; }

}  // namespace shrike::kernels
