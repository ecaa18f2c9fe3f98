#include <cstring>

#include "kernels/qconv/word_direct.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {

namespace {

constexpr int kRows = 2;
constexpr int kColumns = 8;

void sum_row(const QTile& tile, int r, double (&sums)[kColumns]) {
  int64_t wide[kColumns] = {};
  const std::byte* weights = tile.weights;
  for (int64_t s = 0; s < tile.runs; ++s) {
    const std::byte* row = tile.inputs[r] + tile.offsets[s];
    for (int64_t k = 0; k < tile.steps; ++k, row += 4, weights += 4 * kColumns) {
      int16_t step[2], w[2 * kColumns];
      std::memcpy(step, row, sizeof step);
      std::memcpy(w, weights, sizeof w);
      for (int j = 0; j < kColumns; ++j)
        wide[j] += int64_t{step[0] * w[2 * j]} + step[1] * w[2 * j + 1];
    }
  }
  const auto* constants = static_cast<const double*>(tile.constants);
  for (int j = 0; j < kColumns; ++j) sums[j] = constants[j] + static_cast<double>(wide[j]);
}

template <bool kFloats>
void word_tile(const QTile& tile) {
  for (int r = 0; r < kRows; ++r) {
    double sums[kColumns];
    sum_row(tile, r, sums);
    if constexpr (kFloats) {
      finish_floats(*tile.word_rule, sums, tile.scales, tile.count,
                    reinterpret_cast<float*>(tile.outputs[r]) + tile.column);
    } else {
      const auto* residual = tile.word_rule->add
                                 ? reinterpret_cast<const int16_t*>(tile.residual[r]) + tile.column
                                 : nullptr;
      finish_words(*tile.word_rule, sums, tile.scales, residual, tile.count,
                   reinterpret_cast<int16_t*>(tile.outputs[r]) + tile.column);
    }
  }
}

QTileFunction function(QOutput output, RuleKind, bool, int64_t) {
  return output == QOutput::kFloats ? word_tile<true> : word_tile<false>;
}

void copy(const std::byte* source, int64_t count, int, std::byte* target) {
  std::memcpy(target, source, 2 * static_cast<size_t>(count));
}

}  // namespace

const QTileKernel kWordTilePlain = {kRows, kColumns, 2, 2, function, copy};

}  // namespace shrike::kernels
