#include "train/map_norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>

#include <cassert>
#include <cmath>
#include <vector>

#include "kernels/norm/norm.h"
#include "train/pixel_rows.h"

namespace shrike::train {

namespace {

kernels::Activation activation_of(const Unary& f) {
  using Kind = kernels::ActivationKind;
  switch (f.kind) {
    case UnaryKind::kRelu:
      return {Kind::kRelu, 0, 0};
    case UnaryKind::kLeakyRelu:
      return kernels::leaky_relu(f.alpha);
    case UnaryKind::kSilu:
      return {Kind::kSilu, 0, 0};
    case UnaryKind::kHardSwish:
      return {Kind::kHardSwish, 0, 0};
    case UnaryKind::kMish:
      return {Kind::kMish, 0, 0};
    default:
      assert(f.kind == UnaryKind::kIdentity);
      return {};
  }
}

const kernels::NormKernel& kernel_for(const kernels::Activation& f) {
  return *kernels::select_kernel(kernels::norm_kernels(), f).kernel;
}

// A map's rows in the pieces of which sums are taken.
struct Pieces {
  int64_t rows, channels, rows_each, count;

  explicit Pieces(const at::Tensor& z)
      : rows(z.size(0) * z.size(2) * z.size(3)),
        channels(z.size(1)),
        rows_each(kernels::norm_rows(channels)),
        count((rows + rows_each - 1) / rows_each) {}

  // Calls piece(p, first row, rows) for each, on all threads.
  template <typename Piece>
  void for_each(const Piece& piece) const {
    at::parallel_for(0, count, 4, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p)
        piece(p, p * rows_each, std::min(rows_each, rows - p * rows_each));
    });
  }
};

// Two sums a channel of every piece, and over all of them.
struct PairSums {
  explicit PairSums(const Pieces& pieces)
      : channels(static_cast<size_t>(pieces.channels)),
        parts(2 * channels * static_cast<size_t>(pieces.count)) {}

  float* first(int64_t piece) { return parts.data() + 2 * channels * static_cast<size_t>(piece); }
  float* second(int64_t piece) { return first(piece) + channels; }

  std::vector<double> total() const {
    std::vector<double> sums(2 * channels);
    for (size_t i = 0; i < parts.size(); i += 2 * channels)
      for (size_t c = 0; c < 2 * channels; ++c) sums[c] += double{parts[i + c]};
    return sums;
  }

  size_t channels;
  std::vector<float> parts;
};

// Sums and the count of what is in them, over all processes.
void add_over_ranks(std::vector<double>& sums, double& count, const RankSum& over_ranks) {
  sums.push_back(count);
  const at::Tensor all = over_ranks(
      at::from_blob(sums.data(), {static_cast<int64_t>(sums.size())}, at::kDouble));
  std::copy_n(all.data_ptr<double>(), sums.size(), sums.begin());
  count = sums.back();
  sums.pop_back();
}

struct BatchMoments {
  std::vector<double> mean, variance;  // (C)
  double count = 0;
};

// From the sums of z - around[c] and of its square.
BatchMoments moments_of(std::vector<double> sums, const float* around, const Pieces& pieces,
                        const RankSum& over_ranks) {
  const auto channels = static_cast<size_t>(pieces.channels);
  BatchMoments moments{std::vector<double>(channels), std::vector<double>(channels),
                       static_cast<double>(pieces.rows)};
  // Other processes' first pixels are others: what is added up lies around zero.
  if (over_ranks) {
    for (size_t c = 0; c < channels; ++c) {
      const double a = double{around[c]};
      sums[channels + c] += a * (2 * sums[c] + a * moments.count);
      sums[c] += a * moments.count;
    }
    add_over_ranks(sums, moments.count, over_ranks);
  }
  for (size_t c = 0; c < channels; ++c) {
    const double distance = sums[c] / moments.count;
    moments.mean[c] = over_ranks ? distance : double{around[c]} + distance;
    moments.variance[c] =
        std::max(0.0, sums[channels + c] / moments.count - distance * distance);
  }
  return moments;
}

}  // namespace

