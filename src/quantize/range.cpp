#include "quantize/range.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "ir/ops/quantize.h"

namespace shrike {

namespace {

constexpr int kLevels = 256;         // of u8
constexpr double kMostWord = 32767;  // of i16
constexpr int kShares = 32;          // ends that are tried: 1/32, 2/32, ... of the largest value

ValueRange min_max(const Histogram& h) { return {h.lowest(), h.largest()}; }

// The first bin, from one end, before which at most `most` values lie.
int first_kept(const Histogram& h, int64_t most, int begin, int step) {
  int64_t before = 0;
  int bin = begin;
  for (; bin >= 0 && bin < Histogram::kBins; bin += step) {
    before += h.count(bin);
    if (before > most) break;
  }
  return bin;
}

ValueRange percentile(const Histogram& h, double kept) {
  const auto most = static_cast<int64_t>(static_cast<double>(h.count()) * (1 - kept) / 2);
  const int low = first_kept(h, most, 0, 1);
  const int high = first_kept(h, most, Histogram::kBins - 1, -1);
  const double half = h.width() / 2;
  return {std::clamp(static_cast<float>(h.middle(low) - half), h.lowest(), 0.0f),
          std::clamp(static_cast<float>(h.middle(high) + half), 0.0f, h.largest())};
}

// The range among shares of the whole one, of either end, that has the least `cost`.
template <typename Cost>
ValueRange least(const Histogram& h, const Cost& cost) {
  const ValueRange whole = min_max(h);
  ValueRange best = whole;
  double lowest_cost = std::numeric_limits<double>::infinity();
  const int lows = whole.low < 0 ? kShares : 1, highs = whole.high > 0 ? kShares : 1;
  for (int high = highs; high > 0; --high)
    for (int low = lows; low > 0; --low) {
      const ValueRange range{whole.low * static_cast<float>(low) / static_cast<float>(lows),
                             whole.high * static_cast<float>(high) / static_cast<float>(highs)};
      const double value = cost(range);
      if (value < lowest_cost) lowest_cost = value, best = range;
    }
  return best;
}

int level_of(double value, const IntegerForm& form) {
  const double q = std::nearbyint(value / static_cast<double>(form.scale)) + form.zero;
  return static_cast<int>(std::clamp(q, 0.0, static_cast<double>(kLevels - 1)));
}

// How much of the values' distribution is lost when all in one level are taken for equally often:
// sum over bins of p * log(p / q), q being the level's share divided among its bins that occur.
// What saturates counts for the bin at its end. Infinite where it is an end that never occurs.
double divergence(const Histogram& h, const ValueRange& range) {
  const IntegerForm form = form_of(range);
  std::vector<double> p(Histogram::kBins, 0), level(kLevels, 0), bins(kLevels, 0);
  const auto clamped = [&](int bin) {
    const double per_width = 1 / h.width();
    const auto at = [&](float end) {
      return static_cast<int>(std::floor(static_cast<double>(end) * per_width)) +
             Histogram::kBins / 2;
    };
    return std::clamp(bin, at(range.low), std::min(at(range.high), Histogram::kBins - 1));
  };
  for (int bin = 0; bin < Histogram::kBins; ++bin)
    p[static_cast<size_t>(clamped(bin))] += static_cast<double>(h.count(bin));
  for (int bin = 0; bin < Histogram::kBins; ++bin) {
    if (p[static_cast<size_t>(bin)] == 0) continue;
    const auto q = static_cast<size_t>(level_of(h.middle(bin), form));
    // What was there before the saturated came is what integers show of the ends.
    if (h.count(bin) > 0) level[q] += static_cast<double>(h.count(bin)), bins[q] += 1;
  }
  double inside = 0, all = 0, sum = 0;
  for (const double share : level) inside += share;
  for (const double share : p) all += share;
  for (int bin = 0; bin < Histogram::kBins; ++bin) {
    const double share = p[static_cast<size_t>(bin)] / all;
    if (share == 0) continue;
    const auto q = static_cast<size_t>(level_of(h.middle(bin), form));
    if (bins[q] == 0) return std::numeric_limits<double>::infinity();
    sum += share * std::log(share / (level[q] / bins[q] / inside));
  }
  return sum;
}

}  // namespace

IntegerForm form_of(const ValueRange& range, DType type) {
  const auto low = static_cast<double>(range.low), high = static_cast<double>(range.high);
  // So small that no layer is computed with its steps is as good as nothing.
  const auto empty = [](double length, double levels) {
    return !(length > levels * static_cast<double>(kLeastScale));
  };
  if (type == DType::kI16) {
    const double most = std::max(-low, high);
    return {type, static_cast<float>((empty(most, kMostWord) ? 1 : most) / kMostWord), 0};
  }
  if (empty(high - low, kLevels - 1)) return {type, 1.0f / (kLevels - 1), 0};
  const double scale = (high - low) / (kLevels - 1);
  const double zero = std::nearbyint(-low / scale);
  return {type, static_cast<float>(scale), static_cast<int>(std::clamp(zero, 0.0, kLevels - 1.0))};
}

void round_to(const IntegerForm& form, std::span<float> values) {
  // Added and taken away, it leaves the nearest integer of what is far below it.
  constexpr float kRounder = 12582912;  // 1.5 * 2^23
  const bool bytes = form.type == DType::kU8;
  const float per_step = 1 / form.scale;
  const float low = bytes ? static_cast<float>(-form.zero) : -static_cast<float>(kMostWord) - 1;
  const float high = bytes ? low + (kLevels - 1) : static_cast<float>(kMostWord);
  for (float& value : values) {
    const float steps = std::clamp(value * per_step, low, high);
    value = (steps + kRounder - kRounder) * form.scale;
  }
}

double squared_error(const Histogram& h, const IntegerForm& form) {
  double sum = 0;
  for (int bin = 0; bin < Histogram::kBins; ++bin) {
    if (h.count(bin) == 0) continue;
    const double value = h.middle(bin);
    const double error =
        value - (level_of(value, form) - form.zero) * static_cast<double>(form.scale);
    sum += static_cast<double>(h.count(bin)) * error * error;
  }
  return h.count() == 0 ? 0 : sum / static_cast<double>(h.count());
}

ValueRange choose_range(const Histogram& h, RangeMethod method, double kept) {
  if (h.count() == 0) return {};
  switch (method) {
    case RangeMethod::kPercentile:
      return percentile(h, kept);
    case RangeMethod::kSquaredError:
      return least(h, [&](const ValueRange& range) { return squared_error(h, form_of(range)); });
    case RangeMethod::kEntropy:
      return least(h, [&](const ValueRange& range) { return divergence(h, range); });
    case RangeMethod::kMinMax:
      break;
  }
  return min_max(h);
}

std::vector<RangeChoice> range_candidates(const Histogram& h) {
  std::vector<RangeChoice> all;
  const auto add = [&](RangeMethod method, double kept) {
    const RangeChoice choice{method, kept, choose_range(h, method, kept)};
    if (std::none_of(all.begin(), all.end(),
                     [&](const RangeChoice& other) { return other.range == choice.range; }))
      all.push_back(choice);
  };
  add(RangeMethod::kMinMax, 1);
  for (const double kept : {0.999, 0.9999, 0.99999}) add(RangeMethod::kPercentile, kept);
  add(RangeMethod::kSquaredError, 1);
  add(RangeMethod::kEntropy, 1);
  return all;
}

std::string to_string(const RangeChoice& choice) {
  switch (choice.method) {
    case RangeMethod::kPercentile: {
      char text[40];
      std::snprintf(text, sizeof text, "percentile %g", 100 * choice.kept);
      return text;
    }
    case RangeMethod::kSquaredError:
      return "squared error";
    case RangeMethod::kEntropy:
      return "entropy";
    case RangeMethod::kMinMax:
      break;
  }
  return "min-max";
}

}  // namespace shrike
