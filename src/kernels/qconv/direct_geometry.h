// The sizes direct.cpp and direct_pack.cpp work with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/qconv/packing.h"
#include "kernels/qconv/tile.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

// How a window is divided into runs, and where their weights lie.
struct DirectPacking {
  DirectPacking(const QTileKernel& tile, const QConvProblem& problem)
      : merged(problem.dilation_w == 1),
        run_taps(merged ? problem.kernel_w : 1),
        runs(problem.taps() / run_taps),
        run_length(run_taps * problem.group_in()),
        steps(divide_up(run_length, tile.step_elements())),
        panels(divide_up(problem.group_out(), tile.columns)),
        panel_bytes(runs * steps * 4 * tile.columns),
        layout(problem.groups * panels * tile.columns, problem.groups * panels * panel_bytes) {}

  bool merged;         // a kernel row is one run
  int64_t run_taps;    // taps of a run
  int64_t runs;        // of a window
  int64_t run_length;  // elements that exist
  int64_t steps;       // of a run
  int64_t panels;      // of a group
  int64_t panel_bytes;
  QPacking layout;
};

// The output in blocks of rows x columns pixels, and the band of one.
struct DirectGrid {
  DirectGrid(const QTileKernel& tile, const QConvProblem& problem, int threads);

  bool in_place;          // the map itself is the band
  int64_t rows, columns;  // of a block, in outputs
  int64_t down, across;   // blocks
  int64_t pixels;         // of a block, rounded up to whole tiles
  int64_t band_pixel;     // bytes
  int64_t band_row;       // bytes
  size_t band_bytes;
};

inline constexpr int64_t kMaxBlockPixels = 512;

}  // namespace shrike::kernels
