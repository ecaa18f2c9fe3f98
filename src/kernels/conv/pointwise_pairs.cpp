#include "kernels/conv/pointwise_pairs.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "base/tensor.h"
#include "kernels/conv/evenness.h"
#include "kernels/conv/pointwise_geometry.h"

namespace shrike::kernels {

namespace {

// A PackedConv: what pointwise.h has, then the sums of products and one float, the weights' mean
// square.
struct PairPacking {
  explicit PairPacking(const PointwisePanels& panels)
      : products(panels.total()), square(products + panels.columns()), total(square + 1) {}

  int64_t products, square, total;  // offsets, in floats
};

size_t float_bytes(int64_t count) { return align_up(static_cast<size_t>(count) * sizeof(float)); }

// Channels of a multiple of 4 KB put the lines of a channel of all pixels into one set of the first
// cache level, if pixels lie beside each other. Tiles of more pixels than a set has ways lose them
// before the next channel of the line: such maps are copied, a line more between pixels
// (docs/decisions/047-zen-4.md).
class SpreadMap {
 public:
  SpreadMap(const PointwisePairs& pairs, const ConvProblem& p)
      : width_(p.in_width), channels_(p.in_channels) {
    constexpr int64_t kWays = 8, kPeriod = 4096 / sizeof(float);
    if (pairs.kernel.rows > kWays && channels_ % kPeriod == 0 && p.stride_h == 1 &&
        p.stride_w == 1) {
      pixel_ = channels_ + static_cast<int64_t>(kTensorAlignment / sizeof(float));
      pixels_ = p.in_height * p.in_width;
    }
  }
  size_t bytes() const { return float_bytes(pixels_ * pixel_); }
  // `input`, or its copy at `place`.
  ConstMapView view(const ConstMapView& input, const float* place) const {
    if (pixel_ == 0) return input;
    return {place, input.height, input.width, input.channels, pixel_, width_ * pixel_};
  }
  // Part i of so many.
  void copy(const ConstMapView& input, int64_t i, int64_t parts, float* place) const {
    for (int64_t p = pixels_ * i / parts; p < pixels_ * (i + 1) / parts; ++p)
      std::copy_n(input.at(p / width_, p % width_), channels_, place + p * pixel_);
  }

 private:
  int64_t width_, channels_;
  int64_t pixel_ = 0, pixels_ = 0;  // floats from pixel to pixel of a copy; how many
};

// Scratch: weights and biases of this run, where PointwisePanels says, shifts, the scale, a copy of
// the input if SpreadMap makes one, and of each worker what the sums of a block start at.
struct PairScratch {
  float* packed;
  float* shift;
  float* scale;
  float* pixels;
  float* starts;
  size_t bytes;

  PairScratch(const PointwisePairs& pairs, const ConvProblem& problem, int threads,
              std::byte* base = nullptr) {
    bytes = 0;
    const auto take = [&](size_t size) {
      bytes += size;
      return reinterpret_cast<float*>(base + bytes - size);
    };
    packed = take(float_bytes(PointwisePanels(pairs.kernel, problem).total()));
    shift = take(float_bytes(problem.in_channels));
    scale = take(kTensorAlignment);
    pixels = take(SpreadMap(pairs, problem).bytes());
    stride_ = float_bytes(PointwiseUnits::block_pixels(pairs.kernel.rows, problem));
    starts = take(static_cast<size_t>(threads) * stride_);
  }
  float* start(int worker) const {
    return starts + static_cast<size_t>(worker) * stride_ / sizeof(float);
  }

