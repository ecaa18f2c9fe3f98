// 1x1 convolutions of a whole map, some of the outputs at a time: what reads them next can do so
// while they are near. Each goes with a row of conv_kernels(), whose packing it takes, and gives
// its bits.
#pragma once

#include "kernels/conv/conv.h"

namespace shrike::kernels {

struct ConvPanelsKernel {
  const char* row;  // of conv_kernels()
  // Outputs of a panel; the last may have fewer.
  int64_t (*columns)(const ConvProblem&);
  // Of what prepare() makes, aligned to kTensorAlignment.
  size_t (*scratch_bytes)(const ConvProblem&);
  // What all panels share, from the input of a run.
  void (*prepare)(const ConvProblem&, const PackedConv&, const ConstMapView& input, ThreadPool&,
                  std::byte* scratch);
  // Of rows [first, last) outputs panel * columns() and so on, as channels 0, 1, ... of a map of
  // these rows. By the caller alone: several may compute panels at once.
  void (*run)(const ConvProblem&, const PackedConv&, const ConstMapView& input, int64_t panel,
              int64_t first, int64_t last, const MapView& output, const std::byte* scratch);
  bool adds_halves = false;  // as its row
};

std::span<const ConvPanelsKernel> conv_panels_kernels();

// The form of a row that accepts the problem; null where there is none: for a problem that adds a
// map, whose outputs are not made of the pixel at their place alone, or of whose sums the row alone
// makes halves.
const ConvPanelsKernel* conv_panels_form(const ConvKernel& row, const ConvProblem& problem);

}  // namespace shrike::kernels
