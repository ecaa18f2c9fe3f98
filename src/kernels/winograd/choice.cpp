#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/conv/evenness.h"
#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/lean.h"
#include "kernels/winograd/lean_pairs.h"
#include "kernels/winograd/pairs.h"
#include "kernels/winograd/tiles.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

namespace {

// Costs are in multiply-adds at full speed, without what follows the sums, which all have in
// common, and without the way of a direct convolution's weights, which lean rows have to go, too.
// The constants were fitted to measurements (docs/decisions/006-winograd.md, and
// 041-weights-made-in-the-run.md for those of lean.h and of a far third cache level).
constexpr double kTransform = 10;  // for each point and channel, in or out
constexpr double kFetch = 2;       // tiles or pixels computed while weights come
constexpr double kFarFetch = 8;    // likewise, from beyond the caches
// Likewise, with CpuFeatures::far_l3 for all weights that no run before has left near.
constexpr double kMeshFetch = 24;
// Products of single channels where sums of kProductBlock take the multipliers' time.
constexpr double kSharedAdders = 1.0 + 1.0 / kProductBlock;
constexpr double kLean = 7;  // lean.h: while points of a block of tiles are made
// lean.h: what a channel that a group lacks costs nevertheless, as sums are added group by group.
constexpr double kLeanLack = 0.11;
// pairs.h: a product; weights from afar; a tile's points as above, and what its sums start at, next
// to single products' on the same processor.
constexpr double kPairs = 0.8, kPairFarFetch = 3;
struct PairTransform {
  double channel, start;
};
constexpr PairTransform kPairTransform{13, 100}, kWidePairTransform{18, 700};
constexpr double kLeanPairs = 2;  // lean_pairs.h: while points of nine tiles are made
constexpr double kPixel = 100, kPixelInput = 20;  // direct: for each input pixel, and its channels
constexpr double kPointwise = 0.9;                // what 1x1 kernels reach of the full speed

// Vectors are computed whole.
double padded(int64_t channels) { return static_cast<double>(divide_up(channels, 16) * 16); }

// What the algorithm cannot compute, whatever it costs.
const char* cannot(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  if (problem.kernel_h != 3 || problem.kernel_w != 3) return "not a 3x3 kernel";
  if (problem.dilation_h != 1 || problem.dilation_w != 1) return "dilated";
  if (problem.stride_h != algorithm.stride || problem.stride_w != algorithm.stride)
    return "made for another stride";
  if (problem.groups != 1) return "grouped";
  return nullptr;
}

double tiles_of(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  return static_cast<double>(winograd_tiles(algorithm, problem));
}

// Of a channel and an output.
double products_of(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  return static_cast<double>(TileGrid(algorithm, problem).products());
}

// The error of a direct sum grows with the root of its length; that of these hardly does, as
// products are added in blocks (TileKernel::product; of lean rows larger ones, kLeanRounding). An
// algorithm's own number is that of its products (toom_cook.h); what transforms round adds a fifth.
// The rest is a margin, which one network asked for (docs/decisions/048-a-margin-for-rounding.md).
double rounding(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  constexpr double kMargin = std::numbers::sqrt2;
  return kMargin * algorithm.rounding / std::sqrt(static_cast<double>(problem.in_channels));
}

double transforms(double tiles, const ConvProblem& problem) {
  return tiles * kTransform * (padded(problem.in_channels) + padded(problem.out_channels));
}

double pair_transforms(double tiles, const ConvProblem& problem, const PairTransform& costs) {
  return transforms(tiles, problem) * (costs.channel / kTransform) + tiles * costs.start;
}

bool exceeds(size_t bytes, const ConvProblem& problem) {
  return bytes > static_cast<uint64_t>(std::max<int64_t>(0, problem.max_packed_bytes));
}

// What the problem does not allow, whatever it costs.
const char* not_allowed(const TileKernel& tile, const WinogradAlgorithm& algorithm,
                        const ConvProblem& problem) {
  if (rounding(algorithm, problem) > problem.max_rounding)
    return "its sums round more than is allowed";
  const WinogradKernel sizes{&tile, &algorithm, nullptr, nullptr};
  if (exceeds(winograd_packed_bytes(sizes, problem), problem))
    return "the packed weights would be too large";
  return nullptr;
}

double lean_cost(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  const double tiles = tiles_of(algorithm, problem), points = algorithm.in * algorithm.in;
  const double outputs = padded(problem.out_channels);
  const auto channels = static_cast<double>(problem.in_channels);
  const double lack = static_cast<double>(round_up(problem.in_channels, kLeanChannels)) - channels;
  const double blocks =
      std::ceil(tiles / static_cast<double>(lean_block_tiles(algorithm, problem)));
  return (products_of(algorithm, problem) * (channels + kLeanLack * lack) +
          points * kLean * blocks * channels) *
             outputs +
         points * transforms(tiles, problem);
}

}  // namespace

