#include "kernels/conv/conv_picture.h"

#include <cassert>
#include <cstring>

#include "kernels/conv/stem.h"
#include "kernels/conv/stem_winograd.h"

namespace shrike::kernels {

namespace {

#if SHRIKE_KERNELS_AVX2
template <const StemKernel& kStem>
void run_stem(const ConvProblem& problem, const PackedConv& packed, const Picture& input,
              const MapView& output, ThreadPool& pool, std::span<std::byte> scratch,
              [[maybe_unused]] bool pooled) {
  assert(!pooled);
  stem_run(kStem, problem, packed, input, output, pool, scratch);
}

template <const StemWinograd& kStem>
void run_stem_winograd(const ConvProblem& problem, const PackedConv& packed, const Picture& input,
                       const MapView& output, ThreadPool& pool, std::span<std::byte> scratch,
                       bool pooled) {
  stem_winograd_run(kStem, problem, packed, input, output, pool, scratch, pooled);
}

constexpr ConvPictureKernel kConvPictureKernels[] = {
    {"avx512_stem_winograd", run_stem_winograd<kStemWinogradAvx512>},
    {"avx512_stem", run_stem<kStemAvx512>},
    {"avx2_stem", run_stem<kStemAvx2>},
};
#endif

}  // namespace

std::span<const ConvPictureKernel> conv_picture_kernels() {
#if SHRIKE_KERNELS_AVX2
  return kConvPictureKernels;
#else
  return {};
#endif
}

const ConvPictureKernel* conv_picture_form(const ConvKernel& row) {
  for (const ConvPictureKernel& form : conv_picture_kernels())
    if (std::strcmp(form.row, row.name) == 0) return &form;
  return nullptr;
}

}  // namespace shrike::kernels
