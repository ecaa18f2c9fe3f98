#include <cstring>

#include "kernels/qconv/word_direct.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {

namespace {

constexpr int kRows = 2;
constexpr int kColumns = 8;
constexpr int kPitch = 16;

// Sums of 64 bits need no carries.
void sum_row(const QTile& tile, int r, float* values) {
  int64_t sums[kColumns];
  for (int j = 0; j < kColumns; ++j)
    sums[j] = tile.constants[j] + (int64_t{tile.constants[kColumns + j]} << 16);
  const std::byte* weights = tile.weights;
  for (int64_t s = 0; s < tile.runs; ++s) {
    const std::byte* row = tile.inputs[r] + tile.offsets[s];
    for (int64_t k = 0; k < tile.steps; ++k, row += 4, weights += 4 * kColumns) {
      int16_t step[2], w[2 * kColumns];
      std::memcpy(step, row, sizeof step);
      std::memcpy(w, weights, sizeof w);
      for (int j = 0; j < kColumns; ++j)
        sums[j] += int64_t{step[0] * w[2 * j]} + step[1] * w[2 * j + 1];
    }
  }
  for (int j = 0; j < kColumns; ++j) values[j] = static_cast<float>(sums[j]) * tile.scales[j];
}

void word_tile(const QTile& tile) {
  alignas(64) float values[kRows][kPitch];
  for (int r = 0; r < kRows; ++r) sum_row(tile, r, values[r]);
  finish_words({tile.word_rule, values[0], kRows, kPitch, tile.count, tile.outputs, tile.residual,
                tile.column});
}

QTileFunction function(QOutput, RuleKind, bool, int64_t) { return word_tile; }

void copy(const std::byte* source, int64_t count, int, std::byte* target) {
  std::memcpy(target, source, 2 * static_cast<size_t>(count));
}

void widen(const std::byte* source, int64_t count, int zero, std::byte* target) {
  auto* words = reinterpret_cast<int16_t*>(target);
  for (int64_t i = 0; i < count; ++i)
    words[i] = static_cast<int16_t>(static_cast<int>(source[i]) - zero);
}

}  // namespace

const QTileKernel kWordTilePlain = {kRows, kColumns, 2, 2, function, copy};
const QTileKernel kWordTileOfBytesPlain = {kRows, kColumns, 1, 2, function, widen};

}  // namespace shrike::kernels
