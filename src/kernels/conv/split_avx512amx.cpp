#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/split.h"

namespace shrike::kernels {

namespace {

inline __m512i bits_of(Vec x) { return _mm512_castps_si512(x); }

// The number of 8 bits of mantissa next to each lane, ties away from zero: as a float.
inline Vec next_of_8_bits(Vec x) {
  const __m512i half = _mm512_set1_epi32(0x8000), mask = _mm512_set1_epi32(-0x10000);
  return _mm512_castsi512_ps(_mm512_and_si512(_mm512_add_epi32(bits_of(x), half), mask));
}

// Of numbers of 8 bits: those of `a` in the low halves, which is what split_place() says. Two
// instructions, where the one for this takes three times as long.
inline void store_both(uint16_t* target, Vec a, Vec b) {
  constexpr int kSecondWhereThird = 0xF8;  // a | (b & mask)
  const __m512i low = _mm512_srli_epi32(bits_of(a), 16), mask = _mm512_set1_epi32(-0x10000);
  _mm512_store_si512(target, _mm512_ternarylogic_epi32(low, bits_of(b), mask, kSecondWhereThird));
}

// What the second rounding leaves are 8 bits, but of what is below 2^-126.
inline void split_step(Vec a, Vec b, uint16_t* target, int64_t part_stride) {
  const Vec high_a = next_of_8_bits(a), high_b = next_of_8_bits(b);
  a = a - high_a, b = b - high_b;
  const Vec middle_a = next_of_8_bits(a), middle_b = next_of_8_bits(b);
  store_both(target, high_a, high_b);
  store_both(target + part_stride, middle_a, middle_b);
  store_both(target + 2 * part_stride, a - middle_a, b - middle_b);
}

// Rounded as the processor does, ties to even.
inline void round_step(Vec a, Vec b, uint16_t* target, int64_t) {
  const __m512i in_turn =
      _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                       21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const auto both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(b, a));
  _mm512_store_si512(target, _mm512_permutexvar_epi16(in_turn, both));
}

template <const auto& kStep>
void split(const SplitPixels& pixels) {
  const int64_t whole = pixels.channels / kSplitDepth, rest = pixels.channels % kSplitDepth;
  const float* source = pixels.source;
  uint16_t* target = pixels.target;
  for (int64_t i = 0; i < pixels.pixels;
       ++i, source += pixels.pixel_stride, target += kSplitDepth) {
    const float* from = source;
    uint16_t* to = target;
    for (int64_t step = 0; step < whole; ++step, from += kSplitDepth, to += pixels.step_stride)
      kStep(load(from), load(from + kLanes), to, pixels.part_stride);
    if (rest == 0) continue;
    const Vec first = load_some(from, rest);
    const Vec second = rest > kLanes ? load_some(from + kLanes, rest - kLanes) : splat(0.0f);
    kStep(first, second, to, pixels.part_stride);
  }
}

// Palette 1: eight tiles of 16 rows of 64 bytes.
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr TileConfig kConfig;

void begin() { _tile_loadconfig(&kConfig); }
void end() { _tile_release(); }

// Tiles 0 to 3 are sums: of pixels 0 and 1 by outputs 0 and 1. 4 and 5 are pixels, 6 and 7 outputs.
template <int kPixelTiles, int kOutputTiles>
[[gnu::always_inline]] inline void multiply() {
  _tile_dpbf16ps(0, 4, 6);
  if constexpr (kOutputTiles == 2) _tile_dpbf16ps(1, 4, 7);
  if constexpr (kPixelTiles == 2) _tile_dpbf16ps(2, 5, 6);
  if constexpr (kPixelTiles == 2 && kOutputTiles == 2) _tile_dpbf16ps(3, 5, 7);
}

template <int kPixelTiles>
[[gnu::always_inline]] inline void load_pixels(const uint16_t* pixels, int64_t stride) {
  _tile_loadd(4, pixels, stride * 2);
  if constexpr (kPixelTiles == 2) _tile_loadd(5, pixels + kSplitTile * stride, stride * 2);
}

template <int kOutputTiles>
[[gnu::always_inline]] inline void load_outputs(const uint16_t* weights, int part) {
  weights += part * kOutputTiles * kSplitTileNumbers;
  _tile_loadd(6, weights, 64);
  if constexpr (kOutputTiles == 2) _tile_loadd(7, weights + kSplitTileNumbers, 64);
}

// In an order in which one operand stays from one product to the next.
template <int kParts, int kPixelTiles, int kOutputTiles>
[[gnu::always_inline]] inline void multiply_step(const uint16_t* pixels, const uint16_t* weights,
                                                 const SplitProducts& block) {
  const uint16_t *high = pixels, *middle = high + block.part_stride,
                 *low = middle + block.part_stride;
  load_pixels<kPixelTiles>(high, block.pixel_stride);
  load_outputs<kOutputTiles>(weights, kParts - 1);
  multiply<kPixelTiles, kOutputTiles>();
  if constexpr (kParts == 1) return;
  load_outputs<kOutputTiles>(weights, 1);
  multiply<kPixelTiles, kOutputTiles>();
  load_pixels<kPixelTiles>(middle, block.pixel_stride);
  multiply<kPixelTiles, kOutputTiles>();
  load_outputs<kOutputTiles>(weights, 0);
  multiply<kPixelTiles, kOutputTiles>();
  load_pixels<kPixelTiles>(low, block.pixel_stride);
  multiply<kPixelTiles, kOutputTiles>();
  load_pixels<kPixelTiles>(high, block.pixel_stride);  // the largest last
  multiply<kPixelTiles, kOutputTiles>();
}

// The intrinsics tell the compiler nothing of the memory that tiles come from and go to: what is
// read lies there when a function of another file calls this, and what is written is read there.
template <int kParts, int kPixelTiles, int kOutputTiles>
void products_of(const SplitProducts& block) {
  constexpr int64_t kStepNumbers = kParts * kOutputTiles * kSplitTileNumbers;
  constexpr int64_t kSumBytes = kSplitColumns * sizeof(float);
  asm volatile("" ::: "memory");
  _tile_loadd(0, block.bias, 0);
  if constexpr (kOutputTiles == 2) _tile_loadd(1, block.bias + kLanes, 0);
  if constexpr (kPixelTiles == 2) _tile_loadd(2, block.bias, 0);
  if constexpr (kPixelTiles == 2 && kOutputTiles == 2) _tile_loadd(3, block.bias + kLanes, 0);
  const uint16_t* weights = block.weights;
  for (int64_t tap = 0; tap < block.tap_count; ++tap) {
    const uint16_t* pixels = block.inputs + block.taps[tap];
    for (int64_t step = 0; step < block.steps; ++step) {
      multiply_step<kParts, kPixelTiles, kOutputTiles>(pixels, weights, block);
      block.beside(block.context);
      pixels += block.step_stride;
      weights += kStepNumbers;
    }
  }
  float* next = block.sums + kSplitTile * kSplitColumns;
  _tile_stored(0, block.sums, kSumBytes);
  if constexpr (kOutputTiles == 2) _tile_stored(1, block.sums + kLanes, kSumBytes);
  if constexpr (kPixelTiles == 2) _tile_stored(2, next, kSumBytes);
  if constexpr (kPixelTiles == 2 && kOutputTiles == 2) _tile_stored(3, next + kLanes, kSumBytes);
  asm volatile("" ::: "memory");
}

template <int kParts>
void products(const SplitProducts& block) {
  if (block.pixel_tiles == 2)
    return block.output_tiles == 2 ? products_of<kParts, 2, 2>(block)
                                   : products_of<kParts, 2, 1>(block);
  return block.output_tiles == 2 ? products_of<kParts, 1, 2>(block)
                                 : products_of<kParts, 1, 1>(block);
}

}  // namespace

const SplitKernel kSplitAmx = {3, &kTileAvx512, split<split_step>, begin, products<3>, end};
const SplitKernel kBfloat16Amx = {1, &kTileAvx512, split<round_step>, begin, products<1>, end};

}  // namespace shrike::kernels
