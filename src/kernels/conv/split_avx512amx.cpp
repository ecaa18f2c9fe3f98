#include <algorithm>
#include <cassert>
#include <iterator>

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

// The compiler's intrinsics want a tile's number as a literal. None of these tells it what memory
// is read or written: forget_memory() does.
template <int kTile>
[[gnu::always_inline]] inline void load_tile(const void* rows, int64_t row_bytes) {
  asm volatile("tileloadd\t(%0,%1,1), %%tmm%c2" ::"r"(rows), "r"(row_bytes), "i"(kTile));
}
template <int kTile>
[[gnu::always_inline]] inline void store_tile(void* rows, int64_t row_bytes) {
  asm volatile("tilestored\t%%tmm%c2, (%0,%1,1)" ::"r"(rows), "r"(row_bytes), "i"(kTile));
}
template <int kTile>
[[gnu::always_inline]] inline void clear_tile() {
  asm volatile("tilezero\t%%tmm%c0" ::"i"(kTile));
}
template <int kSum, int kPixels, int kOutputs>
[[gnu::always_inline]] inline void multiply_tiles() {
  asm volatile("tdpbf16ps\t%%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSum), "i"(kPixels), "i"(kOutputs));
}
[[gnu::always_inline]] inline void forget_memory() { asm volatile("" ::: "memory"); }

// What is multiplied in turn, in an order in which one operand stays from one product to the next;
// the largest last.
constexpr int kPixelParts[] = {0, 0, 1, 1, 2, 0}, kOutputParts[] = {2, 1, 1, 0, 0, 0};
constexpr int product_count(int parts) { return parts == 1 ? 1 : 6; }
constexpr int pixel_part(int parts, int product) { return parts == 1 ? 0 : kPixelParts[product]; }
constexpr int output_part(int parts, int product) { return parts == 1 ? 0 : kOutputParts[product]; }

// Where the numbers of a step lie.
struct StepNumbers {
  const uint16_t* pixels;
  int64_t pixel_stride, part_stride;
  const uint16_t* outputs;
  int64_t weight_tiles;
};

// Products of kPixels tiles of pixels and kOutputs of outputs, whose sums are tiles 0, 1, ..., by
// pixels first. What is multiplied has tiles of its own where there are enough, else one of each
// kind. Tiles are loaded where what they hold is another part than before.
template <int kParts, int kPixels, int kOutputs>
class Products {
 public:
  // One of product_count().
  template <int kProduct>
  [[gnu::always_inline]] static void multiply(const StepNumbers& step) {
    if constexpr (kApart) {
      load_pixels<kProduct, 0, kPixels>(step);
      load_outputs<kProduct, 0, kOutputs>(step);
      multiply_apart<0>();
    } else {
      multiply_rows<kProduct, 0>(step);
    }
  }
  [[gnu::always_inline]] static void start_sums(const float* bias) { start_sum<0>(bias); }
  [[gnu::always_inline]] static void clear_sums() { clear_sum<0>(); }
  // Blocks of 32 outputs, kPixels * 16 rows each.
  [[gnu::always_inline]] static void store_sums(float* sums) { store_sum<0>(sums); }
  // Sums as store_sums() has stored them.
  static void add_sums(float* sums, const float* others) {
    for (int column = 0; column < kOutputs; ++column) {
      const int64_t first = column / 2 * kRows * kSplitColumns + column % 2 * kSplitTile;
      for (int64_t i = first; i < first + kRows * kSplitColumns; i += kSplitColumns)
        store_aligned(sums + i, load_aligned(others + i) + load_aligned(sums + i));
    }
  }

 private:
  static constexpr int kSums = kPixels * kOutputs;
  static constexpr int64_t kRows = kPixels * kSplitTile;
  static constexpr bool kApart = kSums + kPixels + kOutputs <= 8;
  static_assert(kApart || kSums <= 6);

  static constexpr int pixels_tile(int row) { return kApart ? kSums + row : 6; }
  static constexpr int outputs_tile(int column) { return kApart ? kSums + kPixels + column : 7; }
  // Whether the product takes the part that the one before it has left in its tiles.
  static constexpr bool same_pixels(int product) {
    return product > 0 && (kApart || kPixels == 1) &&
           pixel_part(kParts, product) == pixel_part(kParts, product - 1);
  }
  static constexpr bool same_outputs(int product) {
    return product > 0 && (kApart || kOutputs == 1) &&
           output_part(kParts, product) == output_part(kParts, product - 1);
  }

  template <int kProduct, int kRow, int kEnd>
  [[gnu::always_inline]] static void load_pixels(const StepNumbers& step) {
    if constexpr (kRow < kEnd && !same_pixels(kProduct)) {
      load_tile<pixels_tile(kRow)>(step.pixels + pixel_part(kParts, kProduct) * step.part_stride +
                                       kRow * kSplitTile * step.pixel_stride,
                                   step.pixel_stride * 2);
      load_pixels<kProduct, kRow + 1, kEnd>(step);
    }
  }
  template <int kProduct, int kColumn, int kEnd>
  [[gnu::always_inline]] static void load_outputs(const StepNumbers& step) {
    if constexpr (kColumn < kEnd && !same_outputs(kProduct)) {
      constexpr int kPart = output_part(kParts, kProduct);
      load_tile<outputs_tile(kColumn)>(
          step.outputs + (kPart * step.weight_tiles + kColumn) * kSplitTileNumbers, kSplitTile * 4);
      load_outputs<kProduct, kColumn + 1, kEnd>(step);
    }
  }

  template <int kSum>
  [[gnu::always_inline]] static void multiply_apart() {
    if constexpr (kSum < kSums) {
      multiply_tiles<kSum, pixels_tile(kSum / kOutputs), outputs_tile(kSum % kOutputs)>();
      multiply_apart<kSum + 1>();
    }
  }
  template <int kProduct, int kRow>
  [[gnu::always_inline]] static void multiply_rows(const StepNumbers& step) {
    if constexpr (kRow < kPixels) {
      load_pixels<kProduct, kRow, kRow + 1>(step);
      multiply_row<kProduct, kRow, 0>(step);
      multiply_rows<kProduct, kRow + 1>(step);
    }
  }
  // To and fro: what the last row ended with is there.
  template <int kProduct, int kRow, int kIndex>
  [[gnu::always_inline]] static void multiply_row(const StepNumbers& step) {
    if constexpr (kIndex < kOutputs) {
      constexpr int kColumn = kRow % 2 == 0 ? kIndex : kOutputs - 1 - kIndex;
      if constexpr (kRow == 0 || kIndex > 0) load_outputs<kProduct, kColumn, kColumn + 1>(step);
      multiply_tiles<kRow * kOutputs + kColumn, pixels_tile(kRow), outputs_tile(kColumn)>();
      multiply_row<kProduct, kRow, kIndex + 1>(step);
    }
  }
  template <int kSum>
  [[gnu::always_inline]] static void start_sum(const float* bias) {
    if constexpr (kSum < kSums) {
      load_tile<kSum>(bias + kSum % kOutputs * kSplitTile, 0);
      start_sum<kSum + 1>(bias);
    }
  }
  template <int kSum>
  [[gnu::always_inline]] static void clear_sum() {
    if constexpr (kSum < kSums) {
      clear_tile<kSum>();
      clear_sum<kSum + 1>();
    }
  }
  template <int kSum>
  [[gnu::always_inline]] static void store_sum(float* sums) {
    if constexpr (kSum < kSums) {
      constexpr int kRow = kSum / kOutputs * kSplitTile, kColumn = kSum % kOutputs;
      store_tile<kSum>(
          sums + (kColumn / 2 * kRows + kRow) * kSplitColumns + kColumn % 2 * kSplitTile,
          kSplitColumns * sizeof(float));
      store_sum<kSum + 1>(sums);
    }
  }
};

template <int kParts, int kPixels, int kOutputs>
void products_of(const SplitProducts& block) {
  using Block = Products<kParts, kPixels, kOutputs>;
  forget_memory();
  Block::start_sums(block.bias);
  StepNumbers step{nullptr, block.pixel_stride, block.part_stride, block.weights,
                   block.weight_tiles};
  for (int64_t tap = 0; tap < block.tap_count; ++tap) {
    step.pixels = block.inputs + block.taps[tap];
    for (int64_t i = 0; i < block.steps; ++i) {
      Block::template multiply<0>(step);
      if constexpr (kParts > 1) {
        Block::template multiply<1>(step);
        Block::template multiply<2>(step);
        Block::template multiply<3>(step);
        Block::template multiply<4>(step);
        Block::template multiply<5>(step);
      }
      block.beside(block.context);
      step.pixels += block.step_stride;
      step.outputs += kParts * block.weight_tiles * kSplitTileNumbers;
    }
  }
  Block::store_sums(block.sums);
  forget_memory();
}

template <int kParts>
void products(const SplitProducts& block) {
  if (block.pixel_tiles == 2)
    return block.output_tiles == 2 ? products_of<kParts, 2, 2>(block)
                                   : products_of<kParts, 2, 1>(block);
  return block.output_tiles == 2 ? products_of<kParts, 1, 2>(block)
                                 : products_of<kParts, 1, 1>(block);
}

// A step of a run on its way into planes, a share of it beside each product.
template <int kParts, int kPixels>
class NextStep {
 public:
  NextStep(const SplitRun& run, int64_t pixel_stride, int64_t channel, int64_t channels,
           uint16_t* planes, int64_t part_stride)
      : source_(run.pixels + channel),
        stride_(pixel_stride),
        count_(run.count),
        planes_(planes),
        part_stride_(part_stride),
        first_(lane_mask(std::min<int64_t>(kLanes, channels - channel))),
        second_(lane_mask(std::clamp<int64_t>(channels - channel - kLanes, 0, kLanes))) {}

  template <int kProduct>
  [[gnu::always_inline]] void split() const {
    constexpr int kRows = kPixels * kSplitTile, kProducts = product_count(kParts);
    constexpr int kBegin = kRows * kProduct / kProducts, kEnd = kRows * (kProduct + 1) / kProducts;
    const int64_t end = std::min<int64_t>(kEnd, count_);
    for (int64_t i = kBegin; i < end; ++i) {
      const float* pixel = source_ + i * stride_;
      const Vec a = _mm512_maskz_loadu_ps(first_, pixel);
      const Vec b = _mm512_maskz_loadu_ps(second_, pixel + kLanes);
      uint16_t* target = planes_ + i * kSplitDepth;
      if constexpr (kParts == 1) {
        round_step(a, b, target, 0);
      } else {
        split_step(a, b, target, part_stride_);
      }
    }
  }

 private:
  const float* source_;
  int64_t stride_, count_;
  uint16_t* planes_;
  int64_t part_stride_;
  __mmask16 first_, second_;
};

template <int kParts, int kPixels, int kOutputs>
void run_of(const SplitGroupProducts& group) {
  using Block = Products<kParts, kPixels, kOutputs>;
  using Next = NextStep<kParts, split_pixel_tiles(kOutputs)>;
  assert(group.half % kSplitDepth == 0 && group.half < group.channels);
  Block::start_sums(group.bias);
  uint16_t* now = group.planes;
  int64_t ahead = group.step_stride;
  StepNumbers step{now, kSplitDepth, group.part_stride, group.weights, group.weight_tiles};
  for (int64_t channel = 0; channel < group.channels; channel += kSplitDepth) {
    const int64_t behind = channel + kSplitDepth;
    const bool last = behind >= group.channels;
    if (channel > 0 && channel == group.half) {
      Block::store_sums(group.half_sums);
      Block::clear_sums();
    }
    const Next next(last ? group.next : group.run, group.pixel_stride, last ? 0 : behind,
                    group.channels, last ? group.next_planes : now + ahead, group.part_stride);
    forget_memory();
    const auto product = [&]<int kProduct>() __attribute__((always_inline)) {
      Block::template multiply<kProduct>(step);
      next.template split<kProduct>();
    };
    product.template operator()<0>();
    if constexpr (kParts > 1) {
      product.template operator()<1>();
      product.template operator()<2>();
      product.template operator()<3>();
      product.template operator()<4>();
      product.template operator()<5>();
    }
    group.beside(group.context);
    step.pixels = now += ahead;
    if (group.in_turn) ahead = -ahead;
    step.outputs += kParts * group.weight_tiles * kSplitTileNumbers;
  }
  Block::store_sums(group.sums);
  forget_memory();
  if (group.half > 0) Block::add_sums(group.sums, group.half_sums);
}

template <int kParts, int kOutputs>
void group_of(const SplitGroupProducts& group) {
  constexpr int kMost = split_pixel_tiles(kOutputs);
  if (group.pixel_tiles == 1) return run_of<kParts, 1, kOutputs>(group);
  if constexpr (kMost == 4)
    if (group.pixel_tiles == 4) return run_of<kParts, 4, kOutputs>(group);
  assert(kMost >= 2 && group.pixel_tiles == 2);
  if constexpr (kMost >= 2) run_of<kParts, 2, kOutputs>(group);
}

template <int kParts>
void group_products(const SplitGroupProducts& group) {
  static constexpr void (*kBySize[])(const SplitGroupProducts&) = {
      group_of<kParts, 1>, group_of<kParts, 2>, group_of<kParts, 3>,
      group_of<kParts, 4>, group_of<kParts, 5>, group_of<kParts, 6>};
  static_assert(std::size(kBySize) == kSplitGroupTiles);
  kBySize[group.output_tiles - 1](group);
}
}  // namespace

const SplitKernel kSplitAmx = {
    3, &kTileAvx512, split<split_step>, begin, products<3>, group_products<3>, end};
const SplitKernel kBfloat16Amx = {
    1, &kTileAvx512, split<round_step>, begin, products<1>, group_products<1>, end};

}  // namespace shrike::kernels