 private:
  size_t stride_;
};

constexpr int64_t kStartsAtOnce = 4;

// Shifts and squares of some pixels of a map: evenly spread ones, or, where these are all 0, the
// first that are not, and those behind them.
class Samples {
 public:
  Samples(const PointwisePairs& pairs, const ConvProblem& p, const ConstMapView& input,
          float* shift)
      : p_(p), input_(input) {
    const int64_t all = p.out_height * p.out_width;
    const int64_t most = std::min<int64_t>(all, kMaxSampledPixels);
    const auto measure = [&](int64_t count, const auto& pixel) {
      count_ = count;
      const float* pixels[kMaxSampledPixels];
      for (int64_t i = 0; i < count; ++i) pixels[i] = at(pixel(i));
      squares_ = pairs.functions.measure(pixels, static_cast<int>(count), p.in_channels, shift);
    };
    // The middles of equal shares.
    measure(most, [&](int64_t i) { return (2 * i + 1) * all / (2 * most); });
    for (int64_t first = 0; squares_ == 0 && first < all; first += most)
      measure(std::min(most, all - first), [&](int64_t i) { return first + i; });
  }

  double squares() const { return squares_; }
  double mean_square() const { return squares_ / static_cast<double>(count_ * p_.in_channels); }

 private:
  const float* at(int64_t pixel) const {
    return input_.at(pixel / p_.out_width * p_.stride_h, pixel % p_.out_width * p_.stride_w);
  }

  const ConvProblem& p_;
  const ConstMapView& input_;
  int64_t count_ = 0;
  double squares_ = 0;
};

// Fills in the shifts, and returns the power of two that brings weights of that mean square to the
// size of the inputs; of inputs that are not finite, to 1. Where weights or inputs are all 0 it is
// so large, or so small, that hardly anything is left of what the others make among themselves.
float shift_and_scale(const PointwisePairs& pairs, const ConvProblem& p, const ConstMapView& input,
                      float weight_square, float* shift) {
  const Samples samples(pairs, p, input, shift);
  const bool finite = std::isfinite(samples.squares());
  if (!finite) std::fill_n(shift, p.in_channels, 0.0f);
  if (weight_square <= 0) return 0x1p100f;
  if (samples.squares() == 0) return 0x1p-100f;
  constexpr double kLargest = 30;
  const double square = finite ? samples.mean_square() : 1;
  const double exponent = std::log2(square / static_cast<double>(weight_square)) / 2;
  return static_cast<float>(std::exp2(std::clamp(std::round(exponent), -kLargest, kLargest)));
}

// What a run makes of its weights.
class ScaledPanels {
 public:
  ScaledPanels(const PointwisePairs& pairs, const ConvProblem& problem, const PackedConv& packed,
               float* shift, float* scale, float* scaled)
      : pairs_(pairs),
        problem_(problem),
        panels_(pairs.kernel, problem),
        packing_(panels_),
        floats_(packed.floats()),
        shift_(shift),
        scale_(scale),
        scaled_(scaled) {}

  // Fills in the shifts and the scale, before all else.
  void measure(const ConstMapView& input) const {
    *scale_ = shift_and_scale(pairs_, problem_, input, floats_[packing_.square], shift_);
  }
  float scale() const { return *scale_; }

  // How many parts fill() is for.
  static int64_t parts(const ThreadPool& pool) {
    return pool.threads() > 1 ? 2 * pool.threads() : 1;
  }
  // Part i: as many vectors of columns in each, so that no thread waits for another one's panel.
  void fill(int64_t i, int64_t parts) const {
    const int64_t lanes = pairs_.functions.lanes, vectors = panels_.columns() / lanes;
    const int64_t last = vectors * (i + 1) / parts * lanes;
    for (int64_t column = vectors * i / parts * lanes; column < last;) {
      const int64_t panel = column / pairs_.kernel.wide.columns;
      const int64_t begin = column - panels_.first_output(panel);
      const int64_t count = std::min(last - column, panels_.panel(panel).columns - begin);
      pairs_.functions.scale(
          {problem_.in_channels, pairs_.pairs(problem_.in_channels), count,
           panels_.panel(panel).columns, floats_ + panels_.weights(panel) + begin,
           floats_ + panels_.bias(panel) + begin, floats_ + packing_.products + column, shift_,
           scale(), scaled_ + panels_.weights(panel) + begin,
           scaled_ + panels_.bias(panel) + begin});
      column += count;
    }
  }

