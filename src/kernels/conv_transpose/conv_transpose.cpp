#include "kernels/conv_transpose/conv_transpose.h"

#include "base/tensor.h"
#include "kernels/conv_transpose/disjoint.h"
#include "kernels/conv_transpose/phases.h"
#include "kernels/conv_transpose/reference.h"

namespace shrike::kernels {

namespace {

size_t no_scratch(const ConvTransposeProblem&, int) { return 0; }

template <const TileKernel& kTile>
constexpr ConvTransposeKernel disjoint_row(const char* name, CpuNeed need) {
  return {
      name,
      need,
      disjoint_refuse,
      [](const ConvTransposeProblem& problem) { return disjoint_packed_bytes(kTile, problem); },
      [](const ConvTransposeProblem& problem, const float* weights, const float* bias,
         float* packed) { disjoint_pack(kTile, problem, weights, bias, packed); },
      no_scratch,
      [](const ConvTransposeProblem& problem, const PackedConv& packed, const ConstMapView& input,
         const MapView& output, ThreadPool& pool,
         std::span<std::byte>) { disjoint_run(kTile, problem, packed, input, output, pool); },
  };
}

constexpr ConvTransposeKernel kConvTransposeKernels[] = {
#if SHRIKE_KERNELS_AVX2
    disjoint_row<kTileAvx2>("avx2_disjoint", CpuNeed::kAvx2Fma),
#endif
    disjoint_row<kTilePlain>("disjoint", CpuNeed::kNothing),
    {"phases", CpuNeed::kNothing, phases_refuse, phases_packed_bytes, phases_pack,
     phases_scratch_bytes, phases_run},
    {"reference", CpuNeed::kNothing, nullptr, conv_transpose_reference_packed_bytes,
     conv_transpose_reference_pack, no_scratch, conv_transpose_reference_run},
};

}  // namespace

std::span<const ConvTransposeKernel> conv_transpose_kernels() { return kConvTransposeKernels; }

std::string problem_text(const ConvTransposeProblem& p) {
  const auto by = [](int64_t a, int64_t b) { return std::to_string(a) + "x" + std::to_string(b); };
  return "transposed " + by(p.in_height, p.in_width) + "x" + std::to_string(p.in_channels) + " > " +
         by(p.out_height, p.out_width) + "x" + std::to_string(p.out_channels) + ", " +
         by(p.kernel_h, p.kernel_w) + " stride " + by(p.stride_h, p.stride_w) + " pad " +
         std::to_string(p.pad_top) + "," + std::to_string(p.pad_left) + " dilation " +
         by(p.dilation_h, p.dilation_w) + " groups " + std::to_string(p.groups) + ", " +
         std::string(activation_info(p.activation.kind).name);
}

PackedConv ConvTransposeKernel::pack(const ConvTransposeProblem& problem, const float* weights,
                                     const float* bias) const {
  const size_t size = packed_bytes(problem);
  std::shared_ptr<std::byte> bytes = allocate_aligned(size);
  pack_into(problem, weights, bias, reinterpret_cast<float*>(bytes.get()));
  return {std::move(bytes), size};
}

}  // namespace shrike::kernels
