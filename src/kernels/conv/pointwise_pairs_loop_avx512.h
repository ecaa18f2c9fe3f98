// The inner loop of products in pairs where 512 bits are computed in halves: included by its file
// behind activation/vector_avx512.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shrike::kernels {
namespace {

// How many pixels one vector of outputs is computed of at once.
constexpr int kHalvedRows = 10;

// For pixels r, at row + r * step:
//   sums[r] = start[r], then for each k < pairs
//   sums[r] += (row[r][k] + weights[k][0]) * (row[r][k + pairs] + weights[k][1]),
//   sums[r] += row[r][k + 2 * pairs] * weights[k][2]
// rounded after each, and asks for the line at ahead + k * ahead_step. Returns the weights behind
// those.
//
// Two additions and two products take two cycles, and that is nearly all the time this takes: sums
// stay in their registers, and each value is an operand in memory, as registers cannot be read fast
// enough for both kinds of units. The compiler finds no places for ten rows in fifteen registers;
// here three places and multiples of the step make all of them (docs/decisions/047-zen-4.md).
[[gnu::always_inline]] inline const float* sum_ten_pairs(const float* row, int64_t step,
                                                         int64_t pairs, const float* weights,
                                                         const float* start, const std::byte* ahead,
                                                         int64_t ahead_step,
                                                         Vec (&sums)[kHalvedRows][1]) {
// clang-format off
#define SHRIKE_PIXEL(sum, place)                          \
  "vaddps (%[x]" place ")%{1to16%}, %%zmm27, %%zmm30\n\t" \
  "vaddps (%[y]" place ")%{1to16%}, %%zmm28, %%zmm31\n\t" \
  "vfmadd231ps %%zmm30, %%zmm31, %[" sum "]\n\t"          \
  "vfmadd231ps (%[z]" place ")%{1to16%}, %%zmm29, %[" sum "]\n\t"
  // clang-format on
#define SHRIKE_START(sum, place) "vbroadcastss " place "(%[start]), %[" sum "]\n\t"
  const int64_t bytes = step * static_cast<int64_t>(sizeof(float));
  const float *x = row, *y, *z;
  asm volatile(
      SHRIKE_START("s0", "0") SHRIKE_START("s1", "4") SHRIKE_START("s2", "8")
      SHRIKE_START("s3", "12") SHRIKE_START("s4", "16") SHRIKE_START("s5", "20")
      SHRIKE_START("s6", "24") SHRIKE_START("s7", "28") SHRIKE_START("s8", "32")
      SHRIKE_START("s9", "36")
      "lea (%[x],%[pairs],4), %[y]\n\t"
      "lea (%[y],%[pairs],4), %[z]\n\t"
      "test %[pairs], %[pairs]\n\t"
      "jle 2f\n\t"
      ".p2align 5\n"
      "1:\n\t"
      "prefetcht1 (%[ahead])\n\t"
      "add %[ahead_step], %[ahead]\n\t"
      "vmovaps (%[weights]), %%zmm27\n\t"
      "vmovaps 64(%[weights]), %%zmm28\n\t"
      "vmovaps 128(%[weights]), %%zmm29\n\t"
      SHRIKE_PIXEL("s0", "")
      SHRIKE_PIXEL("s1", ",%[step]")
      SHRIKE_PIXEL("s2", ",%[step],2")
      SHRIKE_PIXEL("s3", ",%[step3]")
      SHRIKE_PIXEL("s4", ",%[step],4")
      SHRIKE_PIXEL("s5", ",%[step5]")
      SHRIKE_PIXEL("s6", ",%[step3],2")
      SHRIKE_PIXEL("s7", ",%[step7]")
      SHRIKE_PIXEL("s8", ",%[step],8")
      SHRIKE_PIXEL("s9", ",%[step9]")
      "add $192, %[weights]\n\t"
      "add $4, %[x]\n\t"
      "add $4, %[y]\n\t"
      "add $4, %[z]\n\t"
      "dec %[pairs]\n\t"
      "jg 1b\n"
      "2:"
      : [s0] "=&v"(sums[0][0]), [s1] "=&v"(sums[1][0]), [s2] "=&v"(sums[2][0]),
        [s3] "=&v"(sums[3][0]), [s4] "=&v"(sums[4][0]), [s5] "=&v"(sums[5][0]),
        [s6] "=&v"(sums[6][0]), [s7] "=&v"(sums[7][0]), [s8] "=&v"(sums[8][0]),
        [s9] "=&v"(sums[9][0]), [x] "+&r"(x), [y] "=&r"(y), [z] "=&r"(z), [weights] "+&r"(weights),
        [pairs] "+&r"(pairs), [ahead] "+&r"(ahead)
      : [start] "r"(start), [step] "r"(bytes), [step3] "r"(3 * bytes), [step5] "r"(5 * bytes),
        [step7] "r"(7 * bytes), [step9] "r"(9 * bytes), [ahead_step] "r"(ahead_step)
      : "cc", "memory", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");
#undef SHRIKE_START
#undef SHRIKE_PIXEL
  return weights;
}

}  // namespace
}  // namespace shrike::kernels
