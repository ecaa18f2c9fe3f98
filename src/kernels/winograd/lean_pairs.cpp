#include "kernels/winograd/lean_pairs.h"

#include <algorithm>
#include <cassert>

#include "base/tensor.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/tiles.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kTaps = 9;
constexpr int64_t kMaxPoints = 49;
constexpr int64_t kChunk = 48;  // channels that are transformed together: whole blocks and vectors
constexpr int64_t kApart = 16;  // floats: not all points to the same set of a cache
constexpr int64_t kMaxLanes = 16;

// Sizes in floats.
struct LeanPairGrid {
  LeanPairGrid(const LeanPairs& lean, const ConvProblem& problem)
      : algorithm(*lean.pairs->kernel->algorithm),
        map(algorithm, problem),
        tiles(map.count()),
        groups(divide_up(tiles, kLeanPairTiles)),
        group_tiles(divide_up(tiles, groups)),
        channels(divide_up(problem.in_channels, 3) * 3),
        points(int64_t{algorithm.in} * algorithm.in),
        lanes(lean.pairs->lanes),
        columns(lean.pairs->kernel->tile->columns),
        panels(divide_up(problem.out_channels, columns)) {}

  LeanPairGroup group(int64_t index) const;

  const WinogradAlgorithm& algorithm;
  TileGrid map;
  int64_t tiles, groups, group_tiles;  // in all; of them; in one at most
  int64_t channels;                    // a multiple of three
  int64_t points, lanes, columns, panels;
};

LeanPairGroup LeanPairGrid::group(int64_t index) const {
  LeanPairGroup group;
  group.first = tiles * index / groups;
  group.count = tiles * (index + 1) / groups - group.first;
  for (int64_t t = 0; t < group.count; ++t) {
    const TileGrid::Place place = map.place(group.first + t);
    const bool down = place.down == algorithm.out, across = place.across == algorithm.out;
    const bool used[4] = {true, across, down, down && across};
    for (int i = 0; i < 4; ++i)
      if (used[i]) group.uses[i].tiles[group.uses[i].count++] = static_cast<int8_t>(t);
  }
  return group;
}

struct LeanPairPacking {
  LeanPairPacking(const LeanPairGrid& grid, const ConvProblem& problem)
      : vector(grid.channels * kTaps * grid.lanes),
        panel(vector * (grid.columns / grid.lanes)),
        bias(grid.panels * panel),
        products(bias + grid.panels * grid.columns),
        scale(products + grid.panels * grid.columns * grid.points),
        total(scale + 1 + spare(problem)) {}

  int64_t vector, panel;  // floats of a vector of columns, of a panel
  int64_t bias, products, scale;
  int64_t total;

 private:
  // More than a direct convolution has beside weights and biases: a plan that must be small can
  // go on from here to that, which needs less scratch.
  static int64_t spare(const ConvProblem& problem) { return 3 * problem.in_channels + 16; }
};

// What all workers read, then what each has for itself.
struct LeanPairScratch {
  float* values;           // [group][block][point][channel][tile], see LeanPairBlock
  float* starts;           // [group][point][lanes]
  float* scales;           // [tile]: s
  float** outputs;         // [tile][output of a tile], those in the map first
  const float** residual;  // likewise
  float* windows;          // [tile of a group][point][channel of a chunk]
  float* half;             // LeanPairBlock::half
  float* products;         // [vector of a panel][point][tile][lanes], see LeanPairBlock
  float* points;           // [point][tile][column]
  float* sums;             // [output of a tile][column]
};

class LeanPairLayout {
 public:
  explicit LeanPairLayout(const LeanPairGrid& grid)
      : values_stride(grid.points * grid.channels * grid.group_tiles),
        points_stride(grid.group_tiles * grid.columns + kApart),
        vector_sums(grid.points * grid.group_tiles * grid.lanes),
        grid_(grid) {
    size_t end = 0;
    lay_out(nullptr, 0, shared_, end);
    own_ = end - shared_;
  }
  size_t bytes(int threads) const { return shared_ + static_cast<size_t>(threads) * own_; }
  LeanPairScratch scratch(std::byte* base, int worker) const {
    size_t shared = 0, end = 0;
    return lay_out(base, worker, shared, end);
  }

  int64_t values_stride;  // floats from group to group
  int64_t points_stride;  // from point to point
  int64_t vector_sums;    // from vector to vector of a panel

 private:
  LeanPairScratch lay_out(std::byte* base, int worker, size_t& shared, size_t& end) const {
    const auto take = [&](int64_t count, size_t each) {
      std::byte* part = base ? base + end : nullptr;
      end += align_up(static_cast<size_t>(count) * each);
      return part;
    };
    const auto floats = [&](int64_t count) {
      return reinterpret_cast<float*>(take(count, sizeof(float)));
    };
    const int64_t outputs = int64_t{grid_.algorithm.out} * grid_.algorithm.out;
    LeanPairScratch parts;
    parts.values = floats(grid_.groups * values_stride);
    parts.starts = floats(grid_.groups * grid_.points * grid_.lanes);
    parts.scales = floats(grid_.tiles);
    parts.outputs = reinterpret_cast<float**>(take(grid_.tiles * outputs, sizeof(float*)));
    parts.residual = reinterpret_cast<const float**>(take(grid_.tiles * outputs, sizeof(float*)));
    shared = end;
    end += static_cast<size_t>(worker) * own_;
    parts.windows = floats(grid_.group_tiles * grid_.points * kChunk);
    parts.half = floats(2 * kLeanPairChannels * 3 * grid_.lanes);
    parts.products = floats(grid_.columns / grid_.lanes * vector_sums);
    parts.points = floats(grid_.points * points_stride);
    parts.sums = floats(outputs * grid_.columns);
    return parts;
  }

