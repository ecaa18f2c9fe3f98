// The sizes a direct convolution and the packing of its weights work with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/qconv/tile.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

// How a window is divided into runs, and where their weights lie.
struct DirectPacking {
  DirectPacking(const QTileKernel& tile, const ConvProblem& problem)
      : merged(problem.dilation_w == 1),
        run_taps(merged ? problem.kernel_w : 1),
        runs(problem.taps() / run_taps),
        run_length(run_taps * problem.group_in()),
        steps(divide_up(run_length, tile.step_elements())),
        panels(divide_up(problem.group_out(), tile.columns)),
        panel_bytes(runs * steps * 4 * tile.columns),
        all_panels(problem.groups * panels) {}

  struct Place {
    int64_t panel, column;
  };
  Place place(const QTileKernel& tile, const ConvProblem& problem, int64_t output) const {
    const int64_t within = output % problem.group_out();
    return {output / problem.group_out() * panels + within / tile.columns, within % tile.columns};
  }

  bool merged;         // a kernel row is one run
  int64_t run_taps;    // taps of a run
  int64_t runs;        // of a window
  int64_t run_length;  // elements that exist
  int64_t steps;       // of a run
  int64_t panels;      // of a group
  int64_t panel_bytes;
  int64_t all_panels;  // of all groups
};

// One output's weights, [group_in][tap], into their place.
template <typename Source, typename Element>
void pack_column(const QTileKernel& tile, const ConvProblem& problem, const DirectPacking& packing,
                 const Source* source, DirectPacking::Place place, Element* weights) {
  const int64_t step = tile.step_elements();
  Element* column = weights + place.panel * packing.runs * packing.steps * tile.columns * step +
                    place.column * step;
  for (int64_t tap = 0; tap < problem.taps(); ++tap)
    for (int64_t c = 0; c < problem.group_in(); ++c) {
      const int64_t within = tap % packing.run_taps * problem.group_in() + c;
      const int64_t index = tap / packing.run_taps * packing.steps + within / step;
      column[index * tile.columns * step + within % step] = source[c * problem.taps() + tap];
    }
}

// The output in blocks of rows x columns pixels, and the band of one.
struct DirectGrid {
  DirectGrid(const QTileKernel& tile, const ConvProblem& problem, int threads);

  bool in_place;          // the map itself is the band
  int64_t rows, columns;  // of a block, in outputs
  int64_t down, across;   // blocks
  int64_t pixels;         // of a block, rounded up to whole tiles
  int64_t band_pixel;     // bytes
  int64_t band_row;       // bytes
  size_t band_bytes;
};

inline constexpr int64_t kMaxBlockPixels = 512;

// Whether windows lie so far in the padding that a copy of what all of them span would be many times
// the map: a dilation or stride of millions costs a file nothing.
inline bool spans_far_more_than_map(const ConvProblem& p) {
  const auto span = [](int64_t out, int64_t stride, int64_t kernel, int64_t dilation) {
    return static_cast<double>(out - 1) * static_cast<double>(stride) +
           static_cast<double>(kernel - 1) * static_cast<double>(dilation) + 1;
  };
  const auto far = [](double spanned, int64_t map) {
    return spanned > 4 * static_cast<double>(map) + 64;
  };
  return far(span(p.out_height, p.stride_h, p.kernel_h, p.dilation_h), p.in_height) ||
         far(span(p.out_width, p.stride_w, p.kernel_w, p.dilation_w), p.in_width);
}

// For the tables: refuses such windows, and a band of more than kMostBandBytes, for any number of threads.
const char* direct_refuse(const QTileKernel& tile, const ConvProblem& problem);

}  // namespace shrike::kernels
