// What the drivers of 1x1 convolutions share: how outputs and pixels are divided.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "kernels/conv/one_row.h"
#include "kernels/conv/pointwise.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

// Which panels there are, and where they lie in a PackedConv, in floats.
class PointwisePanels {
 public:
  PointwisePanels(const PointwiseKernel& kernel, const ConvProblem& problem)
      : kernel_(kernel), depth_(problem.in_channels), outputs_(problem.out_channels) {
    const int64_t rest = outputs_ % kernel.wide.columns;
    const bool narrow = kernel.narrow && rest > 0 && rest <= kernel.narrow->columns;
    wide_ = divide_up(outputs_, kernel.wide.columns) - (narrow ? 1 : 0);
    count_ = wide_ + (narrow ? 1 : 0);
    columns_ = wide_ * kernel.wide.columns + (narrow ? kernel.narrow->columns : 0);
    wide_depth_ = kernel.wide.beside.padded(depth_);
    weights_ = wide_ * kernel.wide.columns * wide_depth_;
    if (narrow) weights_ += kernel.narrow->columns * kernel.narrow->beside.padded(depth_);
  }

  int64_t count() const { return count_; }
  int64_t columns() const { return columns_; }  // of all panels
  const PointwisePanel& panel(int64_t index) const {
    return index < wide_ ? kernel_.wide : *kernel_.narrow;
  }
  int64_t first_output(int64_t index) const { return index * kernel_.wide.columns; }
  int64_t outputs(int64_t index) const {
    return std::min(panel(index).columns, outputs_ - first_output(index));
  }
  // How many panels from `index` on, before `last`, are a strip together: 1 or more.
  int64_t together(int64_t index, int64_t last, const PointwiseStrip& strip) const {
    const auto takes_many = panel(index).takes_many;
    if (!takes_many || !takes_many(strip.activation.kind, strip.order) ||
        strip.count % kernel_.rows != 0)
      return 1;
    return std::max<int64_t>(1, std::min(last, outputs_ / kernel_.wide.columns) - index);
  }
  int64_t weights(int64_t index) const { return first_output(index) * wide_depth_; }
  int64_t bias(int64_t index) const { return weights_ + first_output(index); }
  int64_t total() const { return weights_ + columns_; }

 private:
  const PointwiseKernel& kernel_;
  int64_t depth_, outputs_;
  int64_t wide_, count_, columns_, weights_;
  int64_t wide_depth_;  // of weights, with what is missing of channels side by side
};

// How one call's work is divided into units, each a block of pixels and some of the panels.
class PointwiseUnits {
 public:
  // rows: pixels that are computed at once.
  PointwiseUnits(int64_t rows, const ConvProblem& problem, const ConvMaps& maps, int64_t panels,
                 int threads)
      : problem_(problem), maps_(maps), panels_(panels), tile_(rows) {
    if (is_one_row(problem, maps)) {
      rows_ = 1;
      length_ = problem.out_height * problem.out_width;
    } else {
      rows_ = problem.out_height;
      length_ = problem.out_width;
    }
    block_ = block_pixels(rows, problem);
    blocks_ = divide_up(length_, block_);
    if (threads > 1 && rows_ == 1) divide(round_up(blocks_, threads));
    // Small maps are also divided by outputs, so that every thread gets about four units of work.
    const int64_t wanted = threads > 1 ? 4 * threads : 1;
    parts_ =
        std::clamp<int64_t>(divide_up(wanted, std::max<int64_t>(1, rows_ * blocks_)), 1, panels);
  }

  // Pixels of a block at most: whole tiles, few enough that their inputs stay in the first cache
  // level while all weights pass by.
  static int64_t block_pixels(int64_t rows, const ConvProblem& problem) {
    constexpr int64_t kInputFloats = 4096;  // half of a first-level cache of 32 KiB
    return std::clamp<int64_t>(kInputFloats / problem.in_channels / rows, 4, 64) * rows;
  }

  // At least so many blocks, as far as there are tiles for them, of alike many tiles.
  void divide(int64_t least) {
    const int64_t tiles = divide_up(length_, tile_);
    blocks_ = std::min(tiles, std::max(blocks_, divide_up(least, rows_)));
    block_ = tiles / blocks_ * tile_;
    larger_ = tiles % blocks_;
  }

  // A block for each row, where inputs are read once in any case: by one panel.
  void join() {
    blocks_ = 1;
    block_ = length_;
    larger_ = 0;
  }

  int64_t count() const { return rows_ * blocks_ * parts_; }

  // Panels [first_panel, last_panel) of the pixels that `strip` says; the rest of it is for each
  // panel to fill in, for which output and residual point at a pixel's first channel.
  struct Unit {
    PointwiseStrip strip;
    int64_t first_panel, last_panel;
    int64_t pixel;  // the first, counted row by row
  };
  Unit unit(int64_t index) const {
    const int64_t part = index % parts_, block = index / parts_ % blocks_;
    const int64_t y = index / parts_ / blocks_;
    const int64_t first = block * block_ + std::min(block, larger_) * tile_;
    Unit unit{{}, panels_ * part / parts_, panels_ * (part + 1) / parts_, y * length_ + first};
    PointwiseStrip& strip = unit.strip;
    strip.input = maps_.input.data + y * problem_.stride_h * maps_.input.row_stride +
                  first * problem_.stride_w * maps_.input.pixel_stride;
    strip.input_step = problem_.stride_w * maps_.input.pixel_stride;
    strip.count = std::min(block_ + (block < larger_ ? tile_ : 0), length_ - first);
    strip.depth = problem_.in_channels;
    strip.output = maps_.output.at(y, first);
    strip.output_step = maps_.output.pixel_stride;
    if (problem_.residual != Residual::kNone) strip.residual = maps_.residual.at(y, first);
    strip.residual_step = maps_.residual.pixel_stride;
    strip.activation = problem_.activation;
    strip.order = problem_.residual;
    return unit;
  }

