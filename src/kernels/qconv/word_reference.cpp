// The formulas of word_conv.h as they read.
#include "kernels/qconv/word_direct.h"
#include "kernels/qconv/word_packing.h"
#include "kernels/qconv/word_rule.h"

namespace shrike::kernels {

namespace {

// The sum over the window of output (y, x), group g's channels, with one output's weights.
template <typename T>
int64_t window_sum(const WordConvProblem& p, const BasicMapView<const T>& input, int64_t y,
                   int64_t x, int64_t g, const int16_t* weights) {
  int64_t sum = 0;
  for (int64_t i = 0; i < p.kernel_h; ++i)
    for (int64_t j = 0; j < p.kernel_w; ++j) {
      const int64_t in_y = y * p.stride_h - p.pad_top + i * p.dilation_h;
      const int64_t in_x = x * p.stride_w - p.pad_left + j * p.dilation_w;
      if (in_y < 0 || in_y >= p.in_height || in_x < 0 || in_x >= p.in_width) continue;
      const T* pixel = input.at(in_y, in_x) + g * p.group_in();
      for (int64_t c = 0; c < p.group_in(); ++c)
        sum += int64_t{pixel[c] - p.in_zero} * weights[(c * p.kernel_h + i) * p.kernel_w + j];
    }
  return sum;
}

WordPacking layout_of(const WordConvProblem& problem) {
  return WordPacking(problem.out_channels, 1, problem.weight_count());
}

}  // namespace

void word_reference_pack(const WordConvProblem& problem, const WordConvWeights& weights,
                         std::byte* packed) {
  const WordPacking layout = layout_of(problem);
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    WordPacking::at<float>(packed, layout.scales)[o] = problem.in_scale * weights.scales[o];
    WordPacking::at<int64_t>(packed, layout.constants)[o] = weights.bias ? weights.bias[o] : 0;
  }
  for (int64_t i = 0; i < problem.weight_count(); ++i)
    WordPacking::at<int16_t>(packed, layout.weights)[i] = static_cast<int16_t>(weights.at(i));
}

size_t word_reference_packed_bytes(const WordConvProblem& problem) {
  return layout_of(problem).total;
}

void word_reference_run(const WordConvProblem& problem, const PackedConv& packed,
                        const WordConvMaps& maps, ThreadPool& pool, std::span<std::byte>) {
  const WordPacking layout = layout_of(problem);
  const std::byte* bytes = packed.bytes.get();
  const auto* scales = WordPacking::at<const float>(bytes, layout.scales);
  const auto* bias = WordPacking::at<const int64_t>(bytes, layout.constants);
  const auto* weights = WordPacking::at<const int16_t>(bytes, layout.weights);
  const int64_t weights_each = problem.group_in() * problem.taps();
  const WordRule rule = make_word_rule(problem);
  pool.parallel_for(problem.out_height, [&](int64_t y, int) {
    for (int64_t x = 0; x < problem.out_width; ++x)
      for (int64_t o = 0; o < problem.out_channels; ++o) {
        const int64_t g = o / problem.group_out();
        const int16_t* w = weights + o * weights_each;
        const int64_t acc = bias[o] + (problem.bytes_in
                                           ? window_sum(problem, maps.bytes, y, x, g, w)
                                           : window_sum(problem, maps.input, y, x, g, w));
        const float value = static_cast<float>(acc) * scales[o];
        auto* output = problem.floats ? reinterpret_cast<std::byte*>(maps.floats.at(y, x))
                                      : reinterpret_cast<std::byte*>(maps.output.at(y, x));
        const auto* residual =
            rule.add ? reinterpret_cast<const std::byte*>(maps.residual.at(y, x)) : nullptr;
        finish_words({&rule, &value, 1, 1, 1, &output, &residual, o});
      }
  });
}

}  // namespace shrike::kernels
