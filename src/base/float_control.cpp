#include "base/float_control.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shrike {

#if defined(__x86_64__)

namespace {

// MXCSR: what exceptions there were, which is no setting; denormals are zeros as operands, and as
// results.
constexpr uint32_t kHappened = 0x3f, kDenormalsAsZeros = 1u << 6 | 1u << 15;

}  // namespace

uint32_t float_control() { return _mm_getcsr() & ~kHappened; }

void set_float_control(uint32_t control) {
  const uint32_t now = _mm_getcsr();
  if ((now & ~kHappened) != control) _mm_setcsr(control | (now & kHappened));
}

#elif defined(__aarch64__)

namespace {

constexpr uint32_t kDenormalsAsZeros = 1u << 24;  // FPCR's FZ

}  // namespace

uint32_t float_control() {
  uint64_t control = 0;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  return static_cast<uint32_t>(control);
}

void set_float_control(uint32_t control) {
  if (float_control() != control) asm volatile("msr fpcr, %0" : : "r"(uint64_t{control}));
}

#else

namespace {

constexpr uint32_t kDenormalsAsZeros = 0;

}  // namespace

uint32_t float_control() { return 0; }
void set_float_control(uint32_t) {}

#endif

DenormalsAsZeros::DenormalsAsZeros() : before_(float_control()) {
  set_float_control(before_ | kDenormalsAsZeros);
}

DenormalsAsZeros::~DenormalsAsZeros() { set_float_control(before_); }

}  // namespace shrike
