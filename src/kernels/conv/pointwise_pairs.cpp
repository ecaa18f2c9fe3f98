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

// Scratch: weights and biases of this run, where PointwisePanels says, shifts, and of each worker
// what the sums of a block start at.
struct PairScratch {
  float* packed;
  float* shift;
  float* starts;
  size_t bytes;

  PairScratch(const PointwisePairs& pairs, const ConvProblem& problem, int threads,
              std::byte* base = nullptr) {
    const PointwisePanels panels(pairs.kernel, problem);
    const size_t weights = align_up(static_cast<size_t>(panels.total()) * sizeof(float));
    const size_t shifts = align_up(static_cast<size_t>(problem.in_channels) * sizeof(float));
    stride_ =
        align_up(static_cast<size_t>(PointwiseUnits::block_pixels(pairs.kernel.rows, problem)) *
                 sizeof(float));
    packed = reinterpret_cast<float*>(base);
    shift = reinterpret_cast<float*>(base + weights);
    starts = reinterpret_cast<float*>(base + weights + shifts);
    bytes = weights + shifts + static_cast<size_t>(threads) * stride_;
  }
  float* start(int worker) const {
    return starts + static_cast<size_t>(worker) * stride_ / sizeof(float);
  }

 private:
  size_t stride_;
};

constexpr int64_t kStartsAtOnce = 4;

// Fills in the shifts, and returns the power of two that brings weights of that mean square to the
// size of the inputs; of inputs that are all 0, or not finite, to 1.
float shift_and_scale(const PointwisePairs& pairs, const ConvProblem& p, const ConstMapView& input,
                      float weight_square, float* shift) {
  const float* pixels[kMaxSampledPixels];
  const int64_t all = p.out_height * p.out_width;
  const int count = static_cast<int>(std::min<int64_t>(all, kMaxSampledPixels));
  for (int i = 0; i < count; ++i) {
    const int64_t pixel = (2 * i + 1) * all / (2 * count);  // the middles of equal shares
    pixels[i] = input.at(pixel / p.out_width * p.stride_h, pixel % p.out_width * p.stride_w);
  }
  const double sum = pairs.functions.measure(pixels, count, p.in_channels, shift);
  if (!std::isfinite(sum)) std::fill_n(shift, p.in_channels, 0.0f);
  const double square =
      std::isfinite(sum) && sum > 0 ? sum / static_cast<double>(count * p.in_channels) : 1;
  if (weight_square <= 0) return 1;
  constexpr double kLargest = 30;
  const double exponent = std::log2(square / static_cast<double>(weight_square)) / 2;
  return static_cast<float>(std::exp2(std::clamp(std::round(exponent), -kLargest, kLargest)));
}

// Weights, biases and shifts of this run, from its input. Returns the scale.
float scale_panels(const PointwisePairs& pairs, const ConvProblem& problem,
                   const PackedConv& packed, const ConstMapView& input, ThreadPool& pool,
                   float* shift, float* scaled) {
  const PointwisePanels panels(pairs.kernel, problem);
  const PairPacking packing(panels);
  const float* floats = packed.floats();
  const float scale = shift_and_scale(pairs, problem, input, floats[packing.square], shift);
  pool.parallel_for(panels.count(), [&](int64_t i, int) {
    pairs.functions.scale({problem.in_channels, panels.panel(i).columns, floats + panels.weights(i),
                           floats + panels.bias(i),
                           floats + packing.products + panels.first_output(i), shift, scale,
                           scaled + panels.weights(i), scaled + panels.bias(i)});
  });
  return scale;
}

// What the panels of a run share: its weights and biases, shifts, what the sums of all pixels start
// at, and the scale.
struct PairShared {
  size_t shift, starts, scale, bytes;  // offsets

