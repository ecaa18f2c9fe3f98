#include "kernels/qconv/qconv.h"

#include "base/tensor.h"
#include "kernels/qconv/depthwise.h"
#include "kernels/qconv/direct.h"
#include "kernels/qconv/direct_geometry.h"
#include "kernels/qconv/reference.h"
#include "kernels/qconv/winograd.h"

namespace shrike::kernels {

namespace {

double macs_of(const QConvProblem& problem) { return static_cast<double>(problem.macs()); }

// The same driver with one instruction set's tile.
template <const QTileKernel& kTile>
constexpr QConvKernel direct_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      [](const QConvProblem& problem) { return direct_refuse(kTile, problem); },
      [](const QConvProblem& problem, const QConvWeights& weights, std::byte* packed) {
        qdirect_pack(kTile, problem, weights, packed);
      },
      [](const QConvProblem& problem) { return qdirect_packed_bytes(kTile, problem); },
      [](const QConvProblem& problem) { return qdirect_cost(kTile, problem); },
      [](const QConvProblem& problem, int threads) {
        return qdirect_scratch_bytes(kTile, problem, threads);
      },
      [](const QConvProblem& problem, const PackedConv& packed, const QConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        qdirect_run(kTile, problem, packed, maps, pool, scratch);
      },
  };
}

template <const QDepthwiseKernel& kKernel>
constexpr QConvKernel depthwise_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      qdepthwise_refuse,
      [](const QConvProblem& problem, const QConvWeights& weights, std::byte* packed) {
        qdepthwise_pack(kKernel, problem, weights, packed);
      },
      [](const QConvProblem& problem) { return qdepthwise_packed_bytes(kKernel, problem); },
      macs_of,
      [](const QConvProblem& problem, int threads) {
        return qdepthwise_scratch_bytes(kKernel, problem, threads);
      },
      [](const QConvProblem& problem, const PackedConv& packed, const QConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        qdepthwise_run(kKernel, problem, packed, maps, pool, scratch);
      },
  };
}

template <const QWinogradKernel& kKernel>
constexpr QConvKernel winograd_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      [](const QConvProblem& problem) { return qwinograd_refuse(kKernel, problem); },
      [](const QConvProblem& problem, const QConvWeights& weights, std::byte* packed) {
        qwinograd_pack(kKernel, problem, weights, packed);
      },
      [](const QConvProblem& problem) { return qwinograd_packed_bytes(kKernel, problem); },
      [](const QConvProblem& problem) { return qwinograd_cost(kKernel, problem); },
      [](const QConvProblem& problem, int threads) {
        return qwinograd_scratch_bytes(kKernel, problem, threads);
      },
      [](const QConvProblem& problem, const PackedConv& packed, const QConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        qwinograd_run(kKernel, problem, packed, maps, pool, scratch);
      },
  };
}

constexpr QConvKernel kQConvKernels[] = {
#if SHRIKE_KERNELS_AVX2
    depthwise_row<kQDepthwiseAvx512Vnni>("avx512vnni_depthwise", CpuNeed::kAvx512Vnni),
    depthwise_row<kQDepthwiseAvx512>("avx512_depthwise", CpuNeed::kAvx512),
    depthwise_row<kQDepthwiseAvxVnni>("avxvnni_depthwise", CpuNeed::kAvxVnni),
    depthwise_row<kQDepthwiseAvx2>("avx2_depthwise", CpuNeed::kAvx2Fma),
    winograd_row<kQWinogradAvx512Vnni>("avx512vnni_winograd", CpuNeed::kAvx512Vnni),
    direct_row<kQTileAvx512Vnni>("avx512vnni_direct", CpuNeed::kAvx512Vnni),
    winograd_row<kQWinogradAvx512>("avx512_winograd", CpuNeed::kAvx512),
    direct_row<kQTileAvx512>("avx512_direct", CpuNeed::kAvx512),
    winograd_row<kQWinogradAvxVnni>("avxvnni_winograd", CpuNeed::kAvxVnni),
    direct_row<kQTileAvxVnni>("avxvnni_direct", CpuNeed::kAvxVnni),
    winograd_row<kQWinogradAvx2>("avx2_winograd", CpuNeed::kAvx2Fma),
    direct_row<kQTileAvx2>("avx2_direct", CpuNeed::kAvx2Fma),
#endif
    depthwise_row<kQDepthwisePlain>("depthwise", CpuNeed::kNothing),
    direct_row<kQTilePlain>("direct", CpuNeed::kNothing),
    {"reference", CpuNeed::kNothing, nullptr, qconv_reference_pack, qconv_reference_packed_bytes,
     macs_of, [](const QConvProblem&, int) { return size_t{0}; }, qconv_reference_run},
};

}  // namespace

std::span<const QConvKernel> qconv_kernels() { return kQConvKernels; }

PackedConv QConvKernel::pack(const QConvProblem& problem, const QConvWeights& weights) const {
  const size_t size = packed_bytes(problem);
  std::shared_ptr<std::byte> bytes = allocate_aligned(size);
  pack_into(problem, weights, bytes.get());
  return {std::move(bytes), size};
}

}  // namespace shrike::kernels