 private:
  const PointwisePairs& pairs_;
  const ConvProblem& problem_;
  PointwisePanels panels_;
  PairPacking packing_;
  const float* floats_;
  float *shift_, *scale_, *scaled_;
};

// What the panels of a run share: its weights and biases, shifts, what the sums of all pixels start
// at, the scale, and a copy of the input if SpreadMap makes one.
struct PairShared {
  size_t shift, starts, scale, pixels, bytes;  // offsets

  PairShared(const PointwisePairs& pairs, const ConvProblem& problem) {
    shift = float_bytes(PointwisePanels(pairs.kernel, problem).total());
    starts = shift + float_bytes(problem.in_channels);
    scale = starts + float_bytes(problem.out_height * problem.out_width);
    pixels = scale + float_bytes(1);
    bytes = pixels + SpreadMap(pairs, problem).bytes();
  }
  ConstMapView input(const PointwisePairs& pairs, const ConvProblem& problem,
                     const ConstMapView& input, const std::byte* shared) const {
    return SpreadMap(pairs, problem).view(input, reinterpret_cast<const float*>(shared + pixels));
  }
};

PairTurns turns_of(const PointwisePairs& pairs, const ConvProblem& problem) {
  return {problem.in_channels, pairs.pairs(problem.in_channels)};
}

// Fills in rows [first, last) of what the sums of all pixels start at.
void begin_rows(const PointwisePairs& pairs, const ConvProblem& problem, const ConstMapView& input,
                int64_t first, int64_t last, const float* shift, float* starts) {
  constexpr int64_t kPixels = 32 * kStartsAtOnce;
  for (int64_t y = first; y < last; ++y)
    for (int64_t x = 0; x < problem.out_width; x += kPixels) {
      float own[kPixels];
      PointwiseStrip strip{};
      strip.input = input.at(y, x);
      strip.input_step = input.pixel_stride;
      strip.count = std::min(kPixels, problem.out_width - x);
      strip.depth = problem.in_channels;
      strip.pairs = pairs.pairs(strip.depth);
      pairs.functions.begin(strip, shift, own);
      std::copy_n(own, strip.count, starts + y * problem.out_width + x);
    }
}

// A panel of a block of pixels, from what all panels share.
void compute_shared(const PointwisePairs& pairs, const PointwisePanels& panels,
                    const PairShared& at, const std::byte* shared, int64_t panel,
                    PointwiseUnits::Unit& unit) {
  unit.strip.pairs = pairs.pairs(unit.strip.depth);
  unit.strip.start = reinterpret_cast<const float*>(shared + at.starts) + unit.pixel;
  unit.strip.scale = 1 / *reinterpret_cast<const float*>(shared + at.scale);
  compute_panel(panels, reinterpret_cast<const float*>(shared), panel, unit.strip);
}

// As divides_outputs(), where what the other thread has scaled is worth what is done for all pixels
// before (docs/decisions/039-even-shares.md).
bool runs_by_panels(const ConvProblem& problem, int threads) {
  constexpr int64_t kFewWeights = 24 * 1024;
  return divides_outputs(problem, threads) && problem.weight_count() >= kFewWeights &&
         4 * problem.out_height * problem.out_width <= 5 * problem.out_channels;
}

void run_by_panels(const PointwisePairs& pairs, const ConvProblem& problem,
                   const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                   std::byte* shared) {
  pointwise_pairs_prepare(pairs, problem, packed, maps.input, pool, shared);
  const PairShared at(pairs, problem);
  const PointwisePanels panels(pairs.kernel, problem);
  const ConvMaps own{at.input(pairs, problem, maps.input, shared), maps.output, maps.residual,
                     maps.next};
  for_each_panel(
      panels, pairs.kernel.rows, problem, own, pool,
      [&](int64_t panel, PointwiseUnits::Unit& unit) {
        compute_shared(pairs, panels, at, shared, panel, unit);
      },
      turns_of(pairs, problem).count);
}

}  // namespace

double mean_square(const float* weights, int64_t count) {
  // Four sums, as one would wait for each addition: a network's weights are gone through at its
  // start.
  double sums[4] = {};
  const auto square = [weights](int64_t i) {
    return static_cast<double>(weights[i]) * static_cast<double>(weights[i]);
  };
  int64_t i = 0;
  for (; i + 4 <= count; i += 4)
    for (int64_t j = 0; j < 4; ++j) sums[j] += square(i + j);
  for (; i < count; ++i) sums[0] += square(i);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) / static_cast<double>(count);
}

