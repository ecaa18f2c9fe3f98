#include "kernels/conv/pointwise.h"

#include <algorithm>

#include "base/tensor.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

// Which panels there are, and where they lie in a PackedConv, in floats.
class PointwisePanels {
 public:
  PointwisePanels(const PointwiseKernel& kernel, const ConvProblem& problem)
      : kernel_(kernel), depth_(problem.in_channels), outputs_(problem.out_channels) {
    const int64_t rest = outputs_ % kernel.wide.columns;
    const bool narrow = rest > 0 && rest <= kernel.narrow->columns;
    wide_ = divide_up(outputs_, kernel.wide.columns) - (narrow ? 1 : 0);
    count_ = wide_ + (narrow ? 1 : 0);
    columns_ = wide_ * kernel.wide.columns + (narrow ? kernel.narrow->columns : 0);
  }

  int64_t count() const { return count_; }
  const PointwisePanel& panel(int64_t index) const {
    return index < wide_ ? kernel_.wide : *kernel_.narrow;
  }
  int64_t first_output(int64_t index) const { return index * kernel_.wide.columns; }
  int64_t outputs(int64_t index) const {
    return std::min(panel(index).columns, outputs_ - first_output(index));
  }
  int64_t weights(int64_t index) const { return first_output(index) * depth_; }
  int64_t bias(int64_t index) const { return columns_ * depth_ + first_output(index); }
  int64_t total() const { return columns_ * (depth_ + 1); }

 private:
  const PointwiseKernel& kernel_;
  int64_t depth_, outputs_;
  int64_t wide_, count_, columns_;
};

// Output pixels whose inputs, outputs and residuals lie at equal distances: `count` runs of
// `length`. Rows that follow each other without a gap are one.
struct PixelRuns {
  int64_t count, length;
};

PixelRuns runs_of(const ConvProblem& p, const ConvMaps& maps) {
  const auto dense = [](const auto& map) { return map.row_stride == map.width * map.pixel_stride; };
  const bool add = p.residual != Residual::kNone;
  if (p.stride_h == 1 && p.stride_w == 1 && p.in_width == p.out_width && dense(maps.input) &&
      dense(maps.output) && (!add || dense(maps.residual)))
    return {1, p.out_height * p.out_width};
  return {p.out_height, p.out_width};
}

// Pixels of a block: whole tiles, few enough that their inputs stay in the first cache level while
// all weights pass by.
int64_t block_pixels(const PointwiseKernel& kernel, int64_t depth) {
  constexpr int64_t kInputFloats = 4096;  // half of a first-level cache of 32 KiB
  return std::clamp<int64_t>(kInputFloats / depth / kernel.rows, 4, 64) * kernel.rows;
}

// Panels [begin, end) of the pixels that `strip` describes, apart from columns.
void compute_panels(const PointwisePanels& panels, const float* packed, PointwiseStrip strip,
                    int64_t begin, int64_t end) {
  float* const output = strip.output;
  const float* const residual = strip.residual;
  for (int64_t i = begin; i < end; ++i) {
    const int64_t first = panels.first_output(i);
    strip.weights = packed + panels.weights(i);
    strip.bias = packed + panels.bias(i);
    strip.output = output + first;
    if (residual) strip.residual = residual + first;
    strip.columns = panels.outputs(i);
    panels.panel(i).function(strip.activation.kind)(strip);
  }
}

}  // namespace

const char* pointwise_refuse(const ConvProblem& problem) {
  if (problem.taps() != 1) return "not a 1x1 kernel";
  if (problem.groups != 1) return "in groups";
  if (problem.pad_top != 0 || problem.pad_left != 0 ||
      (problem.out_height - 1) * problem.stride_h >= problem.in_height ||
      (problem.out_width - 1) * problem.stride_w >= problem.in_width)
    return "padded";
  return nullptr;
}

PackedConv pointwise_pack(const PointwiseKernel& kernel, const ConvProblem& problem,
                          const float* weights, const float* bias) {
  const PointwisePanels panels(kernel, problem);
  const size_t size = static_cast<size_t>(panels.total()) * sizeof(float);
  std::shared_ptr<std::byte> bytes = allocate_aligned(size);  // zeroed: so is what pads
  auto* packed = reinterpret_cast<float*>(bytes.get());
  for (int64_t i = 0; i < panels.count(); ++i) {
    const int64_t columns = panels.panel(i).columns, first = panels.first_output(i);
    for (int64_t j = 0; j < panels.outputs(i); ++j) {
      const float* source = weights + (first + j) * problem.in_channels;
      float* target = packed + panels.weights(i) + j;
      for (int64_t k = 0; k < problem.in_channels; ++k) target[k * columns] = source[k];
      if (bias) packed[panels.bias(i) + j] = bias[first + j];
    }
  }
  return {std::move(bytes), size};
}

void pointwise_run(const PointwiseKernel& kernel, const ConvProblem& problem,
                   const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool) {
  const PointwisePanels panels(kernel, problem);
  const PixelRuns runs = runs_of(problem, maps);
  const int64_t block = block_pixels(kernel, problem.in_channels);
  const int64_t blocks = divide_up(runs.length, block);
  // Small maps are also divided by outputs, so that every thread gets about four units of work.
  const int64_t wanted = pool.threads() > 1 ? 4 * pool.threads() : 1;
  const int64_t parts = std::clamp<int64_t>(
      divide_up(wanted, std::max<int64_t>(1, runs.count * blocks)), 1, panels.count());
  const bool add = problem.residual != Residual::kNone;
  pool.parallel_for(runs.count * blocks * parts, [&](int64_t unit, int) {
    const int64_t part = unit % parts, first = unit / parts % blocks * block;
    const int64_t y = unit / parts / blocks;
    PointwiseStrip strip{};
    strip.input = maps.input.data + y * problem.stride_h * maps.input.row_stride +
                  first * problem.stride_w * maps.input.pixel_stride;
    strip.input_step = problem.stride_w * maps.input.pixel_stride;
    strip.count = std::min(block, runs.length - first);
    strip.depth = problem.in_channels;
    strip.output = maps.output.at(y, first);
    strip.output_step = maps.output.pixel_stride;
    if (add) strip.residual = maps.residual.at(y, first);
    strip.residual_step = maps.residual.pixel_stride;
    strip.activation = problem.activation;
    strip.order = problem.residual;
    compute_panels(panels, packed.floats(), strip, panels.count() * part / parts,
                   panels.count() * (part + 1) / parts);
  });
}

}  // namespace shrike::kernels
