#include "kernels/qconv/depthwise.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/tensor.h"
#include "kernels/qconv/packing.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kTapBytes = kDepthwiseChannels * 4;  // of columns and of weights
constexpr int64_t kColumnBytes = 16;                   // of a vector
constexpr int64_t kChunk = 128;                        // outputs of a row whose columns are kept
constexpr int kMaxGroupRows = 4;

// The sizes of packed weights and of columns.
struct DepthwiseSizes {
  DepthwiseSizes(const QDepthwiseKernel& kernel, const QConvProblem& p)
      : groups(divide_up(p.kernel_h, kernel.group_rows)),
        taps(p.kernel_w * groups),
        blocks(divide_up(p.out_channels, kDepthwiseChannels)),
        layout(blocks * kDepthwiseChannels, blocks * taps * kTapBytes),
        reach((p.kernel_w - 1) * p.dilation_w),
        phase_columns(std::min(kChunk, p.out_width) + reach / p.stride_w),
        phase_bytes((phase_columns + kDepthwiseSlack) * kColumnBytes),
        vector_stride(p.stride_w * phase_bytes),
        scratch(align_up(static_cast<size_t>(4 * groups * vector_stride)) +
                align_up(static_cast<size_t>(taps) * sizeof(int64_t))) {}

  int64_t groups;  // of rows
  int64_t taps;    // kernel columns times groups
  int64_t blocks;  // of channels
  QPacking layout;
  int64_t reach;          // from a window's first column to its last
  int64_t phase_columns;  // columns that are a stride apart
  int64_t phase_bytes;
  int64_t vector_stride;
  size_t scratch;  // bytes of one worker: columns [group][vector][phase][column], tap offsets
};

// One call of qdepthwise_run, the same for all workers.
class DepthwiseRun {
 public:
  DepthwiseRun(const QDepthwiseKernel& kernel, const QConvProblem& problem,
               const PackedConv& packed, const QConvMaps& maps)
      : kernel_(kernel),
        problem_(problem),
        maps_(maps),
        sizes_(kernel, problem),
        packed_(packed),
        rule_(sizes_.layout.rule(packed)),
        add_(problem.residual != Residual::kNone),
        function_(kernel.function(rule_.kind, add_)) {
    std::fill_n(zeros_, kDepthwiseChannels, static_cast<uint8_t>(problem.in_zero));
  }

  // Channel blocks [first, last) of output row y.
  void compute(std::byte* scratch, int64_t y, int64_t first, int64_t last) const;

 private:
  void fill_columns(std::byte* columns, int64_t y, int64_t x, int64_t count, int64_t block) const;
  void fill_phase(std::byte* target, int64_t group, int64_t y, int64_t x, int64_t count,
                  int64_t block) const;
  int64_t channels_of(int64_t block) const {
    return std::min<int64_t>(kDepthwiseChannels,
                             problem_.out_channels - block * kDepthwiseChannels);
  }

  const QDepthwiseKernel& kernel_;
  const QConvProblem& problem_;
  const QConvMaps& maps_;
  const DepthwiseSizes sizes_;
  const PackedConv& packed_;
  const OutputRule& rule_;
  const bool add_;
  const QDepthwiseFunction function_;
  uint8_t zeros_[kDepthwiseChannels];
};

// Columns x, x + stride, ... of the rows of one group below output row y, `count` of them.
void DepthwiseRun::fill_phase(std::byte* target, int64_t group, int64_t y, int64_t x, int64_t count,
                              int64_t block) const {
  const int64_t channel = block * kDepthwiseChannels, stride = problem_.stride_w;
  const int64_t begin = x < 0 ? std::min(count, divide_up(-x, stride)) : 0;
  const int64_t room = problem_.in_width - x;
  const int64_t end = std::clamp<int64_t>(room > 0 ? divide_up(room, stride) : 0, begin, count);
  const uint8_t* rows[kMaxGroupRows];
  const uint8_t* padding[kMaxGroupRows];
  int64_t steps[kMaxGroupRows] = {};
  const int64_t still[kMaxGroupRows] = {};
  for (int i = 0; i < kernel_.group_rows; ++i) {
    const int64_t row = group * kernel_.group_rows + i;
    const int64_t in_y = y * problem_.stride_h - problem_.pad_top + row * problem_.dilation_h;
    const bool exists = row < problem_.kernel_h && in_y >= 0 && in_y < problem_.in_height;
    rows[i] = padding[i] = zeros_;
    if (!exists || begin == end) continue;
    rows[i] = maps_.input.at(in_y, x + begin * stride) + channel;
    steps[i] = stride * maps_.input.pixel_stride;
  }
  const int64_t channels = channels_of(block);
  const auto fill = [&](const uint8_t* const* from, const int64_t* each, int64_t at, int64_t to) {
    if (at < to)
      kernel_.columns(
          {from, each, to - at, channels, target + at * kColumnBytes, sizes_.vector_stride});
  };
  fill(padding, still, 0, begin);
  fill(rows, steps, begin, end);
  fill(padding, still, end, count);
}