  const LeanPairGrid& grid_;
  size_t shared_ = 0, own_ = 0;
};

class LeanPairRun {
 public:
  LeanPairRun(const LeanPairs& lean, const ConvProblem& problem, const PackedConv& packed,
              const ConvMaps& maps)
      : grid(lean, problem),
        layout(grid),
        lean_(lean),
        problem_(problem),
        tiles_(*lean.pairs->kernel, problem, maps),
        packing_(grid, problem),
        packed_(packed.floats()) {}

  void measure(int64_t tile, const LeanPairScratch& scratch) const;
  void transform(int64_t group, int64_t chunk, const LeanPairScratch& scratch) const;
  void begin(int64_t group, int64_t point, const LeanPairScratch& scratch) const;
  void compute(int64_t panel, int64_t group, const LeanPairScratch& scratch) const;

  const LeanPairGrid grid;
  const LeanPairLayout layout;

 private:
  float* values_of(int64_t group, const LeanPairScratch& scratch) const {
    return scratch.values + group * layout.values_stride;
  }
  void place(const LeanPairGroup& group, int64_t first, int64_t channels, const float* windows,
             float* values) const;

  const LeanPairs& lean_;
  const ConvProblem& problem_;
  const WinogradTiles tiles_;
  const LeanPairPacking packing_;
  const float* packed_;
};

void LeanPairRun::measure(int64_t tile, const LeanPairScratch& scratch) const {
  const WinogradInput whole = tiles_.window(tile, 0, problem_.in_channels, nullptr, 0);
  scratch.scales[tile] =
      pair_input_scale(grid.algorithm, whole, lean_.pairs->squares(whole), problem_.in_channels);
  tiles_.point_at_outputs(tile, scratch.outputs + tile * tiles_.outputs(),
                          scratch.residual + tile * tiles_.outputs());
}

// The points of the block of channels from `first` on, tiles side by side.
void LeanPairRun::place(const LeanPairGroup& group, int64_t first, int64_t channels,
                        const float* windows, float* values) const {
  const int64_t in = grid.algorithm.in, stored = std::min(channels, problem_.in_channels - first);
  for (int64_t p = 0; p < grid.points; ++p, windows += kChunk) {
    const LeanPairGroup::Use& use = group.uses[2 * (p / in == in - 1) + (p % in == in - 1)];
    const float scale = lean_.scales[p / in] * lean_.scales[p % in];
    const float* rows[kLeanPairTiles];
    for (int64_t t = 0; t < use.count; ++t) rows[t] = windows + use.tiles[t] * grid.points * kChunk;
    for (int64_t c = 0; c < stored; ++c)
      for (int64_t t = 0; t < use.count; ++t) *values++ = scale * rows[t][c];
    values = std::fill_n(values, (channels - stored) * use.count, 0.0f);
  }
}

void LeanPairRun::transform(int64_t index, int64_t chunk, const LeanPairScratch& scratch) const {
  const LeanPairGroup group = grid.group(index);
  const int64_t begin = chunk * kChunk, end = std::min(begin + kChunk, grid.channels);
  for (int64_t t = 0; t < group.count; ++t)
    lean_.pairs->kernel->input(tiles_.window(
        group.first + t, begin, std::min(end, problem_.in_channels) - begin,
        scratch.windows + t * grid.points * kChunk, kChunk, scratch.scales[group.first + t]));
  for (int64_t c = begin; c < end; c += kLeanPairChannels)
    place(group, c, std::min(kLeanPairChannels, end - c), scratch.windows + (c - begin),
          values_of(index, scratch) + c * group.size(grid.algorithm.in));
}

void LeanPairRun::begin(int64_t index, int64_t point, const LeanPairScratch& scratch) const {
  const LeanPairGroup group = grid.group(index);
  const int64_t in = grid.algorithm.in, i = point / in, j = point % in;
  const LeanPairGroup::Use* uses = group.uses + (i == in - 1 ? 2 : 0);
  LeanPairStart start;
  start.values = values_of(index, scratch);
  start.block_stride = kLeanPairChannels * group.size(in);
  start.channels = grid.channels;
  start.count = uses[j == in - 1 ? 1 : 0].count;
  start.offset = i * group.row_size(false, in) + j * uses[0].count;
  start.start = scratch.starts + (index * grid.points + point) * grid.lanes;
  lean_.begin(start);
}

