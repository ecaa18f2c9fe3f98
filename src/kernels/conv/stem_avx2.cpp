#include "kernels/activation/vector_avx2.h"
#include "kernels/conv/stem_form.h"

namespace shrike::kernels {

const StemKernel kStemAvx2 = {6, 2 * kLanes, stem_function<6, 2>};

}  // namespace shrike::kernels
