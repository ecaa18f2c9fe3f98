// How the calling thread rounds, and what it does with denormal numbers: those too small for a
// whole mantissa, below 1.2e-38 in float. Many processors need some hundred times as long for an
// instruction that meets one. ThreadPool hands the caller's settings to its workers.
#pragma once

#include <cstdint>

namespace shrike {

// The settings of this thread, of no meaning but to set_float_control() on the same machine.
uint32_t float_control();
void set_float_control(uint32_t control);

// Takes denormal numbers for zeros, and writes zeros for them, until it goes: in this thread, and
// in the loops that it gives to a ThreadPool. Nothing on processors where that is not known.
class DenormalsAsZeros {
 public:
  DenormalsAsZeros();
  DenormalsAsZeros(const DenormalsAsZeros&) = delete;
  DenormalsAsZeros& operator=(const DenormalsAsZeros&) = delete;
  ~DenormalsAsZeros();

 private:
  uint32_t before_;
};

}  // namespace shrike