double direct_cost(const ConvProblem& problem) {
  const auto inputs = static_cast<double>(problem.in_height * problem.in_width);
  const auto outputs = static_cast<double>(problem.out_height * problem.out_width);
  const auto channels = static_cast<double>(problem.in_channels);
  const auto products = static_cast<double>(problem.taps() * problem.group_in());
  if (problem.taps() == 1 && problem.groups == 1)
    return outputs * products * padded(problem.out_channels) / kPointwise;
  return (outputs + kFetch) * products * padded(problem.out_channels) +
         inputs * (kPixel + kPixelInput * channels);
}

double winograd_cost(const WinogradAlgorithm& algorithm, const ConvProblem& problem,
                     const CpuFeatures& cpu) {
  const double tiles = tiles_of(algorithm, problem), points = algorithm.in * algorithm.in;
  const double weights = static_cast<double>(problem.in_channels) * padded(problem.out_channels);
  const double packed = weights * algorithm.weights * algorithm.weights;
  const auto block = static_cast<double>(winograd_block_tiles(algorithm, problem));
  const double far = cpu.far_l3 ? kMeshFetch : kFarFetch, near = cpu.far_l3 ? kMeshFetch : kFetch;
  const double fetch =
      packed > static_cast<double>(kNearFloats) ? far * std::ceil(tiles / block) : near;
  const double products =
      products_of(algorithm, problem) * (cpu.separate_adders ? 1 : kSharedAdders);
  return (products + points * fetch) * weights + points * transforms(tiles, problem);
}

const char* winograd_refuse(const WinogradKernel& kernel, const ConvProblem& problem) {
  const WinogradAlgorithm& algorithm = *kernel.algorithm;
  if (const char* reason = cannot(algorithm, problem)) return reason;
  if (const char* reason = not_allowed(*kernel.tile, algorithm, problem)) return reason;
  if (!problem.by_estimate) return nullptr;
  const double cost = winograd_cost(algorithm, problem);
  if (cost >= direct_cost(problem)) return "a direct convolution is faster at this size";
  for (const WinogradAlgorithm* other : kWinogradAlgorithms)
    if (other->stride == algorithm.stride && winograd_cost(*other, problem) < cost &&
        !not_allowed(*kernel.tile, *other, problem))
      return "another tile size is faster at this size";
  return nullptr;
}

double winograd_pairs_cost(const WinogradAlgorithm& algorithm, bool wide,
                           const ConvProblem& problem) {
  const double tiles = tiles_of(algorithm, problem), points = algorithm.in * algorithm.in;
  const double weights = static_cast<double>(problem.in_channels) * padded(problem.out_channels);
  const double packed = weights * algorithm.weights * algorithm.weights;
  const auto block = static_cast<double>(winograd_block_tiles(algorithm, problem));
  const double fetch =
      packed > static_cast<double>(kNearFloats) ? kPairFarFetch * std::ceil(tiles / block) : kFetch;
  return (kPairs * products_of(algorithm, problem) + points * fetch) * weights +
         points * pair_transforms(tiles, problem, wide ? kWidePairTransform : kPairTransform);
}

namespace {

// What costs beside those of pairs are asked for: rows in pairs are for such processors alone.
CpuFeatures made_for_pairs() {
  CpuFeatures cpu;
  cpu.separate_adders = true;
  return cpu;
}

}  // namespace

const char* winograd_pairs_refuse(const WinogradPairs& pairs, const ConvProblem& problem) {
  const WinogradAlgorithm& algorithm = *pairs.kernel->algorithm;
  if (const char* reason = cannot(algorithm, problem)) return reason;
  if (problem.uneven) return kUneven;
  if (rounding(algorithm, problem) * kPairRounding > problem.max_rounding)
    return "its sums round more than is allowed";
  if (exceeds(winograd_pairs_packed_bytes(pairs, problem), problem))
    return "the packed weights would be too large";
  if (!problem.by_estimate) return nullptr;
  const double cost = winograd_pairs_cost(algorithm, pairs.wide, problem);
  if (cost >= direct_cost(problem)) return "a direct convolution is faster at this size";
  for (const WinogradAlgorithm* other : kWinogradAlgorithms) {
    if (other->stride != algorithm.stride || rounding(*other, problem) > problem.max_rounding)
      continue;
    if (winograd_cost(*other, problem, made_for_pairs()) < cost)
      return "single products are faster at this size";
    if (rounding(*other, problem) * kPairRounding <= problem.max_rounding &&
        winograd_pairs_cost(*other, pairs.wide, problem) < cost)
      return "another tile size is faster at this size";
  }
  return nullptr;
}

double lean_winograd_cost(const LeanWinograd& lean, const ConvProblem& problem) {
  return lean_cost(*lean.kernel->algorithm, problem);
}

