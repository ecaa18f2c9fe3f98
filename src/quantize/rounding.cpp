#include "quantize/rounding.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "quantize/products.h"

namespace shrike {

namespace {

constexpr int64_t kBlock = 64;
constexpr double kDamping = 0.01;

// The lower triangle C with S = C C' of the covariance, rows and columns in an order in which those
// to be rounded first come last.
struct Factor {
  int64_t size;
  float least;                 // that a square of the diagonal can be but for the rounding of sums
  std::vector<int64_t> order;  // of the covariance's rows
  std::vector<float> c;        // (size, size)

  float& at(int64_t i, int64_t j) { return c[static_cast<size_t>(i * size + j)]; }
  float at(int64_t i, int64_t j) const { return c[static_cast<size_t>(i * size + j)]; }
};

Factor damped_covariance(const Moments& moments) {
  const int64_t size = moments.size();
  Factor f{size, 0, std::vector<int64_t>(static_cast<size_t>(size)),
           std::vector<float>(static_cast<size_t>(size * size))};
  std::vector<double> variances(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i)
    variances[static_cast<size_t>(i)] = std::max(0.0, moments.covariance(i, i));
  std::iota(f.order.begin(), f.order.end(), 0);
  std::stable_sort(f.order.begin(), f.order.end(), [&](int64_t a, int64_t b) {
    return variances[static_cast<size_t>(a)] < variances[static_cast<size_t>(b)];
  });
  const double mean =
      std::accumulate(variances.begin(), variances.end(), 0.0) / static_cast<double>(size);
  const double damping = mean > 0 ? kDamping * mean : 1;
  f.least = static_cast<float>(damping / 10);
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = 0; j <= i; ++j) {
      const int64_t a = f.order[static_cast<size_t>(i)], b = f.order[static_cast<size_t>(j)];
      f.at(i, j) = static_cast<float>(moments.covariance(a, b) + (i == j ? damping : 0));
    }
  return f;
}

// Columns begin .. end of rows begin .. end, those before being done.
void factor_block(Factor& f, int64_t begin, int64_t end) {
  for (int64_t j = begin; j < end; ++j) {
    double diagonal = f.at(j, j);
    for (int64_t k = begin; k < j; ++k)
      diagonal -= static_cast<double>(f.at(j, k)) * static_cast<double>(f.at(j, k));
    f.at(j, j) = static_cast<float>(std::sqrt(std::max(diagonal, static_cast<double>(f.least))));
    for (int64_t i = j + 1; i < end; ++i) {
      double sum = f.at(i, j);
      for (int64_t k = begin; k < j; ++k)
        sum -= static_cast<double>(f.at(i, k)) * static_cast<double>(f.at(j, k));
      f.at(i, j) = static_cast<float>(sum / static_cast<double>(f.at(j, j)));
    }
  }
}

// Cholesky's factor, block of columns by block of columns, each from those before it.
void factorise(Factor& f, ThreadPool& pool) {
  std::vector<float> sums;
  for (int64_t begin = 0; begin < f.size; begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, f.size), width = end - begin;
    if (begin > 0) {
      const MatrixPart rows{&f.at(begin, 0), f.size - begin, begin, f.size};
      const MatrixPart block{&f.at(begin, 0), width, begin, f.size};
      sums.resize(static_cast<size_t>((f.size - begin) * width));
      multiply(rows, block.transposed(), sums.data(), width, pool);
      for (int64_t i = begin; i < f.size; ++i)
        for (int64_t j = begin; j < std::min(end, i + 1); ++j)
          f.at(i, j) -= sums[static_cast<size_t>((i - begin) * width + j - begin)];
    }
    factor_block(f, begin, end);
    pool.parallel_for(f.size - end, [&](int64_t below, int) {
      const int64_t i = end + below;
      for (int64_t j = begin; j < end; ++j) {
        float sum = f.at(i, j);
        for (int64_t k = begin; k < j; ++k) sum -= f.at(i, k) * f.at(j, k);
        f.at(i, j) = sum / f.at(j, j);
      }
    });
  }
}

