// From an exact sum to a word, the same bits everywhere: in floats, each operation rounded by
// itself, halves to even.
//
//   v = float(acc) * scale[o],  scale[o] = in_scale * weight_scales[o]
//   a = act(v), made of the operations of activation/alike.h
//   t = a * inverse + ratio * (residual - residual_zero)
//       inverse = 1 / out_scale, ratio = residual_scale / out_scale
//   out = round(max(-32768 - out_zero, min(32767 - out_zero, t))) + out_zero
// Floats as output are a. float(acc) is acc rounded once, of whatever an exact sum is made.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/qconv/word_conv.h"

namespace shrike::kernels {

struct WordRule {
  Activation activation;
  bool floats = false, add = false;
  float inverse = 1, ratio = 0;
  int out_zero = 0, residual_zero = 0;
};

// Requires a problem that word_conv_unsupported() has nothing against.
WordRule make_word_rule(const WordConvProblem& problem);

// Some pixels' outputs from v:
//   outputs[r][column + j] = the rule's of values[r][j] and residual[r][column + j],  j < count
struct WordFinish {
  const WordRule* rule;
  const float* values;  // [rows][pitch], aligned to 64 bytes; any finite number behind `count`
  int64_t rows, pitch;  // pitch: a multiple of 16
  int64_t count;
  std::byte* const* outputs;         // [rows], words or floats
  const std::byte* const* residual;  // [rows], words; unread for none
  int64_t column;
};

using WordFinishFunction = void (*)(const WordFinish&);

void finish_words(const WordFinish& finish);
#if SHRIKE_KERNELS_AVX2
void finish_words_avx2(const WordFinish& finish);
void finish_words_avx512(const WordFinish& finish);
#endif

}  // namespace shrike::kernels