 private:
  const ConvProblem& problem_;
  const ConvMaps& maps_;
  int64_t panels_, tile_;
  int64_t rows_, length_;       // of pixels at equal distances
  int64_t block_, larger_ = 0;  // pixels of a block; how many, the first ones, have a tile more
  int64_t blocks_, parts_;      // blocks of a row
};

// Rows [first, last) of a problem with a stride of 1, which are made of the same ones of its input.
struct PointwiseRows {
  PointwiseRows(const ConvProblem& whole, const ConstMapView& map, int64_t first, int64_t last)
      : problem(whole), input(map) {
    problem.in_height = problem.out_height = input.height = last - first;
    input.data = map.at(first, 0);
  }

  ConvProblem problem;
  ConstMapView input;
};

// Whether threads divide outputs rather than pixels: of few pixels and many outputs each thread
// would read most of the weights (docs/decisions/039-even-shares.md).
inline bool divides_outputs(const ConvProblem& problem, int threads) {
  return threads > 1 && problem.stride_h == 1 && problem.stride_w == 1 &&
         problem.out_height * problem.out_width <= 2 * problem.out_channels;
}

// Share i of n of what is asked for while 1x1 layers multiply in pairs, by a unit of so many panels
// of tiles of `rows` pixels: at pair k of tile t of a panel the line at
// strip.ahead + (t * pairs + k) * strip.ahead_step. Little is asked for twice.
//
// Weights that are scaled are read once a run, before anything is computed with them: those of a
// network come from memory then, where other programs use the third cache level, and nothing hides
// that (docs/decisions/047-zen-4.md).
inline void ask_ahead(std::span<const std::byte> next, int64_t i, int64_t n, int64_t panels,
                      int64_t rows, int64_t pairs, PointwiseStrip& strip) {
  constexpr int64_t kLine = 64;
  if (next.empty()) return;
  const int64_t size = std::ssize(next), first = size * i / n, share = size * (i + 1) / n - first;
  const int64_t times = strip.count / rows * pairs;  // a panel
  if (share == 0 || times == 0) return;
  strip.ahead = next.data() + first;
  strip.ahead_step = std::min(kLine, divide_up(share, panels * times));
  strip.ahead_panel = times * strip.ahead_step;
}

// Calls compute(panel, unit) for units of one panel and one block of pixels, in the panels' order.
// pairs: of a tile that asks for maps.next, or 0.
template <typename Compute>
void for_each_panel(const PointwisePanels& panels, int64_t rows, const ConvProblem& problem,
                    const ConvMaps& maps, ThreadPool& pool, const Compute& compute,
                    int64_t pairs = 0) {
  PointwiseUnits blocks(rows, problem, maps, 1, 1);
  blocks.divide(divide_up(4 * pool.threads(), panels.count()));
  const int64_t units = panels.count() * blocks.count();
  pool.parallel_for(units, [&](int64_t index, int) {
    const int64_t panel = index / blocks.count();
    PointwiseUnits::Unit unit = blocks.unit(index % blocks.count());
    unit.strip.output += panels.first_output(panel);
    if (unit.strip.residual) unit.strip.residual += panels.first_output(panel);
    if (pairs > 0) ask_ahead(maps.next, index, units, 1, rows, pairs, unit.strip);
    compute(panel, unit);
  });
}

// One panel of a strip, with weights and biases from where panels.weights() and panels.bias() say
// in `packed`. Strips are filled in, not copied: a copy waits until what was just written of them,
// and all that was stored before, has left the processor's store queue.
inline void compute_panel(const PointwisePanels& panels, const float* packed, int64_t index,
                          PointwiseStrip& strip) {
  strip.weights = packed + panels.weights(index);
  strip.bias = packed + panels.bias(index);
  strip.columns = panels.outputs(index);
  panels.panel(index).function(strip.activation.kind)(strip);
}

// A unit's panels, one after the other; together those that the panel's function takes at once.
inline void compute_panels(const PointwisePanels& panels, const float* packed,
                           PointwiseUnits::Unit& unit) {
  PointwiseStrip& strip = unit.strip;
  float* const output = strip.output;
  const float* const residual = strip.residual;
  for (int64_t i = unit.first_panel; i < unit.last_panel; i += strip.panels) {
    const int64_t first = panels.first_output(i);
    strip.output = output + first;
    if (residual) strip.residual = residual + first;
    strip.panels = panels.together(i, unit.last_panel, strip);
    compute_panel(panels, packed, i, strip);
    if (strip.ahead) strip.ahead += strip.panels * strip.ahead_panel;
  }
}

}  // namespace shrike::kernels
