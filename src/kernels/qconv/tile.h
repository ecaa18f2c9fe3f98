// The inner loop of the direct convolution: a tile of `rows` pixels x `columns` output channels,
// summed and turned into outputs.
//
//   acc[r][j] = constants[j] + sum over s < runs, k < 4 * steps / sizeof(element) of
//               inputs[r][offsets[s] + k] * weights[s][k][j]
//   outputs[r][j] = the output rule's of acc[r][j], scales[j] and residual[r][j],  j < count
//
// Elements are bytes where the machine multiplies 4 of them at once into an int32, else int16s, of
// which it multiplies 2: a step is 4 bytes of a pixel with as many weights of each output, weights
// packed [run][step][column][element].
//
// Of words, sums may need more than 32 bits: they are 2^16 * high + low, and low hands its upper half
// to high after every block_steps steps, counted through all runs, which an int32 holds on top of what
// stays. constants[0][j] is what low begins with, constants[1][j] what high does; where block_steps
// is 0 an int32 holds all steps and high is 0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/qconv/output_rule.h"

namespace shrike::kernels {

struct WordRule;

struct QTile {
  const std::byte* const* inputs;  // [rows]
  const int64_t* offsets;          // [runs], bytes from inputs
  int64_t runs;
  int64_t steps;             // of each run, at least 1
  const std::byte* weights;  // aligned to 64 bytes
  const int32_t* constants;  // [columns], aligned to 64 bytes; of words [2][columns], see below
  const float* scales;       // [columns], aligned to 64 bytes
  const OutputRule* rule;
  std::byte* const* outputs;         // [rows], the pixels' first channels: bytes, words or floats
  const std::byte* const* residual;  // [rows], likewise; unread for none
  int64_t column;                    // where the tile's first lies behind them
  int64_t count;                     // columns that exist, from 1
  const WordRule* word_rule = nullptr;  // instead of `rule` where outputs are words
  int64_t block_steps = 0;              // of words
};

using QTileFunction = void (*)(const QTile&);

inline constexpr int kMaxQTileRows = 8;

struct QTileKernel {
  int rows;
  int columns;
  int map_bytes;      // of the inputs' elements in the map
  int element_bytes;  // of those that are multiplied: 1, or 2 for int16s less the input's zero
  // For the problem's output and rule, and `count` columns.
  QTileFunction (*function)(QOutput output, RuleKind kind, bool add, int64_t count);
  // target[i] = source[i] as an element, source being of the map; `zero` is that of the input.
  void (*copy)(const std::byte* source, int64_t count, int zero, std::byte* target);

  int step_elements() const { return 4 / element_bytes; }
};

extern const QTileKernel kQTilePlain;  // any processor
#if SHRIKE_KERNELS_AVX2
extern const QTileKernel kQTileAvx2;        // 6 x 16, pairs of int16
extern const QTileKernel kQTileAvxVnni;     // 6 x 16, fours of bytes
extern const QTileKernel kQTileAvx512;      // 8 x 32, pairs of int16
extern const QTileKernel kQTileAvx512Vnni;  // 8 x 32, fours of bytes
#endif

}  // namespace shrike::kernels
