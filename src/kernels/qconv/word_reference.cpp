// The formulas of word_conv.h as they read.
#include <algorithm>

#include "kernels/qconv/word_direct.h"
#include "kernels/qconv/word_packing.h"

namespace shrike::kernels {

namespace {

// The sum over the window of output (y, x), group g's channels, with one output's weights.
int64_t window_sum(const WordConvProblem& p, const ConstWordMapView& input, int64_t y, int64_t x,
                   int64_t g, const int16_t* weights) {
  int64_t sum = 0;
  for (int64_t i = 0; i < p.kernel_h; ++i)
    for (int64_t j = 0; j < p.kernel_w; ++j) {
      const int64_t in_y = y * p.stride_h - p.pad_top + i * p.dilation_h;
      const int64_t in_x = x * p.stride_w - p.pad_left + j * p.dilation_w;
      if (in_y < 0 || in_y >= p.in_height || in_x < 0 || in_x >= p.in_width) continue;
      const int16_t* pixel = input.at(in_y, in_x) + g * p.group_in();
      for (int64_t c = 0; c < p.group_in(); ++c)
        sum += pixel[c] * weights[(c * p.kernel_h + i) * p.kernel_w + j];
    }
  return sum;
}

}  // namespace

PackedConv word_reference_pack(const WordConvProblem& problem, const WordConvWeights& weights) {
  const WordPacking layout(problem.out_channels, 0, problem.weight_count());
  std::shared_ptr<std::byte> bytes = allocate_aligned(layout.total);
  *WordPacking::at<WordRule>(bytes.get(), 0) = make_word_rule(problem);
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    WordPacking::at<float>(bytes.get(), layout.scales)[o] = problem.in_scale * weights.scales[o];
    if (weights.bias)
      WordPacking::at<double>(bytes.get(), layout.bias)[o] = static_cast<double>(weights.bias[o]);
  }
  std::copy_n(weights.values, problem.weight_count(),
              WordPacking::at<int16_t>(bytes.get(), layout.weights));
  return {std::move(bytes), layout.total};
}

void word_reference_run(const WordConvProblem& problem, const PackedConv& packed,
                        const WordConvMaps& maps, ThreadPool& pool, std::span<std::byte>) {
  const WordPacking layout(problem.out_channels, 0, problem.weight_count());
  const std::byte* bytes = packed.bytes.get();
  const WordRule& rule = *WordPacking::at<const WordRule>(bytes, 0);
  const auto* scales = WordPacking::at<const float>(bytes, layout.scales);
  const auto* bias = WordPacking::at<const double>(bytes, layout.bias);
  const auto* weights = WordPacking::at<const int16_t>(bytes, layout.weights);
  const int64_t weights_each = problem.group_in() * problem.taps();
  pool.parallel_for(problem.out_height, [&](int64_t y, int) {
    for (int64_t x = 0; x < problem.out_width; ++x)
      for (int64_t o = 0; o < problem.out_channels; ++o) {
        const double acc = bias[o] + static_cast<double>(window_sum(problem, maps.input, y, x,
                                                                    o / problem.group_out(),
                                                                    weights + o * weights_each));
        if (problem.floats) {
          finish_floats(rule, &acc, scales + o, 1, maps.floats.at(y, x) + o);
        } else {
          const int16_t* residual = rule.add ? maps.residual.at(y, x) + o : nullptr;
          finish_words(rule, &acc, scales + o, residual, 1, maps.output.at(y, x) + o);
        }
      }
  });
}

}  // namespace shrike::kernels