namespace {

// What rows that transform weights in the run cannot do, whatever it costs.
const char* cannot_lean(const WinogradAlgorithm& algorithm, const ConvProblem& problem,
                        double rounding_factor, size_t packed_bytes) {
  if (const char* reason = cannot(algorithm, problem)) return reason;
  if (rounding_factor * rounding(algorithm, problem) > problem.max_rounding)
    return "its sums round more than is allowed";
  if (exceeds(packed_bytes, problem)) return "the packed weights would be too large";
  return nullptr;
}

constexpr const char* kFasterDirect = "a direct convolution is faster at this size";
constexpr const char* kFasterTile = "another tile size is faster at this size";
constexpr const char* kFasterPacked = "transforming the weights beforehand is faster at this size";

}  // namespace

const char* lean_winograd_refuse(const LeanWinograd& lean, const ConvProblem& problem) {
  const WinogradAlgorithm& algorithm = *lean.kernel->algorithm;
  if (const char* reason =
          cannot_lean(algorithm, problem, kLeanRounding, lean_winograd_packed_bytes(lean, problem)))
    return reason;
  if (!problem.by_estimate) return nullptr;
  const double cost = lean_winograd_cost(lean, problem);
  if (cost >= direct_cost(problem)) return kFasterDirect;
  for (const WinogradAlgorithm* other : kWinogradAlgorithms) {
    if (other->stride != algorithm.stride || rounding(*other, problem) > problem.max_rounding)
      continue;
    if (lean_cost(*other, problem) < cost &&
        kLeanRounding * rounding(*other, problem) <= problem.max_rounding)
      return kFasterTile;
    if (winograd_cost(*other, problem) < cost && !not_allowed(*lean.kernel->tile, *other, problem))
      return kFasterPacked;
  }
  return nullptr;
}

double lean_pairs_cost(const LeanPairs& lean, const ConvProblem& problem) {
  const WinogradAlgorithm& algorithm = *lean.pairs->kernel->algorithm;
  const PairTransform& transform = lean.pairs->wide ? kWidePairTransform : kPairTransform;
  const double tiles = tiles_of(algorithm, problem), points = algorithm.in * algorithm.in;
  const double groups = std::ceil(tiles / static_cast<double>(kLeanPairTiles));
  const double weights = static_cast<double>(problem.in_channels) * padded(problem.out_channels);
  return (kPairs * products_of(algorithm, problem) + points * kLeanPairs * groups) * weights +
         points * pair_transforms(tiles, problem, transform);
}

const char* lean_pairs_refuse(const LeanPairs& lean, const ConvProblem& problem) {
  if (problem.uneven) return kUneven;
  const WinogradAlgorithm& algorithm = *lean.pairs->kernel->algorithm;
  if (const char* reason =
          cannot_lean(algorithm, problem, kPairRounding, lean_pairs_packed_bytes(lean, problem)))
    return reason;
  constexpr double kTiles = 64;
  if (tiles_of(algorithm, problem) > kTiles) return "too many tiles to keep the points of all";
  if (!problem.by_estimate) return nullptr;
  const double cost = lean_pairs_cost(lean, problem);
  if (cost >= direct_cost(problem)) return kFasterDirect;
  for (const WinogradAlgorithm* other : kWinogradAlgorithms)
    if (other->stride == algorithm.stride &&
        kPairRounding * rounding(*other, problem) <= problem.max_rounding &&
        winograd_pairs_cost(*other, lean.pairs->wide, problem) < cost &&
        !not_allowed(*lean.pairs->kernel->tile, *other, problem))
      return kFasterPacked;
  return nullptr;
}

bool winograd_costs_less(const TileKernel& tile, double cost, const ConvProblem& problem) {
  const CpuFeatures& cpu = cpu_features();
  const bool in_pairs = !cpu_lacks(CpuNeed::kAvx512Adders, cpu), wide = cpu.whole_avx512;
  for (const WinogradAlgorithm* algorithm : kWinogradAlgorithms) {
    // For their numbers, never run.
    const WinogradKernel kernel{&tile, algorithm, nullptr, nullptr};
    const WinogradPairs pairs{&kernel, 0, nullptr, nullptr, nullptr, wide};
    const LeanWinograd lean{&kernel, nullptr};
    if (winograd_cost(*algorithm, problem) < cost && !winograd_refuse(kernel, problem)) return true;
    if (in_pairs && winograd_pairs_cost(*algorithm, wide, problem) < cost &&
        !winograd_pairs_refuse(pairs, problem))
      return true;
    if (algorithm->stride == 1 && lean_winograd_cost(lean, problem) < cost &&
        !lean_winograd_refuse(lean, problem))
      return true;
  }
  return false;
}

}  // namespace shrike::kernels