void LeanPairRun::compute(int64_t panel, int64_t index, const LeanPairScratch& scratch) const {
  const LeanPairGroup group = grid.group(index);
  const int64_t wanted = divide_up(tiles_.columns_of(panel), grid.lanes);
  for (int64_t c = 0; c < grid.channels; c += kLeanPairChannels)
    for (int64_t vector = 0; vector < wanted; ++vector)
      lean_.multiply(
          {packed_ + panel * packing_.panel + vector * packing_.vector + c * kTaps * grid.lanes,
           std::min(kLeanPairChannels, grid.channels - c), &group,
           values_of(index, scratch) + c * group.size(grid.algorithm.in),
           scratch.products + vector * layout.vector_sums, c > 0, scratch.half});
  for (int64_t vector = 0; vector < wanted; ++vector)
    lean_.spread(
        {&group, scratch.products + vector * layout.vector_sums,
         scratch.starts + index * grid.points * grid.lanes,
         packed_ + packing_.products + (panel * grid.columns + vector * grid.lanes) * grid.points,
         scratch.points + vector * grid.lanes, layout.points_stride, grid.columns});
  const int64_t outputs = tiles_.outputs();
  for (int64_t t = 0; t < group.count; ++t) {
    const int64_t tile = group.first + t;
    tiles_.finish(tile, panel,
                  {scratch.points + t * grid.columns, layout.points_stride,
                   packed_ + packing_.bias + panel * grid.columns, scratch.outputs + tile * outputs,
                   scratch.residual + tile * outputs, scratch.sums,
                   1 / (packed_[packing_.scale] * scratch.scales[tile])});
  }
}

// What a vector of columns gives for values of 0: products of pairs of weights.
void sum_weight_products(const LeanPairs& lean, const LeanPairGrid& grid, const float* taps,
                         float* products) {
  alignas(64) const float zeros[kMaxPoints * kLeanPairChannels] = {};
  alignas(64) float half[2 * kLeanPairChannels * 3 * kMaxLanes];
  LeanPairGroup one;
  for (LeanPairGroup::Use& use : one.uses) use.count = 1;
  for (int64_t c = 0; c < grid.channels; c += kLeanPairChannels)
    lean.multiply({taps + c * kTaps * grid.lanes, std::min(kLeanPairChannels, grid.channels - c),
                   &one, zeros, products, c > 0, half});
}

}  // namespace

size_t lean_pairs_packed_bytes(const LeanPairs& lean, const ConvProblem& problem) {
  const LeanPairGrid grid(lean, problem);
  return static_cast<size_t>(LeanPairPacking(grid, problem).total) * sizeof(float);
}

void lean_pairs_pack(const LeanPairs& lean, const ConvProblem& problem, const float* weights,
                     const float* bias, float* packed) {
  const LeanPairGrid grid(lean, problem);
  const LeanPairPacking packing(grid, problem);
  assert(grid.points <= kMaxPoints && grid.lanes <= kMaxLanes);
  const int64_t lanes = grid.lanes, taps = problem.in_channels * kTaps;
  const float scale = pair_weight_scale(weights, problem.weight_count());
  packed[packing.scale] = scale;
  if (bias) std::copy_n(bias, problem.out_channels, packed + packing.bias);
  for (int64_t first = 0; first < problem.out_channels; first += lanes) {
    float* target = packed + first / lanes * packing.vector;
    const int64_t count = std::min(lanes, problem.out_channels - first);
    const float* source = weights + first * taps;
    for (int64_t i = 0; i < taps; ++i)
      for (int64_t j = 0; j < count; ++j) target[i * lanes + j] = scale * source[j * taps + i];
    sum_weight_products(lean, grid, target, packed + packing.products + first * grid.points);
  }
}

size_t lean_pairs_scratch_bytes(const LeanPairs& lean, const ConvProblem& problem, int threads) {
  const LeanPairGrid grid(lean, problem);
  return LeanPairLayout(grid).bytes(threads);
}

void lean_pairs_run(const LeanPairs& lean, const ConvProblem& problem, const PackedConv& packed,
                    const ConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch) {
  const LeanPairRun run(lean, problem, packed, maps);
  assert(scratch.size() >= run.layout.bytes(pool.threads()));
  const LeanPairGrid& grid = run.grid;
  const auto own = [&](int worker) { return run.layout.scratch(scratch.data(), worker); };
  const LeanPairScratch shared = own(0);
  pool.parallel_for(grid.tiles, [&](int64_t tile, int) { run.measure(tile, shared); });
  const int64_t chunks = divide_up(grid.channels, kChunk);
  pool.parallel_for(grid.groups * chunks, [&](int64_t unit, int worker) {
    run.transform(unit / chunks, unit % chunks, own(worker));
  });
  pool.parallel_for(grid.groups * grid.points, [&](int64_t unit, int) {
    run.begin(unit / grid.points, unit % grid.points, shared);
  });
  pool.parallel_for(grid.panels * grid.groups, [&](int64_t unit, int worker) {
    run.compute(unit / grid.groups, unit % grid.groups, own(worker));
  });
}

}  // namespace shrike::kernels
