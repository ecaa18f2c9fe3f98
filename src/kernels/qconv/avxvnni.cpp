#include "kernels/qconv/avxvnni.h"

#include "base/avx_vnni.h"

namespace shrike::kernels {

const char* avx_vnni_lacking() { return has_avx_vnni() ? nullptr : "the processor lacks AVX-VNNI"; }

}  // namespace shrike::kernels
