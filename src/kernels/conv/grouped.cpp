#include "kernels/conv/grouped.h"

#include <algorithm>
#include <cstring>

#include "kernels/sizes.h"
#include "kernels/window.h"

namespace shrike::kernels {

namespace {

// How groups become vectors.
struct Blocks {
  Blocks(const GroupedKernel& kernel, const ConvProblem& p)
      : groups(std::min({p.groups, kernel.lanes / p.group_out(), kernel.lanes / p.group_in()})),
        count(groups > 0 ? divide_up(p.groups, groups) : 0),
        inputs(groups * p.group_in()),
        outputs(groups * p.group_out()),
        floats((2 + p.taps() * p.group_in()) * kernel.lanes) {}

  int64_t groups;  // of a block
  int64_t count;
  int64_t inputs, outputs;  // of a block
  int64_t floats;           // packed, of a block
};

// The output columns whose windows lie inside the map.
Range columns_inside(const ConvProblem& p) {
  const int64_t reach = (p.kernel_w - 1) * p.dilation_w;
  const int64_t begin =
      std::min(p.out_width, divide_up(std::max<int64_t>(0, p.pad_left), p.stride_w));
  const int64_t room = p.in_width - 1 - reach + p.pad_left;
  const int64_t end = room < 0 ? 0 : room / p.stride_w + 1;
  return {begin, std::clamp(end, begin, p.out_width)};
}

class GroupedRow {
 public:
  GroupedRow(const GroupedKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
             const ConvMaps& maps)
      : kernel_(kernel),
        problem_(problem),
        blocks_(kernel, problem),
        maps_(maps),
        weights_(packed.floats()),
        finish_(kernel.tile->finish(problem.activation.kind)) {}

  int64_t blocks() const { return blocks_.count; }

  // Blocks [first, last) of output row y.
  void compute(int64_t y, int64_t first, int64_t last) const {
    const Range inside = columns_inside(problem_);
    for (int64_t x = 0; x < inside.begin; ++x) compute_tile(y, x, 1, clipped(x), first, last);
    const int64_t rows = kernel_.tile->rows;
    for (int64_t x = inside.begin; x < inside.end; x += rows)
      compute_tile(y, x, static_cast<int>(std::min(rows, inside.end - x)), {0, problem_.kernel_w},
                   first, last);
    for (int64_t x = inside.end; x < problem_.out_width; ++x)
      compute_tile(y, x, 1, clipped(x), first, last);
  }

 private:
  Range clipped(int64_t x) const {
    return taps_inside(x * problem_.stride_w - problem_.pad_left, problem_.kernel_w,
                       problem_.dilation_w, problem_.in_width);
  }
  GroupedSums window(int64_t y, int64_t x, Range down, Range across) const;
  void compute_tile(int64_t y, int64_t x, int count, Range across, int64_t first,
                    int64_t last) const;

