#include "kernels/conv/split.h"

#include <algorithm>

#include "kernels/conv/igemm.h"
#include "kernels/conv/split_geometry.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

namespace {

// Bytes of planes of one row of output: where they are more, no strip is near.
constexpr double kMostRowBytes = 1 << 22;

// In multiply-adds of fp32 at full speed, as winograd_cost(), fitted to whole networks on an Intel
// Xeon with AMX (docs/decisions/040-split-products.md, 041-weights-made-in-the-run.md): 16 x 16
// sums of 32 channels, next to others and where there are too few to hide their latency; a block's
// way to memory and back, with its numbers near and elsewhere; a pixel of the input, and each
// channel of it; a weight's way from memory.
constexpr double kTileStep = 3250, kLonelyTileStep = 5200;
constexpr double kNearBlock = 2800, kBlock = 23000, kPixel = 440, kInput = 11, kWeight = 10;
constexpr int64_t kNearSteps = 4;
// Of pixels one by one (docs/decisions/042-split-on-the-way.md): 16 pixels' sums of a group of
// outputs; a step of theirs that is split; its products with 16 outputs, which are some of several
// and all there are.
constexpr double kRunBlock = 5700, kRunStep = 1000, kRunTileStep = 4750, kLonelyRunTileStep = 9000;
// Shares of these that are left with one part instead of three.
constexpr double kOneProduct = 0.25, kOneInput = 0.4, kOneWeight = 0.33;

// Of one row of output, in floating point: windows and strides are below 2^24 (ir/infer), so that
// no factor overflows, but their product may.
double row_bytes(const SplitPlanes& planes, const ConvProblem& p) {
  const double positions =
      static_cast<double>(planes.pitch) * static_cast<double>(planes.input_rows(p, 1)) +
      static_cast<double>(planes.behind(p));
  return positions * static_cast<double>(planes.position_bytes());
}

size_t direct_bytes(const SplitKernel& kernel, const ConvProblem& p) {
  if (p.taps() > 1) return igemm_packed_bytes(*kernel.tile, p);
  return static_cast<size_t>(round_up(p.out_channels, kSplitTile) * (p.in_channels + 1)) *
         sizeof(float);
}

double runs_cost(const SplitPacking& packing, const ConvProblem& p, bool one) {
  const auto steps = static_cast<double>(packing.steps);
  const double tile_step = packing.tiles == 1 ? kLonelyRunTileStep : kRunTileStep;
  const auto groups = static_cast<double>(packing.groups);
  const double splits = packing.steps <= kSplitKeptSteps ? 1 : groups;
  const double step = steps * kRunStep * (one ? kOneInput : 1);
  const double tile = steps * tile_step * (one ? kOneProduct : 1);
  return static_cast<double>(divide_up(p.out_height * p.out_width, kSplitTile)) *
         (groups * kRunBlock + splits * step + static_cast<double>(packing.tiles) * tile);
}

double strips_cost(const SplitPacking& packing, const ConvProblem& p, const SplitPlanes& planes) {
  const int64_t pixels = p.out_height * planes.width;
  const double rows = static_cast<double>(divide_up(pixels, kSplitTile)) / 2;
  const auto steps = static_cast<double>(packing.steps);
  const double block = packing.steps <= kNearSteps && packing.groups > 1 ? kNearBlock : kBlock;
  const double pairs = static_cast<double>(packing.tiles / 2);
  const double lonely = static_cast<double>(packing.tiles % 2);
  const auto inputs = static_cast<double>(p.in_height * p.in_width);
  const double input = kPixel + kInput * static_cast<double>(planes.steps * kSplitDepth);
  const bool one = planes.parts == 1;
  const double product = steps * (one ? kOneProduct : 1);
  return rows * (pairs * (4 * product * kTileStep + block) +
                 lonely * (2 * product * kLonelyTileStep + block)) +
         inputs * input * (one ? kOneInput : 1);
}

}  // namespace

double split_cost(const SplitKernel& kernel, const ConvProblem& problem) {
  const SplitPacking packing(kernel, problem);
  const bool one = kernel.parts == 1;
  const double weights = static_cast<double>(packing.steps * packing.tiles * kSplitTileNumbers) *
                         kWeight * (one ? kOneWeight : 1);
  return weights + (problem.pixel_by_pixel()
                        ? runs_cost(packing, problem, one)
                        : strips_cost(packing, problem, SplitPlanes(kernel, problem)));
}

const char* split_refuse(const SplitKernel& kernel, const ConvProblem& problem) {
  if (kernel.parts == 1 && problem.precision != Precision::kBfloat16)
    return "rounding to bfloat16 is not allowed";
  if (problem.groups != 1) return "in groups";
  if (!problem.pixel_by_pixel() && row_bytes(SplitPlanes(kernel, problem), problem) > kMostRowBytes)
    return "a row's inputs are too many";
  // Some take less than a direct convolution's, which nothing refuses.
  const size_t bytes = split_packed_bytes(kernel, problem);
  if (bytes > direct_bytes(kernel, problem) &&
      static_cast<uint64_t>(std::max<int64_t>(0, problem.max_packed_bytes)) < bytes)
    return "the packed weights would be too large";
  if (!problem.by_estimate) return nullptr;
  const double cost = split_cost(kernel, problem);
  if (cost >= direct_cost(problem)) return "single products are faster at this size";
  if (winograd_costs_less(*kernel.tile, cost, problem))
    return "Winograd's algorithm is faster at this size";
  return nullptr;
}

}  // namespace shrike::kernels
