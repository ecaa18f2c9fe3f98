#include "kernels/activation/vector_avx512.h"

#include "kernels/winograd/lean_pairs_form.h"

namespace shrike::kernels {

constinit const LeanPairs kLeanPairs5Avx512 = lean_pairs<kToomCook5>(kWinogradPairs5Avx512);
constinit const LeanPairs kWholeLeanPairs5Avx512 =
    lean_pairs<kToomCook5>(kWideWinogradPairs5Avx512);

}  // namespace shrike::kernels
