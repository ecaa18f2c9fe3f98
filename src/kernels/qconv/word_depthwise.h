// Depthwise convolution of words, or of bytes into words: as many groups as input and output
// channels.
//
// Outputs of a row are taken as one run of words, pixel after pixel, as in depthwise.h: output word
// p is made of the words at p + offset of each tap. Two taps' words are interleaved, the pair that
// the machine multiplies at once. In a band channels are filled up to a multiple of 8. What belongs
// to a channel repeats after `patterns` vectors; weights are packed
//   [pattern][pair of taps][place of a vector][2], places as pairs come out of interleaving
// and scales and constants in the order of the words.
#pragma once

#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {

// acc[p] = constants of p + sum over g < pairs, e < 2 of
//          band[offsets[2 g + e] + p] * weights[g][p][e]
// summed as tile.h has it of words. Word p belongs to channel p % channel_pitch of pixel
// p / channel_pitch; what is in band, pixel by pixel, must be readable for one vector more.
struct WordDepthwiseRow {
  const int16_t* band;
  const int64_t* offsets;  // [2 * pairs]
  int64_t pairs;
  int64_t patterns;
  const int16_t* weights;      // [patterns][pairs][vector][2], aligned to 64 bytes
  const int32_t* constants;    // [patterns][low, high][vector]
  const float* scales;         // [patterns][vector]
  const int64_t* block_steps;  // [patterns]
  const WordRule* rule;
  std::byte* output;
  int64_t output_pixel;  // stride, in bytes
  const std::byte* residual;
  int64_t residual_pixel;
  int64_t pixels;
  int64_t channels, channel_pitch;
};

inline constexpr int kMaxVectorWords = 32;

struct WordDepthwiseKernel {
  int vector_words;  // outputs computed at once
  // Where the pair of word i of a vector lies.
  int (*place)(int i);
  void (*row)(const WordDepthwiseRow&);
};

extern const WordDepthwiseKernel kWordDepthwisePlain;
#if SHRIKE_KERNELS_AVX2
extern const WordDepthwiseKernel kWordDepthwiseAvx2;
extern const WordDepthwiseKernel kWordDepthwiseAvxVnni;
extern const WordDepthwiseKernel kWordDepthwiseAvx512;
extern const WordDepthwiseKernel kWordDepthwiseAvx512Vnni;
#endif

const char* word_depthwise_refuse(const WordConvProblem& problem);
void word_depthwise_pack(const WordDepthwiseKernel& kernel, const WordConvProblem& problem,
                         const WordConvWeights& weights, std::byte* packed);
size_t word_depthwise_packed_bytes(const WordDepthwiseKernel& kernel,
                                   const WordConvProblem& problem);
size_t word_depthwise_scratch_bytes(const WordConvProblem& problem, int threads);
void word_depthwise_run(const WordDepthwiseKernel& kernel, const WordConvProblem& problem,
                        const PackedConv& packed, const WordConvMaps& maps, ThreadPool& pool,
                        std::span<std::byte> scratch);

}  // namespace shrike::kernels
