#include <algorithm>
#include <cstring>

#include "kernels/qconv/tile.h"

namespace shrike::kernels {

namespace {

constexpr int kRows = 4;
constexpr int kColumns = 8;

// Four int32, by the extension of tile/vector_plain.h.
using Ints [[gnu::vector_size(16)]] = int32_t;
using Words [[gnu::vector_size(16)]] = int16_t;

using Unsigned [[gnu::vector_size(16)]] = uint32_t;  // what wraps

#if defined(__SSE2__)
inline Unsigned multiply_add(Unsigned sums, Words step, Words weights) {
  return sums + reinterpret_cast<Unsigned>(__builtin_ia32_pmaddwd128(step, weights));
}
#else
inline Unsigned multiply_add(Unsigned sums, Words step, Words weights) {
  for (int i = 0; i < 4; ++i)
    sums[i] +=
        static_cast<uint32_t>(step[2 * i] * weights[2 * i] + step[2 * i + 1] * weights[2 * i + 1]);
  return sums;
}
#endif

template <typename Vector>
Vector load(const void* source) {
  Vector result;
  std::memcpy(&result, source, sizeof result);
  return result;
}

// One row: its sums and the step's two words in every place fit 16 registers.
void sum_row(const QTile& tile, int r, int32_t* target) {
  constexpr int kVectors = kColumns / 4;
  Unsigned sums[kVectors];
  for (int v = 0; v < kVectors; ++v)
    sums[v] = load<Unsigned>(tile.constants + 4 * v);
  const std::byte* weights = tile.weights;
  for (int64_t s = 0; s < tile.runs; ++s) {
    const std::byte* row = tile.inputs[r] + tile.offsets[s];
    for (int64_t k = 0; k < tile.steps; ++k, row += 4, weights += 4 * kColumns) {
      int32_t pair;
      std::memcpy(&pair, row, sizeof pair);
      const Ints pairs{pair, pair, pair, pair};
      const auto step = reinterpret_cast<Words>(pairs);
      for (int v = 0; v < kVectors; ++v)
        sums[v] = multiply_add(sums[v], step, load<Words>(weights + 16 * v));
    }
  }
  std::memcpy(target, sums, sizeof sums);
}

template <bool kAdd>
void byte_tile(const QTile& tile) {
  for (int r = 0; r < kRows; ++r) {
    int32_t sums[kColumns];
    sum_row(tile, r, sums);
    auto* target = reinterpret_cast<uint8_t*>(tile.outputs[r]) + tile.column;
    for (int64_t j = 0; j < tile.count; ++j)
      target[j] =
          output_byte(*tile.rule, sums[j], tile.scales[j], kAdd,
                      kAdd ? static_cast<uint8_t>(tile.residual[r][tile.column + j]) : uint8_t{0});
  }
}

void float_tile(const QTile& tile) {
  for (int r = 0; r < kRows; ++r) {
    int32_t sums[kColumns];
    sum_row(tile, r, sums);
    auto* target = reinterpret_cast<float*>(tile.outputs[r]) + tile.column;
    for (int64_t j = 0; j < tile.count; ++j)
      target[j] = output_float(*tile.rule, sums[j], tile.scales[j]);
  }
}

QTileFunction function(QOutput output, RuleKind, bool add, int64_t) {
  if (output == QOutput::kFloats) return float_tile;
  return add ? byte_tile<true> : byte_tile<false>;
}

void widen(const std::byte* source, int64_t count, int zero, std::byte* target) {
  auto* words = reinterpret_cast<int16_t*>(target);
  for (int64_t i = 0; i < count; ++i)
    words[i] = static_cast<int16_t>(static_cast<int>(source[i]) - zero);
}

}  // namespace

const QTileKernel kQTilePlain = {kRows, kColumns, 1, 2, function, widen};

}  // namespace shrike::kernels
