#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/stem_form.h"

namespace shrike::kernels {

const StemKernel kStemAvx512 = {8, kLanes, stem_function<8, 1>};

}  // namespace shrike::kernels
