#include "kernels/qconv/depthwise.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

#include "base/tensor.h"
#include "kernels/qconv/depthwise_geometry.h"
#include "kernels/qconv/direct_geometry.h"

namespace shrike::kernels {

namespace {

// Pixels are short: pieces of a fixed size are copied without a call.
inline void copy_pixel(const uint8_t* source, int64_t count, uint8_t* target) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) std::memcpy(target + i, source + i, 8);
  for (; i < count; ++i) target[i] = source[i];
}

// One call of qdepthwise_run, the same for all workers.
class DepthwiseRun {
 public:
  DepthwiseRun(const QDepthwiseKernel& kernel, const QConvProblem& problem,
               const PackedConv& packed, const QConvMaps& maps, int threads)
      : problem_(problem),
        maps_(maps),
        packing_(kernel, problem),
        grid_(problem, packing_.channel_pitch, threads),
        packed_(packed),
        rule_(packing_.layout.rule(packed)),
        add_(problem.residual != Residual::kNone),
        function_(kernel.function(rule_.kind, add_)),
        offsets_(static_cast<size_t>(packing_.groups * kernel.group_taps)) {
    for (int64_t tap = 0; tap < problem.taps(); ++tap) {
      const int64_t column = tap % problem.kernel_w * problem.dilation_w;
      offsets_[static_cast<size_t>(tap)] = tap / problem.kernel_w * problem.dilation_h * grid_.row +
                                           column % problem.stride_w * grid_.phase +
                                           column / problem.stride_w * packing_.channel_pitch;
    }
  }

  const DepthwiseGrid& grid() const { return grid_; }
  void compute(int64_t block, uint8_t* band) const;

 private:
  void fill_row(const uint8_t* source, uint8_t* row) const;
  void fill_pixels(const uint8_t* source, int64_t first, int64_t last, uint8_t* row) const;

  const QConvProblem& problem_;
  const QConvMaps& maps_;
  const DepthwisePacking packing_;
  const DepthwiseGrid grid_;
  const PackedConv& packed_;
  const OutputRule& rule_;
  const bool add_;
  const QDepthwiseFunction function_;
  std::vector<int64_t> offsets_;
};

// Columns [first, last) of the band from the map.
void DepthwiseRun::fill_pixels(const uint8_t* source, int64_t first, int64_t last,
                               uint8_t* row) const {
  const int64_t channels = problem_.in_channels, pitch = packing_.channel_pitch;
  const int64_t stride = problem_.stride_w, pixel = maps_.input.pixel_stride;
  source += (first - problem_.pad_left) * pixel;
  if (stride == 1 && channels == pitch && pixel == pitch) {
    std::memcpy(row + first * pitch, source, static_cast<size_t>((last - first) * pitch));
    return;
  }
  for (int64_t n = first; n < std::min(last, first + stride); ++n) {
    uint8_t* target = row + n % stride * grid_.phase + n / stride * pitch;
    const uint8_t* from = source + (n - first) * pixel;
    for (int64_t x = n; x < last; x += stride, target += pitch, from += stride * pixel)
      copy_pixel(from, channels, target);
  }
}

// A row of the band, from a row of the map or from nothing.
void DepthwiseRun::fill_row(const uint8_t* source, uint8_t* row) const {
  const int64_t columns = source ? grid_.columns : 0;
  const int64_t first = std::min(problem_.pad_left, columns);
  const int64_t last = std::clamp(problem_.pad_left + problem_.in_width, first, columns);
  if (first > 0 || last < grid_.columns)
    std::memset(row, problem_.in_zero, static_cast<size_t>(grid_.row));
  if (first < last) fill_pixels(source, first, last, row);
}

void DepthwiseRun::compute(int64_t block, uint8_t* band) const {
  const int64_t first = block * grid_.rows;
  const int64_t last = std::min(first + grid_.rows, problem_.out_height);
  const int64_t top = first * problem_.stride_h - problem_.pad_top;
  const int64_t rows =
      (last - first - 1) * problem_.stride_h + (problem_.kernel_h - 1) * problem_.dilation_h + 1;
  for (int64_t i = 0; i < rows; ++i) {
    const bool exists = top + i >= 0 && top + i < problem_.in_height;
    fill_row(exists ? maps_.input.at(top + i, 0) : nullptr, band + i * grid_.row);
  }
  for (int64_t y = first; y < last; ++y)
    function_({band + (y - first) * problem_.stride_h * grid_.row, offsets_.data(), packing_.groups,
               packing_.patterns, packing_.layout.weights_of(packed_),
               packing_.layout.constants_of(packed_), packing_.layout.scales_of(packed_), &rule_,
               maps_.output.at(y, 0), maps_.output.pixel_stride,
               add_ ? maps_.residual.at(y, 0) : nullptr, maps_.residual.pixel_stride,
               problem_.out_width, problem_.out_channels, packing_.channel_pitch});
}

}  // namespace

const char* qdepthwise_refuse(const QConvProblem& problem) {
  if (problem.groups != problem.in_channels || problem.groups != problem.out_channels)
    return "not depthwise with one output for each input channel";
  if (problem.output != QOutput::kBytes) return "made for bytes as output";
  // Of a band for one row of outputs, its phases and channels rounded up.
  const auto reach_h = static_cast<double>((problem.kernel_h - 1) * problem.dilation_h);
  const auto reach_w = static_cast<double>((problem.kernel_w - 1) * problem.dilation_w);
  const auto stride = static_cast<double>(problem.stride_w);
  const double columns = static_cast<double>(problem.out_width) * stride + reach_w + 1;
  if (spans_far_more_than_map(problem) ||
      (reach_h + 1) * columns * static_cast<double>(problem.in_channels + 7) > kMostBandBytes)
    return "a window reaches over too much of the map";
  return nullptr;
}

size_t qdepthwise_scratch_bytes(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                                int threads) {
  const DepthwisePacking packing(kernel, problem);
  // Fewer threads have larger blocks: it must do for them as well.
  size_t most = 0;
  for (int count = 1; count <= threads; ++count)
    most = std::max(most, static_cast<size_t>(count) *
                              DepthwiseGrid(problem, packing.channel_pitch, count).scratch);
  return most;
}

void qdepthwise_run(const QDepthwiseKernel& kernel, const QConvProblem& problem,
                    const PackedConv& packed, const QConvMaps& maps, ThreadPool& pool,
                    std::span<std::byte> scratch) {
  assert(scratch.size() >= qdepthwise_scratch_bytes(kernel, problem, pool.threads()));
  const DepthwiseRun run(kernel, problem, packed, maps, pool.threads());
  pool.parallel_for(run.grid().blocks, [&](int64_t block, int worker) {
    std::byte* mine = scratch.data() + static_cast<size_t>(worker) * run.grid().scratch;
    run.compute(block, reinterpret_cast<uint8_t*>(mine));
  });
}

}  // namespace shrike::kernels