const char* pointwise_pairs_refuse(const PointwisePairs& pairs, const ConvProblem& problem) {
  if (const char* reason = pointwise_refuse(problem)) return reason;
  if (problem.uneven) return kUneven;
  constexpr double kRounding = 3;  // what the table says
  if (problem.max_rounding < kRounding) return "its sums round more than is allowed";
  if (problem.out_channels < pairs.kernel.wide.columns) return "too few outputs for its tile";
  if (problem.in_channels >= pairs.too_many_inputs &&
      problem.activation.kind != ActivationKind::kNone)
    return "sums over so many channels round more than pairs are worth";
  if (pairs.refuse)
    if (const char* reason = pairs.refuse(problem)) return reason;
  if (!problem.by_estimate) return nullptr;
  if (problem.in_channels < pairs.few_inputs || problem.weight_count() < pairs.few_weights)
    return "too few weights to multiply in pairs";
  if (problem.out_height * problem.out_width < 64)
    return "too few pixels to prepare the weights for";
  return nullptr;
}

size_t pointwise_pairs_packed_bytes(const PointwisePairs& pairs, const ConvProblem& problem) {
  const PairPacking packing{PointwisePanels(pairs.kernel, problem)};
  return static_cast<size_t>(packing.total) * sizeof(float);
}

void pointwise_pairs_pack(const PointwisePairs& pairs, const ConvProblem& problem,
                          const float* weights, const float* bias, float* packed) {
  const PointwisePanels panels(pairs.kernel, problem);
  const PairPacking packing(panels);
  for (int64_t output = 0; output < problem.out_channels; ++output) {
    const int64_t panel = output / pairs.kernel.wide.columns;
    const int64_t columns = panels.panel(panel).columns;
    const int64_t column = output - panels.first_output(panel);
    const float* source = weights + output * problem.in_channels;
    float* target = packed + panels.weights(panel) + column;
    double products = 0;
    for_each_channel(problem.in_channels, pairs.pairs(problem.in_channels),
                     [&](int64_t channel, int64_t partner) {
                       *target = source[channel];
                       target += columns;
                       if (channel > partner)
                         products += static_cast<double>(source[channel]) *
                                     static_cast<double>(source[partner]);
                     });
    packed[packing.products + output] = static_cast<float>(products);
    if (bias) packed[panels.bias(panel) + column] = bias[output];
  }
  packed[packing.square] =
      static_cast<float>(problem.weight_square != 0 ? problem.weight_square
                                                    : mean_square(weights, problem.weight_count()));
}

size_t pointwise_pairs_scratch_bytes(const PointwisePairs& pairs, const ConvProblem& problem,
                                     int threads) {
  const size_t bytes = PairScratch(pairs, problem, threads).bytes;
  if (!runs_by_panels(problem, threads)) return bytes;
  return std::max(bytes, PairShared(pairs, problem).bytes);
}

