#include "engine/bands.h"

#include <algorithm>

#include "kernels/conv/depthwise_sweep.h"
#include "kernels/sizes.h"

namespace shrike {

using kernels::ConvProblem;

Rows rows_read(const ConvProblem& problem, Rows out) {
  const int64_t reach = (problem.kernel_h - 1) * problem.dilation_h;
  const int64_t first = out.begin * problem.stride_h - problem.pad_top;
  const int64_t last = (out.end - 1) * problem.stride_h - problem.pad_top + reach;
  Rows in;
  in.begin = std::clamp<int64_t>(first, 0, problem.in_height - 1);
  in.end = std::clamp<int64_t>(last + 1, in.begin + 1, problem.in_height);
  if (out.end == problem.out_height) in.end = problem.in_height;
  return in;
}

ConvProblem part_of(const ConvProblem& whole, Rows out, Rows in) {
  ConvProblem part = whole;
  part.in_height = in.count();
  part.out_height = out.count();
  part.pad_top = in.begin + whole.pad_top - out.begin * whole.stride_h;
  return part;
}

int64_t window_pixel(std::span<const BandLayer> layers, size_t i) {
  const int64_t channels = layers[i].problem.out_channels;
  return kernels::is_depthwise(layers[i].problem) || kernels::is_depthwise(layers[i + 1].problem)
             ? kernels::odd_pixel_stride(channels)
             : channels;
}

namespace {

// One part of the map, band after band.
class Sliding {
 public:
  explicit Sliding(std::span<const BandLayer> layers) : layers_(layers), done_(layers.size(), -1) {}

  // What makes the rows `wanted` of the last layer, given what the bands before have made.
  Band next(Rows wanted) {
    Band band(layers_.size());
    for (size_t i = layers_.size(); i-- > 0;) {
      const ConvProblem& problem = layers_[i].problem;
      const int64_t tile = layers_[i].kernel->tile_rows(problem);
      Rows& out = band[i].out;
      out.begin = done_[i] >= 0 ? done_[i] : wanted.begin / tile * tile;
      out.end = std::min(problem.out_height, kernels::round_up(wanted.end, tile));
      out.end = std::max(out.begin, out.end);
      done_[i] = out.end;
      // Of no rows those that the next ones will need.
      const Rows in = rows_read(problem, {out.begin, std::max(out.end, out.begin + 1)});
      band[i].in = {in.begin, out.count() > 0 ? in.end : in.begin};
      if (out.count() > 0) band[i].problem = part_of(problem, out, in);
      wanted = band[i].in;
    }
    return band;
  }

 private:
  std::span<const BandLayer> layers_;
  std::vector<int64_t> done_;  // rows, by layer; -1 before the first band
};

// Bytes of a window that may have room for another band. Each thread writes to all of it anew,
// which has left the caches since the last run.
constexpr int64_t kMostWindow = 3 << 18;

// Places the rows of a layer, `row` bytes each, in its window. What is read again moves as seldom
// as another band's worth of rows allows, where there is room for that, else for each band.
int64_t lay_out_window(std::vector<std::vector<Band>>& parts, size_t i, int64_t row) {
  int64_t held = 0, most = 0;
  bool again = false;
  for (const std::vector<Band>& part : parts)
    for (const Band& band : part) {
      held = std::max(held, band[i].out.end - std::min(band[i].out.begin, band[i + 1].in.begin));
      most = std::max(most, band[i].out.count());
      again = again || (&band != &part.front() && band[i + 1].in.begin < band[i].out.begin);
    }
  const int64_t window = again && (held + most) * row <= kMostWindow ? held + most : held;
  for (std::vector<Band>& part : parts) {
    int64_t origin = part.front()[i].out.begin;
    for (Band& band : part) {
      BandPart& made = band[i];
      const int64_t needed = std::min(made.out.begin, band[i + 1].in.begin);
      if (made.out.end - origin > window || needed == made.out.begin) {
        made.kept = {needed, made.out.begin};
        origin = needed;
      }
      made.origin = origin;
    }
  }
  return window;
}

}  // namespace

Bands split_into_bands(std::span<const BandLayer> layers, int64_t rows, int64_t parts,
                       int64_t grain) {
  const BandLayer& last = layers.back();
  const int64_t height = last.problem.out_height;
  const int64_t tile = last.kernel->tile_rows(last.problem);
  const int64_t each = kernels::round_up(rows, tile), step = kernels::round_up(grain, tile);
  const int64_t steps = kernels::divide_up(height, step);
  Bands bands;
  parts = std::clamp<int64_t>(parts, 1, kernels::divide_up(height, std::max(each, step)));
  for (int64_t part = 0; part < parts; ++part) {
    Sliding sliding(layers);
    std::vector<Band>& own = bands.parts.emplace_back();
    const int64_t begin = steps * part / parts * step;
    const int64_t end = std::min(height, steps * (part + 1) / parts * step);
    // Of alike many tiles.
    const int64_t count = kernels::divide_up(end - begin, each);
    const int64_t own_tiles = kernels::divide_up(end - begin, tile);
    for (int64_t i = 0; i < count; ++i)
      own.push_back(sliding.next({begin + own_tiles * i / count * tile,
                                  std::min(end, begin + own_tiles * (i + 1) / count * tile)}));
  }
  for (size_t i = 0; i + 1 < layers.size(); ++i) {
    const int64_t row =
        layers[i].problem.out_width * window_pixel(layers, i) * static_cast<int64_t>(sizeof(float));
    bands.window_rows.push_back(lay_out_window(bands.parts, i, row));
  }
  return bands;
}

}  // namespace shrike
