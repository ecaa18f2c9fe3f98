// Strips of tiles of ten pixels by one vector of outputs, where 512 bits are computed in halves, in
// assembly: included by its file behind activation/vector_avx512.h.
//
// Two additions and two products of a pair (pointwise_pairs.h) take two cycles there, if sums stay
// in their registers and each value is an operand in memory, as registers cannot be read fast
// enough for both kinds of units. The compiler finds no places for ten pixels in fifteen registers;
// here three places and multiples of the step make all of them (docs/decisions/047-zen-4.md). And
// between tiles it takes time for the places of the next one, in which vector units have nothing to
// do: 20 cycles of 260 where there are 32 channels (docs/decisions/050-strips-in-assembly.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace shrike::kernels {
namespace {

// How many pixels are computed at once.
constexpr int kTilePixels = 10;

// What follows a sum and its bias: nothing, max(s, alpha * s) or what a map adds.
enum class TileEnd : uint8_t { kNothing, kLeakyRelu, kResidual };

// Tiles that lie one behind the other. The functions below move `input`, `output`, of pairs `start`
// and `ahead`, and of TileEnd::kResidual `residual` to what is behind the tiles, and count these down
// to 0; those of one tile move `input` and, of pairs, `start` alone. Distances and steps are in bytes.
struct PointwiseTiles {
  int64_t count;  // 1 or more where they are run
  const float* input;
  int64_t input_step;
  const float *weights, *bias;
  // Of single products the channels. Of pairs channels k, k + pair_distance and, single,
  // k + 2 * pair_distance in each turn, and behind those a single one (rest is 1), a pair (-1) or
  // nothing.
  int64_t turns;
  int64_t rest = 0, pair_distance = 0;
  float* output;
  int64_t output_step;
  const float* residual = nullptr;
  int64_t residual_step = 0;
  float alpha = 0;
  float scale = 1;                   // of pairs: what sums are multiplied by in the end,
  const float* start = nullptr;      // what each pixel's begin at,
  const std::byte* ahead = nullptr;  // and what is asked for in each turn
  int64_t ahead_step = 0;
};

// clang-format off
// of(vector, spread, pixel, place, 4 * pixel) for all pixels; place: index and scale, which added to
// the first one's register address a pixel.
#define SHRIKE_TEN(of, vector, spread)            \
  of(vector, spread, "0", "", "0")                \
  of(vector, spread, "1", ",%[step]", "4")        \
  of(vector, spread, "2", ",%[step],2", "8")      \
  of(vector, spread, "3", ",%[step3]", "12")      \
  of(vector, spread, "4", ",%[step],4", "16")     \
  of(vector, spread, "5", ",%[step5]", "20")      \
  of(vector, spread, "6", ",%[step3],2", "24")    \
  of(vector, spread, "7", ",%[step7]", "28")      \
  of(vector, spread, "8", ",%[step],8", "32")     \
  of(vector, spread, "9", ",%[step9]", "36")

// Sums are in vectors 0 to 9; of pairs those of single channels in 10 to 19, since shorter sums round
// less. Products: weights are in 27 to 29, channels at x, y and z.
#define SHRIKE_CLEAR(vector, spread, pixel, place, offset) \
  "vpxor %%xmm" pixel ", %%xmm" pixel ", %%xmm" pixel "\n\t"
#define SHRIKE_SINGLE(vector, spread, pixel, place, offset) \
  "vfmadd231ps (%[z]" place ")" spread ", %%" vector "29, %%" vector pixel "\n\t"
#define SHRIKE_START(vector, spread, pixel, place, offset)   \
  "vbroadcastss " offset "(%[x]), %%" vector pixel "\n\t"    \
  "vpxord %%" vector "1" pixel ", %%" vector "1" pixel ", %%" vector "1" pixel "\n\t"
#define SHRIKE_PAIR(vector, spread, pixel, place, offset)                     \
  "vaddps (%[x]" place ")" spread ", %%" vector "27, %%" vector "30\n\t" \
  "vaddps (%[y]" place ")" spread ", %%" vector "28, %%" vector "31\n\t" \
  "vfmadd231ps %%" vector "30, %%" vector "31, %%" vector pixel "\n\t"
#define SHRIKE_BESIDE(vector, spread, pixel, place, offset) \
  SHRIKE_SINGLE(vector, spread, "1" pixel, place, offset)
#define SHRIKE_BOTH(vector, spread, pixel, place, offset) \
  SHRIKE_PAIR(vector, spread, pixel, place, offset)       \
  SHRIKE_BESIDE(vector, spread, pixel, place, offset)
#define SHRIKE_JOIN(vector, spread, pixel, place, offset) \
  "vaddps %%" vector "1" pixel ", %%" vector pixel ", %%" vector pixel "\n\t"

// Ends: the bias is in 24, the scale in 25, alpha in 26; the output is at x, its step in w, what is
// added at y, its step in z.
#define SHRIKE_BIAS(vector, pixel) "vaddps %%" vector "24, %%" vector pixel ", %%" vector pixel "\n\t"
#define SHRIKE_SCALE(vector, pixel) \
  "vfmadd213ps %%" vector "24, %%" vector "25, %%" vector pixel "\n\t"
#define SHRIKE_LEAKY(vector, pixel)                           \
  "vmulps %%" vector pixel ", %%" vector "26, %%" vector "30\n\t" \
  "vmaxps %%" vector pixel ", %%" vector "30, %%" vector pixel "\n\t"
#define SHRIKE_RESIDUAL(vector, pixel)                        \
  "vaddps (%[y]), %%" vector pixel ", %%" vector pixel "\n\t" \
  "add %[z], %[y]\n\t"
#define SHRIKE_STORE(vector, pixel)        \
  "vmovups %%" vector pixel ", (%[x])\n\t" \
  "add %[w], %[x]\n\t"
#define SHRIKE_END_SINGLE(vector, spread, pixel, place, offset) \
  SHRIKE_BIAS(vector, pixel) SHRIKE_STORE(vector, pixel)
#define SHRIKE_END_SINGLE_LEAKY(vector, spread, pixel, place, offset) \
  SHRIKE_BIAS(vector, pixel) SHRIKE_LEAKY(vector, pixel) SHRIKE_STORE(vector, pixel)
#define SHRIKE_END_SINGLE_RESIDUAL(vector, spread, pixel, place, offset) \
  SHRIKE_BIAS(vector, pixel) SHRIKE_RESIDUAL(vector, pixel) SHRIKE_STORE(vector, pixel)
#define SHRIKE_END_PAIR(vector, spread, pixel, place, offset) \
  SHRIKE_SCALE(vector, pixel) SHRIKE_STORE(vector, pixel)
#define SHRIKE_END_PAIR_LEAKY(vector, spread, pixel, place, offset) \
  SHRIKE_SCALE(vector, pixel) SHRIKE_LEAKY(vector, pixel) SHRIKE_STORE(vector, pixel)
#define SHRIKE_END_PAIR_RESIDUAL(vector, spread, pixel, place, offset) \
  SHRIKE_SCALE(vector, pixel) SHRIKE_RESIDUAL(vector, pixel) SHRIKE_STORE(vector, pixel)

#define SHRIKE_FIELD(name) "%c[" #name "](%[tiles])"

#define SHRIKE_CONSTANTS(vector)                            \
  "mov " SHRIKE_FIELD(bias) ", %[x]\n\t"                    \
  "vmovups (%[x]), %%" vector "24\n\t"                      \
  "vbroadcastss " SHRIKE_FIELD(scale) ", %%" vector "25\n\t" \
  "vbroadcastss " SHRIKE_FIELD(alpha) ", %%" vector "26\n\t"
// Of the next tile, whose input is at `first`.
#define SHRIKE_BEGIN(first)                        \
  "mov " SHRIKE_FIELD(input) ", %[" first "]\n\t"  \
  "lea (%[" first "],%[step9]), %[w]\n\t"          \
  "add %[step], %[w]\n\t"                          \
  "mov %[w], " SHRIKE_FIELD(input) "\n\t"          \
  "mov " SHRIKE_FIELD(weights) ", %[w]\n\t"        \
  "mov " SHRIKE_FIELD(turns) ", %[turn]\n\t"
#define SHRIKE_END(of, vector, spread)              \
  "mov " SHRIKE_FIELD(output) ", %[x]\n\t"          \
  "mov " SHRIKE_FIELD(output_step) ", %[w]\n\t"     \
  "mov " SHRIKE_FIELD(residual) ", %[y]\n\t"        \
  "mov " SHRIKE_FIELD(residual_step) ", %[z]\n\t"   \
  SHRIKE_TEN(of, vector, spread)                    \
  "mov %[x], " SHRIKE_FIELD(output) "\n\t"          \
  "mov %[y], " SHRIKE_FIELD(residual) "\n\t"        \
  "decq " SHRIKE_FIELD(count) "\n\t"

// A tile's products. bytes: of a vector.
#define SHRIKE_SINGLES(vector, spread, bytes)      \
  SHRIKE_BEGIN("z")                                \
  SHRIKE_TEN(SHRIKE_CLEAR, vector, spread)         \
  ".p2align 5\n"                                   \
  "2:\n\t"                                         \
  "vmovaps (%[w]), %%" vector "29\n\t"             \
  "add $" bytes ", %[w]\n\t"                       \
  SHRIKE_TEN(SHRIKE_SINGLE, vector, spread)        \
  "add $4, %[z]\n\t"                               \
  "dec %[turn]\n\t"                                \
  "jg 2b\n\t"

#define SHRIKE_PAIRS(vector, spread, bytes)          \
  "mov " SHRIKE_FIELD(start) ", %[x]\n\t"            \
  SHRIKE_TEN(SHRIKE_START, vector, spread)           \
  "add $40, %[x]\n\t"                                \
  "mov %[x], " SHRIKE_FIELD(start) "\n\t"            \
  SHRIKE_BEGIN("x")                                  \
  "mov " SHRIKE_FIELD(pair_distance) ", %[z]\n\t"    \
  "lea (%[x],%[z]), %[y]\n\t"                        \
  "add %[y], %[z]\n\t"                               \
  "test %[turn], %[turn]\n\t"                        \
  "jle 3f\n\t"                                       \
  ".p2align 5\n"                                     \
  "2:\n\t"                                           \
  "prefetcht1 (%[ahead_at])\n\t"                     \
  "add %[ahead_step], %[ahead_at]\n\t"               \
  "vmovaps (%[w]), %%" vector "27\n\t"               \
  "vmovaps " bytes "(%[w]), %%" vector "28\n\t"      \
  "vmovaps 2*" bytes "(%[w]), %%" vector "29\n\t"    \
  "add $3*" bytes ", %[w]\n\t"                       \
  SHRIKE_TEN(SHRIKE_BOTH, vector, spread)            \
  "add $4, %[x]\n\t"                                 \
  "add $4, %[y]\n\t"                                 \
  "add $4, %[z]\n\t"                                 \
  "dec %[turn]\n\t"                                  \
  "jg 2b\n"                                          \
  "3:\n\t"                                           \
  "cmpq $0, " SHRIKE_FIELD(rest) "\n\t"              \
  "je 5f\n\t"                                        \
  "jl 4f\n\t"                                        \
  "vmovaps (%[w]), %%" vector "29\n\t"               \
  SHRIKE_TEN(SHRIKE_BESIDE, vector, spread)          \
  "jmp 5f\n"                                         \
  "4:\n\t"                                           \
  "vmovaps (%[w]), %%" vector "27\n\t"               \
  "vmovaps " bytes "(%[w]), %%" vector "28\n\t"      \
  SHRIKE_TEN(SHRIKE_PAIR, vector, spread)            \
  "5:\n\t"                                           \
  SHRIKE_TEN(SHRIKE_JOIN, vector, spread)

// Tiles with what ends them.
#define SHRIKE_LOOP(products, end, vector, spread, bytes)   \
  SHRIKE_CONSTANTS(vector)                                  \
  "mov " SHRIKE_FIELD(ahead) ", %[ahead_at]\n"              \
  "1:\n\t"                                                  \
  products(vector, spread, bytes)                           \
  SHRIKE_END(end, vector, spread)                           \
  "jg 1b\n\t"                                               \
  "mov %[ahead_at], " SHRIKE_FIELD(ahead)

#define SHRIKE_OFFSET(name) [name] "i"(offsetof(PointwiseTiles, name))
// Operands, of which GCC takes no more than 30: of products, and of ends beside them.
#define SHRIKE_PLACES                                                                            \
  [x] "=&r"(x), [y] "=&r"(y), [z] "=&r"(z), [w] "=&r"(w), [turn] "=&r"(turn),                  \
      [ahead_at] "=&r"(ahead_at)
#define SHRIKE_INPUTS                                                                            \
  [tiles] "r"(&tiles), [step] "r"(step), [step3] "r"(3 * step), [step5] "r"(5 * step),         \
      [step7] "r"(7 * step), [step9] "r"(9 * step), [ahead_step] "r"(tiles.ahead_step),        \
      SHRIKE_OFFSET(input), SHRIKE_OFFSET(weights), SHRIKE_OFFSET(turns), SHRIKE_OFFSET(rest), \
      SHRIKE_OFFSET(pair_distance), SHRIKE_OFFSET(start), SHRIKE_OFFSET(ahead)
#define SHRIKE_END_INPUTS                                                                        \
  SHRIKE_OFFSET(count), SHRIKE_OFFSET(bias), SHRIKE_OFFSET(output), SHRIKE_OFFSET(output_step), \
      SHRIKE_OFFSET(residual), SHRIKE_OFFSET(residual_step), SHRIKE_OFFSET(alpha),             \
      SHRIKE_OFFSET(scale)
#define SHRIKE_PRODUCTS_CLOBBER                                                                 \
  "cc", "memory", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17",      \
      "xmm18", "xmm19", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31"

// A function of each end: kernels choose one by what follows their sums.
#define SHRIKE_TILES(function, products, end, vector, spread, bytes)                       \
  template <TileEnd kEnd>                                                                  \
  void function(PointwiseTiles& tiles) {                                                   \
    const int64_t step = tiles.input_step;                                                 \
    int64_t x, y, z, w, turn, ahead_at;                                                    \
    if constexpr (kEnd == TileEnd::kNothing) {                                             \
      SHRIKE_RUN(SHRIKE_LOOP(products, end, vector, spread, bytes));                       \
    } else if constexpr (kEnd == TileEnd::kLeakyRelu) {                                    \
      SHRIKE_RUN(SHRIKE_LOOP(products, end##_LEAKY, vector, spread, bytes));               \
    } else {                                                                               \
      SHRIKE_RUN(SHRIKE_LOOP(products, end##_RESIDUAL, vector, spread, bytes));            \
    }                                                                                      \
    _mm256_zeroupper(); /* the compiler does not see that there is a need */               \
  }
#define SHRIKE_RUN(code)                                                                        \
  asm volatile(code                                                                             \
               : SHRIKE_PLACES                                                                  \
               : SHRIKE_INPUTS, SHRIKE_END_INPUTS                                               \
               : SHRIKE_PRODUCTS_CLOBBER, "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",       \
                 "xmm6", "xmm7", "xmm8", "xmm9", "xmm24", "xmm25", "xmm26")

// The products of one tile, which the caller ends.
#define SHRIKE_TILE(function, products, vector, spread, bytes)                                   \
  [[gnu::always_inline]] inline void function(PointwiseTiles& tiles, Vec(&sums)[kTilePixels][1]) \
  {                                                                                              \
    const int64_t step = tiles.input_step;                                                       \
    int64_t x, y, z, w, turn, ahead_at;                                                          \
    register Vec s0 asm("zmm0"), s1 asm("zmm1"), s2 asm("zmm2"), s3 asm("zmm3"),                 \
        s4 asm("zmm4"), s5 asm("zmm5"), s6 asm("zmm6"), s7 asm("zmm7"), s8 asm("zmm8"),          \
        s9 asm("zmm9");                                                                          \
    asm volatile("mov " SHRIKE_FIELD(ahead) ", %[ahead_at]\n\t" products(vector, spread, bytes)  \
                 : "=v"(s0), "=v"(s1), "=v"(s2), "=v"(s3), "=v"(s4), "=v"(s5), "=v"(s6),         \
                   "=v"(s7), "=v"(s8), "=v"(s9), SHRIKE_PLACES                                   \
                 : SHRIKE_INPUTS                                                                 \
                 : SHRIKE_PRODUCTS_CLOBBER);                                                     \
    const Vec all[] = {s0, s1, s2, s3, s4, s5, s6, s7, s8, s9};                                  \
    for (int r = 0; r < kTilePixels; ++r) sums[r][0] = all[r];                                   \
  }
// clang-format on

// Single products of 16 outputs; the same of 8; products in pairs.
SHRIKE_TILES(single_tiles, SHRIKE_SINGLES, SHRIKE_END_SINGLE, "zmm", "%{1to16%}", "64")
SHRIKE_TILES(narrow_tiles, SHRIKE_SINGLES, SHRIKE_END_SINGLE, "ymm", "%{1to8%}", "32")
SHRIKE_TILES(pair_tiles, SHRIKE_PAIRS, SHRIKE_END_PAIR, "zmm", "%{1to16%}", "64")
SHRIKE_TILE(single_tile, SHRIKE_SINGLES, "zmm", "%{1to16%}", "64")
SHRIKE_TILE(pair_tile, SHRIKE_PAIRS, "zmm", "%{1to16%}", "64")

}  // namespace
}  // namespace shrike::kernels
