#include "kernels/qconv/word_depthwise.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "kernels/qconv/depthwise_band.h"
#include "kernels/qconv/word_packing.h"

namespace shrike::kernels {

namespace {

int64_t pitch_of(const WordConvProblem& problem) { return divide_up(problem.out_channels, 8) * 8; }

struct Packing {
  Packing(const WordDepthwiseKernel& kernel, const WordConvProblem& problem)
      : vector(kernel.vector_words),
        pairs(divide_up(problem.taps(), 2)),
        channel_pitch(pitch_of(problem)),
        patterns(channel_pitch / std::gcd(channel_pitch, vector)),
        layout(patterns, vector, patterns * pairs * 2 * vector) {}

  int64_t vector;
  int64_t pairs;
  int64_t channel_pitch;
  int64_t patterns;
  WordPacking layout;
};

// split_constants() takes columns in the order of the weights; these are in that of the words.
void set_constants(const WordDepthwiseKernel& kernel, const WordConvProblem& problem,
                   const int16_t* weights, int64_t pairs, const int64_t* constants, int32_t* target,
                   int64_t* block_steps) {
  int64_t placed[kMaxVectorWords];
  int32_t split[2 * kMaxVectorWords];
  const int words = kernel.vector_words;
  for (int i = 0; i < words; ++i) placed[kernel.place(i)] = constants[i];
  *block_steps = split_constants(problem, weights, pairs, words, placed, split);
  for (int i = 0; i < words; ++i) {
    target[i] = split[kernel.place(i)];
    target[words + i] = split[words + kernel.place(i)];
  }
}

// Bands of words, or of bytes less their zero, as constant_of() has it.
template <typename Source>
void run_bands(const WordDepthwiseKernel& kernel, const WordConvProblem& problem,
               const WordDepthwiseRow& of_all, const BasicMapView<const Source>& map,
               const WordConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch) {
  const DepthwiseBand<int16_t, Source> band(problem, of_all.channel_pitch, problem.in_zero,
                                            pool.threads());
  const std::vector<int64_t> offsets = band.offsets(2 * of_all.pairs);
  WordDepthwiseRow row = of_all;
  row.offsets = offsets.data();
  pool.parallel_for(band.grid.blocks, [&](int64_t block, int worker) {
    auto* mine = reinterpret_cast<int16_t*>(scratch.data() +
                                            static_cast<size_t>(worker) * band.grid.scratch);
    const int64_t first = block * band.grid.rows;
    const int64_t last = std::min(first + band.grid.rows, problem.out_height);
    band.fill(map, first, last, mine);
    for (int64_t y = first; y < last; ++y) {
      WordDepthwiseRow own = row;
      own.band = mine + (y - first) * problem.stride_h * band.grid.row;
      own.output = problem.floats ? reinterpret_cast<std::byte*>(maps.floats.at(y, 0))
                                  : reinterpret_cast<std::byte*>(maps.output.at(y, 0));
      if (row.rule->add) own.residual = reinterpret_cast<const std::byte*>(maps.residual.at(y, 0));
      kernel.row(own);
    }
  });
}

}  // namespace

const char* word_depthwise_refuse(const WordConvProblem& problem) {
  return depthwise_refuse(problem, sizeof(int16_t));
}

void word_depthwise_pack(const WordDepthwiseKernel& kernel, const WordConvProblem& problem,
                         const WordConvWeights& weights, std::byte* packed) {
  const Packing packing(kernel, problem);
  const WordPacking& layout = packing.layout;
  auto* words = WordPacking::at<int16_t>(packed, layout.weights);
  const int64_t taps = problem.taps(), vector = packing.vector;
  for (int64_t n = 0; n < packing.patterns; ++n) {
    int16_t* own = words + n * packing.pairs * 2 * vector;
    int64_t constants[kMaxVectorWords] = {};
    for (int i = 0; i < kernel.vector_words; ++i) {
      const int64_t c = (n * vector + i) % packing.channel_pitch;
      if (c >= problem.out_channels) continue;
      WordPacking::at<float>(packed, layout.scales)[n * vector + i] =
          problem.in_scale * weights.scales[c];
      constants[i] = constant_of(problem, weights, c);
      for (int64_t tap = 0; tap < taps; ++tap)
        own[(tap / 2 * vector + kernel.place(i)) * 2 + tap % 2] =
            static_cast<int16_t>(weights.at(c * taps + tap));
    }
    set_constants(kernel, problem, own, packing.pairs, constants,
                  WordPacking::at<int32_t>(packed, layout.constants) + 2 * n * vector,
                  WordPacking::at<int64_t>(packed, layout.block_steps) + n);
  }
}

size_t word_depthwise_packed_bytes(const WordDepthwiseKernel& kernel,
                                   const WordConvProblem& problem) {
  return Packing(kernel, problem).layout.total;
}

size_t word_depthwise_scratch_bytes(const WordConvProblem& problem, int threads) {
  return depthwise_scratch(problem, pitch_of(problem), sizeof(int16_t), threads);
}

void word_depthwise_run(const WordDepthwiseKernel& kernel, const WordConvProblem& problem,
                        const PackedConv& packed, const WordConvMaps& maps, ThreadPool& pool,
                        std::span<std::byte> scratch) {
  assert(scratch.size() >= word_depthwise_scratch_bytes(problem, pool.threads()));
  const Packing packing(kernel, problem);
  const WordRule rule = make_word_rule(problem);
  const std::byte* bytes = packed.bytes.get();
  WordDepthwiseRow row{};
  row.pairs = packing.pairs, row.patterns = packing.patterns;
  row.weights = WordPacking::at<const int16_t>(bytes, packing.layout.weights);
  row.constants = WordPacking::at<const int32_t>(bytes, packing.layout.constants);
  row.scales = WordPacking::at<const float>(bytes, packing.layout.scales);
  row.block_steps = WordPacking::at<const int64_t>(bytes, packing.layout.block_steps);
  row.rule = &rule;
  row.output_pixel = problem.floats ? maps.floats.pixel_stride * int64_t{sizeof(float)}
                                    : maps.output.pixel_stride * int64_t{sizeof(int16_t)};
  row.residual_pixel = maps.residual.pixel_stride * int64_t{sizeof(int16_t)};
  row.pixels = problem.out_width;
  row.channels = problem.out_channels, row.channel_pitch = packing.channel_pitch;
  if (problem.bytes_in) {
    run_bands(kernel, problem, row, maps.bytes, maps, pool, scratch);
  } else {
    run_bands(kernel, problem, row, maps.input, maps, pool, scratch);
  }
}

}  // namespace shrike::kernels
