// IEEE 754 binary16, held as its bits. Conversions round to nearest even and keep NaN and infinity.
#pragma once

#include <cstdint>

namespace shrike {

float half_to_float(uint16_t bits);
uint16_t float_to_half(float value);

}  // namespace shrike