MapNorm measure_norm(const at::Tensor& z, const NormWeights& weights, double epsilon,
                     double momentum, const RankSum& over_ranks) {
  RECORD_FUNCTION("shrike::measure_norm", {});
  const Pieces pieces(z);
  PairSums sums(pieces);
  const float* data = z.data_ptr<float>();
  // Squares of what lies around the first pixel lose little where the mean is far from zero.
  const kernels::NormKernel& kernel = kernel_for({});
  pieces.for_each([&](int64_t p, int64_t row, int64_t rows) {
    kernels::NormRows in{data + row * pieces.channels, pieces.channels, rows, pieces.channels};
    in.mean = data;
    kernel.moments(in, sums.first(p), sums.second(p));
  });
  const BatchMoments moments = moments_of(sums.total(), data, pieces, over_ranks);
  const auto channels = static_cast<size_t>(pieces.channels);
  const auto options = z.options();
  MapNorm norm{at::empty(pieces.channels, options), at::empty(pieces.channels, options),
               at::empty(pieces.channels, options), at::empty(pieces.channels, options)};
  float *mean = norm.mean.data_ptr<float>(), *inverse = norm.inverse.data_ptr<float>(),
        *slope = norm.slope.data_ptr<float>(), *offset = norm.offset.data_ptr<float>();
  const at::Tensor scale = weights.scale.contiguous(), shift = weights.shift.contiguous();
  auto running_mean = weights.running_mean.accessor<float, 1>(),
       running_variance = weights.running_variance.accessor<float, 1>();
  const double count = moments.count;
  for (size_t c = 0; c < channels; ++c) {
    const double m = moments.mean[c], variance = moments.variance[c];
    const double i = 1 / std::sqrt(variance + epsilon);
    const double s = double{scale.data_ptr<float>()[c]} * i;
    mean[c] = static_cast<float>(m);
    inverse[c] = static_cast<float>(i);
    slope[c] = static_cast<float>(s);
    offset[c] = static_cast<float>(double{shift.data_ptr<float>()[c]} - s * m);
    const double unbiased = count > 1 ? variance * (count / (count - 1)) : variance;
    float& old_mean = running_mean[static_cast<int64_t>(c)];
    float& old_variance = running_variance[static_cast<int64_t>(c)];
    old_mean = static_cast<float>(double{old_mean} + momentum * (m - double{old_mean}));
    old_variance =
        static_cast<float>(double{old_variance} + momentum * (unbiased - double{old_variance}));
  }
  return norm;
}

void apply_norm(const Unary& f, const MapNorm& norm, const at::Tensor& z, const ChannelRange& range,
                const at::Tensor& out, int64_t at) {
  RECORD_FUNCTION("shrike::apply_norm", {});
  const kernels::Activation activation = activation_of(f);
  const kernels::NormKernel& kernel = kernel_for(activation);
  const int64_t stride = z.size(1), out_stride = out.size(1), first = range.first;
  const float *data = z.data_ptr<float>() + first, *slope = norm.slope.data_ptr<float>() + first,
              *offset = norm.offset.data_ptr<float>() + first;
  float* y = out.data_ptr<float>() + at;
  Pieces(z).for_each([&](int64_t, int64_t row, int64_t rows) {
    kernels::NormRows in{data + row * stride, stride, rows, range.count, slope, offset};
    kernel.apply(activation, in, y + row * out_stride, out_stride);
  });
}

NormGradients norm_backward(const Unary& f, const MapNorm& norm, const at::Tensor& dy,
                            const at::Tensor& z, const RankSum& over_ranks) {
  RECORD_FUNCTION("shrike::norm_backward", {});
  const kernels::Activation activation = activation_of(f);
  const kernels::NormKernel& kernel = kernel_for(activation);
  const PixelRows gradient = pixel_rows(dy);
  const Pieces pieces(z);
  float* data = z.data_ptr<float>();
  const auto rows_at = [&](int64_t row, int64_t rows) {
    return kernels::NormRows{data + row * pieces.channels,
                             pieces.channels,
                             rows,
                             pieces.channels,
                             norm.slope.data_ptr<float>(),
                             norm.offset.data_ptr<float>(),
                             norm.mean.data_ptr<float>(),
                             gradient.tensor.data_ptr<float>() + row * gradient.stride,
                             gradient.stride};
  };
  PairSums sums(pieces);
  pieces.for_each([&](int64_t p, int64_t row, int64_t rows) {
    kernel.slopes(activation, rows_at(row, rows), sums.first(p), sums.second(p));
  });
  // dz = slope (g - mean(g) - inverse^2 (z - mean) mean(g (z - mean)))
  const std::vector<double> own = sums.total();
  std::vector<double> total = own;
  double count = static_cast<double>(pieces.rows);
  if (over_ranks) add_over_ranks(total, count, over_ranks);
  const auto channels = static_cast<size_t>(pieces.channels);
  NormGradients gradients{at::empty_like(norm.mean), at::empty_like(norm.mean)};
  std::vector<float> tilt(channels), shift(channels);
  for (size_t c = 0; c < channels; ++c) {
    const double i = double{norm.inverse.data_ptr<float>()[c]},
                 slope = double{norm.slope.data_ptr<float>()[c]};
    gradients.shift.data_ptr<float>()[c] = static_cast<float>(own[c]);
    gradients.scale.data_ptr<float>()[c] = static_cast<float>(own[channels + c] * i);
    tilt[c] = static_cast<float>(-slope * i * i * total[channels + c] / count);
    shift[c] = static_cast<float>(-slope * total[c] / count);
  }
  const kernels::NormFactors factors{norm.slope.data_ptr<float>(), tilt.data(), shift.data()};
  pieces.for_each([&](int64_t, int64_t row, int64_t rows) {
    kernel.backward(activation, rows_at(row, rows), factors, data + row * pieces.channels);
  });
  return gradients;
}

}  // namespace shrike::train
