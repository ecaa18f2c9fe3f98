// Philox 4x32-10: random bits as a function of a counter and a key, without any state.
//
// J. Salmon, M. Moraes, R. Dror, D. Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011).
// The same as Random123's philox4x32 with 10 rounds, checked against its known answers.
#pragma once

#include <array>
#include <cstdint>

namespace shrike {

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace shrike