// The channels of one group.
class GroupRounding {
 public:
  GroupRounding(const float* weights, const float* scales, int8_t* q, int64_t channels,
                const Factor& factor, int most)
      : weights_(weights),
        scales_(scales),
        q_(q),
        channels_(channels),
        factor_(factor),
        most_(static_cast<float>(most)),
        errors_(static_cast<size_t>(channels * factor.size)) {}

  void run(ThreadPool& pool) {
    const int64_t size = factor_.size;
    std::vector<float> taken(static_cast<size_t>(channels_ * kBlock));
    for (int64_t begin = (size - 1) / kBlock * kBlock; begin >= 0; begin -= kBlock) {
      const int64_t end = std::min(begin + kBlock, size), after = size - end;
      std::fill(taken.begin(), taken.end(), 0.0f);
      if (after > 0)
        multiply({errors_.data() + end, channels_, after, size},
                 {factor_.c.data() + end * size + begin, after, end - begin, size}, taken.data(),
                 kBlock, pool);
      pool.parallel_for(channels_, [&](int64_t o, int) {
        round_block(o, begin, end, taken.data() + o * kBlock);
      });
    }
  }

 private:
  // taken[i - begin]: what the errors behind the block give to i, before it is divided by its
  // factor's diagonal.
  void round_block(int64_t o, int64_t begin, int64_t end, float* taken) {
    float* errors = errors_.data() + o * factor_.size;
    const float scale = scales_[o];
    for (int64_t i = end - 1; i >= begin; --i) {
      const int64_t at = o * factor_.size + factor_.order[static_cast<size_t>(i)];
      const float wanted = weights_[at] + taken[i - begin] / factor_.at(i, i);
      const float steps = std::clamp(std::nearbyint(wanted / scale), -most_, most_);
      q_[at] = static_cast<int8_t>(steps);
      errors[i] = weights_[at] - steps * scale;
      for (int64_t j = begin; j < i; ++j) taken[j - begin] += errors[i] * factor_.at(i, j);
    }
  }

  const float* weights_;
  const float* scales_;
  int8_t* q_;
  int64_t channels_;
  const Factor& factor_;
  float most_;
  std::vector<float> errors_;  // (channels, size): w - q * scale, in the factor's order
};

}  // namespace

ChannelWeights round_for_output(const Tensor& weights, std::span<const Moments> moments,
                                ThreadPool& pool, int bits) {
  ChannelWeights result = nearest_weights(weights, DType::kI8, bits);
  const auto groups = static_cast<int64_t>(moments.size());
  const int64_t channels = weights.shape()[0] / groups;
  int8_t* q = result.q.mutable_data<int8_t>().data();
  for (int64_t g = 0; g < groups; ++g) {
    const Moments& known = moments[static_cast<size_t>(g)];
    assert(known.size() * weights.shape()[0] == weights.size());
    Factor factor = damped_covariance(known);
    factorise(factor, pool);
    const int64_t first = g * channels, at = first * known.size();
    GroupRounding(weights.data<float>().data() + at, result.scales.data<float>().data() + first,
                  q + at, channels, factor, largest_weight(DType::kI8, bits))
        .run(pool);
  }
  return result;
}

double output_error(const Tensor& weights, const ChannelWeights& q,
                    std::span<const Moments> moments) {
  const Tensor back = dequantized(q);
  const int64_t channels = weights.shape()[0];
  double sum = 0;
  for (int64_t o = 0; o < channels; ++o) {
    const Moments& known =
        moments[static_cast<size_t>(o * static_cast<int64_t>(moments.size()) / channels)];
    const auto at = static_cast<size_t>(o * known.size());
    std::vector<double> e(static_cast<size_t>(known.size()));
    for (size_t i = 0; i < e.size(); ++i)
      e[i] = static_cast<double>(weights.data<float>()[at + i]) -
             static_cast<double>(back.data<float>()[at + i]);
    for (int64_t i = 0; i < known.size(); ++i)
      for (int64_t j = 0; j < known.size(); ++j)
        sum += e[static_cast<size_t>(i)] * e[static_cast<size_t>(j)] * known.covariance(i, j);
  }
  return sum / static_cast<double>(channels);
}

}  // namespace shrike