  PairShared(const PointwisePairs& pairs, const ConvProblem& problem) {
    const auto floats = [](int64_t count) {
      return align_up(static_cast<size_t>(count) * sizeof(float));
    };
    shift = floats(PointwisePanels(pairs.kernel, problem).total());
    starts = shift + floats(problem.in_channels);
    scale = starts + floats(problem.out_height * problem.out_width);
    bytes = scale + floats(1);
  }
};

}  // namespace

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
  // Fitted to kernels_bench: what begins and ends a sum, and what a pixel's products cost.
  if (problem.in_channels < 24 || problem.weight_count() < 1536)
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
  double square = 0;
  for (int64_t output = 0; output < problem.out_channels; ++output) {
    const int64_t panel = output / pairs.kernel.wide.columns;
    const int64_t columns = panels.panel(panel).columns;
    const int64_t column = output - panels.first_output(panel);
    const float* source = weights + output * problem.in_channels;
    float* target = packed + panels.weights(panel) + column;
    double products = 0;
    for_each_channel(problem.in_channels, [&](int64_t channel, int64_t partner) {
      *target = source[channel];
      target += columns;
      const double w = static_cast<double>(source[channel]);
      square += w * w;
      if (channel > partner) products += w * static_cast<double>(source[partner]);
    });
    packed[packing.products + output] = static_cast<float>(products);
    if (bias) packed[panels.bias(panel) + column] = bias[output];
  }
  packed[packing.square] = static_cast<float>(square / static_cast<double>(problem.weight_count()));
}

size_t pointwise_pairs_scratch_bytes(const PointwisePairs& pairs, const ConvProblem& problem,
                                     int threads) {
  return PairScratch(pairs, problem, threads).bytes;
}

void pointwise_pairs_run(const PointwisePairs& pairs, const ConvProblem& problem,
                         const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                         std::span<std::byte> scratch) {
  const PairScratch own(pairs, problem, pool.threads(), scratch.data());
  assert(scratch.size() >= own.bytes);
  const PointwisePanels panels(pairs.kernel, problem);
  const float scale = scale_panels(pairs, problem, packed, maps.input, pool, own.shift, own.packed);
  const PointwiseUnits units(pairs.kernel.rows, problem, maps, panels.count(), pool.threads());
  pool.parallel_for(units.count(), [&](int64_t index, int worker) {
    PointwiseUnits::Unit unit = units.unit(index);
    pairs.functions.begin(unit.strip, own.shift, own.start(worker));
    unit.strip.start = own.start(worker);
    unit.strip.scale = 1 / scale;
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
  *reinterpret_cast<float*>(shared + at.scale) =
      scale_panels(pairs, problem, packed, input, pool, shift, reinterpret_cast<float*>(shared));
  pool.parallel_for(problem.out_height, [&](int64_t y, int) {
    constexpr int64_t kPixels = 32 * kStartsAtOnce;
    for (int64_t x = 0; x < problem.out_width; x += kPixels) {
      float own[kPixels];
      PointwiseStrip strip{};
      strip.input = input.at(y, x);
      strip.input_step = input.pixel_stride;
      strip.count = std::min(kPixels, problem.out_width - x);
      strip.depth = problem.in_channels;
      pairs.functions.begin(strip, shift, own);
      std::copy_n(own, strip.count, starts + y * problem.out_width + x);
    }
  });
}

void pointwise_pairs_panel(const PointwisePairs& pairs, const ConvProblem& problem,
                           const ConstMapView& input, int64_t panel, const MapView& output,
                           const std::byte* shared) {
  const PairShared at(pairs, problem);
  const PointwisePanels panels(pairs.kernel, problem);
  const ConvMaps maps{input, output, {}};
  const PointwiseUnits units(pairs.kernel.rows, problem, maps, 1, 1);
  const float scale = *reinterpret_cast<const float*>(shared + at.scale);
  for (int64_t i = 0; i < units.count(); ++i) {
    PointwiseUnits::Unit unit = units.unit(i);
    unit.strip.start = reinterpret_cast<const float*>(shared + at.starts) + unit.pixel;
    unit.strip.scale = 1 / scale;
    compute_panel(panels, reinterpret_cast<const float*>(shared), panel, unit.strip);
  }
}

}  // namespace shrike::kernels