void pointwise_pairs_run(const PointwisePairs& pairs, const ConvProblem& problem,
                         const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                         std::span<std::byte> scratch) {
  assert(scratch.size() >= pointwise_pairs_scratch_bytes(pairs, problem, pool.threads()));
  if (runs_by_panels(problem, pool.threads()))
    return run_by_panels(pairs, problem, packed, maps, pool, scratch.data());
  const PairScratch own(pairs, problem, pool.threads(), scratch.data());
  const PointwisePanels panels(pairs.kernel, problem);
  const ScaledPanels scaled(pairs, problem, packed, own.shift, own.scale, own.packed);
  pool.parallel_for(1, [&](int64_t, int) { scaled.measure(maps.input); });
  const SpreadMap spread(pairs, problem);
  const int64_t parts = ScaledPanels::parts(pool);
  pool.parallel_for(parts, [&](int64_t i, int) {
    scaled.fill(i, parts);
    spread.copy(maps.input, i, parts, own.pixels);
  });
  const ConvMaps near{spread.view(maps.input, own.pixels), maps.output, maps.residual};
  const PointwiseUnits units(pairs.kernel.rows, problem, near, panels.count(), pool.threads());
  pool.parallel_for(units.count(), [&](int64_t index, int worker) {
    PointwiseUnits::Unit unit = units.unit(index);
    unit.strip.pairs = pairs.pairs(problem.in_channels);
    pairs.functions.begin(unit.strip, own.shift, own.start(worker));
    unit.strip.start = own.start(worker);
    unit.strip.scale = 1 / scaled.scale();
    ask_ahead(maps.next, index, units.count(), unit.last_panel - unit.first_panel,
              pairs.kernel.rows, turns_of(pairs, problem).count, unit.strip);
    compute_panels(panels, own.packed, unit);
  });
}

size_t pointwise_pairs_shared_bytes(const PointwisePairs& pairs, const ConvProblem& problem) {
  return PairShared(pairs, problem).bytes;
}

void pointwise_pairs_prepare(const PointwisePairs& pairs, const ConvProblem& problem,
                             const PackedConv& packed, const ConstMapView& input, ThreadPool& pool,
                             std::byte* shared) {
  const PairShared at(pairs, problem);
  auto* shift = reinterpret_cast<float*>(shared + at.shift);
  auto* starts = reinterpret_cast<float*>(shared + at.starts);
  auto* pixels = reinterpret_cast<float*>(shared + at.pixels);
  const SpreadMap spread(pairs, problem);
  const ScaledPanels scaled(pairs, problem, packed, shift,
                            reinterpret_cast<float*>(shared + at.scale),
                            reinterpret_cast<float*>(shared));
  pool.parallel_for(1, [&](int64_t, int) { scaled.measure(input); });
  const int64_t parts = ScaledPanels::parts(pool), rows = problem.out_height;
  pool.parallel_for(parts, [&](int64_t i, int) {
    scaled.fill(i, parts);
    spread.copy(input, i, parts, pixels);
    begin_rows(pairs, problem, input, rows * i / parts, rows * (i + 1) / parts, shift, starts);
  });
}

void pointwise_pairs_panel(const PointwisePairs& pairs, const ConvProblem& problem,
                           const ConstMapView& input, int64_t panel, int64_t first, int64_t last,
                           const MapView& output, const std::byte* shared) {
  const PairShared at(pairs, problem);
  const PointwisePanels panels(pairs.kernel, problem);
  const PointwiseRows rows(problem, at.input(pairs, problem, input, shared), first, last);
  const ConvMaps maps{rows.input, output, {}};
  PointwiseUnits blocks(pairs.kernel.rows, rows.problem, maps, 1, 1);
  blocks.join();
  for (int64_t i = 0; i < blocks.count(); ++i) {
    PointwiseUnits::Unit unit = blocks.unit(i);
    unit.pixel += first * problem.out_width;
    compute_shared(pairs, panels, at, shared, panel, unit);
  }
}

}  // namespace shrike::kernels