  const GroupedKernel& kernel_;
  const ConvProblem& problem_;
  const Blocks blocks_;
  const ConvMaps& maps_;
  const float* weights_;
  const TileFinishFunction finish_;
};

// The taps `down` and `across` of the window of (y, x): in the first block, from its packed floats'
// beginning. Of a window without taps no address is formed.
GroupedSums GroupedRow::window(int64_t y, int64_t x, Range down, Range across) const {
  const ConstMapView& in = maps_.input;
  GroupedSums sums{};
  sums.group_in = problem_.group_in();
  sums.packed = weights_;
  sums.weights = weights_ + 2 * kernel_.lanes;
  sums.weight_step = problem_.kernel_w * problem_.group_in() * kernel_.lanes;
  sums.input = in.data;
  if (down.size() == 0 || across.size() == 0) return sums;
  const int64_t in_y = y * problem_.stride_h - problem_.pad_top + down.begin * problem_.dilation_h;
  const int64_t in_x =
      x * problem_.stride_w - problem_.pad_left + across.begin * problem_.dilation_w;
  sums.input = in.at(in_y, in_x);
  sums.pixel_step = problem_.stride_w * in.pixel_stride;
  sums.row_step = problem_.dilation_h * in.row_stride;
  sums.tap_step = problem_.dilation_w * in.pixel_stride;
  sums.taps_h = down.size();
  sums.taps_w = across.size();
  sums.weights += (down.begin * problem_.kernel_w + across.begin) * sums.group_in * kernel_.lanes;
  return sums;
}

// `count` pixels from (y, x), all with the taps `across` of each kernel row.
void GroupedRow::compute_tile(int64_t y, int64_t x, int count, Range across, int64_t first,
                              int64_t last) const {
  const Range down = taps_inside(y * problem_.stride_h - problem_.pad_top, problem_.kernel_h,
                                 problem_.dilation_h, problem_.in_height);
  alignas(64) float buffer[kMaxTileRows * kMaxTileColumns];
  float* outputs[kMaxTileRows];
  const float* residual[kMaxTileRows] = {};
  for (int r = 0; r < count; ++r) {
    outputs[r] = maps_.output.at(y, x + r);
    if (problem_.residual != Residual::kNone) residual[r] = maps_.residual.at(y, x + r);
  }
  const GroupedSums start = window(y, x, down, across);
  for (int64_t block = first; block < last; ++block) {
    GroupedSums sums = start;
    sums.input += block * blocks_.inputs;
    sums.packed += block * blocks_.floats;
    sums.weights += block * blocks_.floats;
    sums.channels = std::min(blocks_.inputs, problem_.in_channels - block * blocks_.inputs);
    sums.sums = buffer;
    kernel_.functions[count](sums);
    const int64_t column = block * blocks_.outputs;
    finish_({buffer, count, column, std::min(blocks_.outputs, problem_.out_channels - column),
             outputs, residual, problem_.activation, problem_.residual});
  }
}

}  // namespace

const char* grouped_refuse(const GroupedKernel& kernel, const ConvProblem& problem) {
  // Floats that igemm.h computes for each pixel of a group, however narrow that is.
  constexpr int64_t kProductLanes = 16;
  if (problem.groups == 1) return "not in groups";
  if (kernel.lanes >= kProductLanes * Blocks(kernel, problem).groups)
    return "a group fills vectors by itself";
  return nullptr;
}

size_t grouped_packed_bytes(const GroupedKernel& kernel, const ConvProblem& problem) {
  const Blocks blocks(kernel, problem);
  return static_cast<size_t>(blocks.count * blocks.floats) * sizeof(float);
}

void grouped_pack(const GroupedKernel& kernel, const ConvProblem& problem, const float* weights,
                  const float* bias, float* packed) {
  const Blocks blocks(kernel, problem);
  const int64_t inputs = problem.group_in(), taps = problem.taps();
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    const int64_t lane = o % blocks.outputs;
    float* block = packed + o / blocks.outputs * blocks.floats + lane;
    if (bias) block[0] = bias[o];
    const auto source = static_cast<int32_t>(lane / problem.group_out() * inputs);
    std::memcpy(block + kernel.lanes, &source, sizeof source);
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t c = 0; c < inputs; ++c)
        block[(2 + tap * inputs + c) * kernel.lanes] = weights[(o * inputs + c) * taps + tap];
  }
}

void grouped_run(const GroupedKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
                 const ConvMaps& maps, ThreadPool& pool) {
  const GroupedRow row(kernel, problem, packed, maps);
  // Flat maps are also divided by channels.
  const int64_t wanted = pool.threads() > 1 ? 4 * pool.threads() : 1;
  const int64_t parts = std::clamp<int64_t>(
      divide_up(wanted, std::max<int64_t>(1, problem.out_height)), 1, row.blocks());
  pool.parallel_for(problem.out_height * parts, [&](int64_t unit, int) {
    const int64_t part = unit % parts;
    row.compute(unit / parts, row.blocks() * part / parts, row.blocks() * (part + 1) / parts);
  });
}

}  // namespace shrike::kernels
