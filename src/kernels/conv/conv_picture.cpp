#include "kernels/conv/conv_picture.h"

#include <cassert>
#include <cstring>

#include "kernels/conv/focus.h"
#include "kernels/conv/stem.h"
#include "kernels/conv/stem_winograd.h"

namespace shrike::kernels {

namespace {

template <const FocusKernel& kKernel>
void run_focus(const ConvProblem& problem, const PackedConv& packed, const Picture& input,
               const MapView& output, ThreadPool& pool, std::span<std::byte> scratch,
               [[maybe_unused]] bool pooled) {
  assert(!pooled);
  focus_run(kKernel, problem, packed, input, output, pool, scratch);
}

#if SHRIKE_KERNELS_AVX2
template <const StemKernel& kStem>
void run_stem(const ConvProblem& problem, const PackedConv& packed, const Picture& input,
              const MapView& output, ThreadPool& pool, std::span<std::byte>, bool pooled) {
  stem_run(kStem, problem, packed, input, output, pool, pooled);
}

template <const StemWinograd& kStem>
void run_stem_winograd(const ConvProblem& problem, const PackedConv& packed, const Picture& input,
                       const MapView& output, ThreadPool& pool, std::span<std::byte> scratch,
                       bool pooled) {
  stem_winograd_run(kStem, problem, packed, input, output, pool, scratch, pooled);
}

#endif

constexpr ConvPictureKernel kConvPictureKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx512_stem_winograd", run_stem_winograd<kStemWinogradAvx512>},
    {"avx512_stem", run_stem<kStemAvx512>},
    {"avx2_stem", run_stem<kStemAvx2>},
    {"avx512_focus", run_focus<kFocusAvx512>},
    {"avx2_focus", run_focus<kFocusAvx2>},
#endif
    {"focus", run_focus<kFocusPlain>},
};

}  // namespace

std::span<const ConvPictureKernel> conv_picture_kernels() { return kConvPictureKernels; }

const ConvPictureKernel* conv_picture_form(const ConvKernel& row) {
  for (const ConvPictureKernel& form : conv_picture_kernels())
    if (std::strcmp(form.row, row.name) == 0) return &form;
  return nullptr;
}

}  // namespace shrike::kernels