// What outputs [x, x + count) of row y read.
void DepthwiseRun::fill_columns(std::byte* columns, int64_t y, int64_t x, int64_t count,
                                int64_t block) const {
  const int64_t origin = x * problem_.stride_w - problem_.pad_left;
  for (int64_t group = 0; group < sizes_.groups; ++group)
    for (int64_t phase = 0; phase < std::min(problem_.stride_w, sizes_.reach + 1); ++phase)
      fill_phase(columns + 4 * group * sizes_.vector_stride + phase * sizes_.phase_bytes, group, y,
                 origin + phase, count + (sizes_.reach - phase) / problem_.stride_w, block);
}

void DepthwiseRun::compute(std::byte* scratch, int64_t y, int64_t first, int64_t last) const {
  std::byte* columns = scratch;
  auto* offsets = reinterpret_cast<int64_t*>(
      scratch + align_up(static_cast<size_t>(4 * sizes_.groups * sizes_.vector_stride)));
  for (int64_t j = 0; j < problem_.kernel_w; ++j)
    for (int64_t group = 0; group < sizes_.groups; ++group) {
      const int64_t column = j * problem_.dilation_w;
      offsets[j * sizes_.groups + group] = 4 * group * sizes_.vector_stride +
                                           column % problem_.stride_w * sizes_.phase_bytes +
                                           column / problem_.stride_w * kColumnBytes;
    }
  for (int64_t block = first; block < last; ++block)
    for (int64_t x = 0; x < problem_.out_width; x += kChunk) {
      const int64_t count = std::min(kChunk, problem_.out_width - x);
      const int64_t channel = block * kDepthwiseChannels;
      fill_columns(columns, y, x, count, block);
      function_({columns, sizes_.vector_stride, offsets, sizes_.taps,
                 sizes_.layout.weights_of(packed_) + block * sizes_.taps * kTapBytes,
                 sizes_.layout.constants_of(packed_) + channel,
                 sizes_.layout.scales_of(packed_) + channel, &rule_,
                 maps_.output.at(y, x) + channel, maps_.output.pixel_stride,
                 add_ ? maps_.residual.at(y, x) + channel : nullptr, maps_.residual.pixel_stride,
                 count, channels_of(block)});
    }
}

}  // namespace

const char* qdepthwise_refuse(const QConvProblem& problem) {
  if (problem.groups != problem.in_channels || problem.groups != problem.out_channels)
    return "not depthwise with one output for each input channel";
  if (problem.output != QOutput::kBytes) return "made for bytes as output";
  return nullptr;
}

PackedConv qdepthwise_pack(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                           const QConvWeights& weights) {
  const DepthwiseSizes sizes(kernel, problem);
  QPacker packer(sizes.layout, problem, weights);
  for (int64_t c = 0; c < problem.out_channels; ++c) {
    packer.set_channel(c, c, 0);
    const int64_t block = c / kDepthwiseChannels, within = c % kDepthwiseChannels;
    for (int64_t i = 0; i < problem.kernel_h; ++i)
      for (int64_t j = 0; j < problem.kernel_w; ++j) {
        const int64_t tap = j * sizes.groups + i / kernel.group_rows;
        const int64_t index =
            ((block * sizes.taps + tap) * kDepthwiseChannels + within) * kernel.group_rows +
            i % kernel.group_rows;
        const int8_t weight = weights.values[c * problem.taps() + i * problem.kernel_w + j];
        if (kernel.element_bytes() == 1) {
          packer.weights<int8_t>()[index] = weight;
        } else {
          packer.weights<int16_t>()[index] = weight;
        }
      }
  }
  return packer.finish();
}

size_t qdepthwise_scratch_bytes(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                                int threads) {
  return static_cast<size_t>(threads) * DepthwiseSizes(kernel, problem).scratch;
}

void qdepthwise_run(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                    const PackedConv& packed, const QConvMaps& maps, ThreadPool& pool,
                    std::span<std::byte> scratch) {
  assert(scratch.size() >= qdepthwise_scratch_bytes(kernel, problem, pool.threads()));
  const DepthwiseRun run(kernel, problem, packed, maps);
  const DepthwiseSizes sizes(kernel, problem);
  // Flat maps are also divided by channels.
  const int64_t wanted = pool.threads() > 1 ? 4 * pool.threads() : 1;
  const int64_t parts = std::clamp<int64_t>(
      divide_up(wanted, std::max<int64_t>(1, problem.out_height)), 1, sizes.blocks);
  pool.parallel_for(problem.out_height * parts, [&](int64_t unit, int worker) {
    const int64_t part = unit % parts;
    run.compute(scratch.data() + static_cast<size_t>(worker) * sizes.scratch, unit / parts,
                sizes.blocks * part / parts, sizes.blocks * (part + 1) / parts);
  });
}

}  // namespace shrike::kernels
