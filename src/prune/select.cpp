#include "prune/select.h"

#include <algorithm>
#include <cmath>

namespace shrike {

namespace {

// A group's channels, the least important first.
std::vector<Channel> ranked(const ChannelGroup& group, const std::vector<double>& scores) {
  std::vector<Channel> order = group.channels;
  std::stable_sort(order.begin(), order.end(), [&](Channel a, Channel b) {
    return scores[static_cast<size_t>(a)] < scores[static_cast<size_t>(b)];
  });
  return order;
}

// How many of a group's channels may leave.
size_t most_of(size_t size, const SelectOptions& options) {
  return std::min(size - 1, static_cast<size_t>(static_cast<double>(size) * options.most));
}

// Of `wanted` channels that should leave a group of `size`, how many do.
size_t rounded(size_t size, size_t wanted, int64_t multiple) {
  const auto unit = static_cast<size_t>(multiple);
  const size_t left = (size - wanted + unit - 1) / unit * unit;
  return left >= size ? 0 : size - left;
}

class Selector {
 public:
  Selector(size_t channels, std::span<const ChannelGroup> groups, const std::vector<double>& scores,
           const SelectOptions& options)
      : channels_(channels), scores_(scores), options_(options) {
    for (size_t g = 0; g < groups.size(); ++g) {
      if (g < options.protect.size() && options.protect[g]) continue;
      orders_.push_back(ranked(groups[g], scores));
      for (size_t i = 0; i < most_of(orders_.back().size(), options); ++i)
        thresholds_.push_back(scores[static_cast<size_t>(orders_.back()[i])]);
    }
    std::sort(thresholds_.begin(), thresholds_.end());
    thresholds_.erase(std::unique(thresholds_.begin(), thresholds_.end()), thresholds_.end());
  }

  size_t steps() const { return thresholds_.size() + 1; }

  // Without what is no more important than the threshold of the step; step 0: all stays.
  std::vector<bool> removal(size_t step) const {
    std::vector<bool> removed(channels_, false);
    if (step == 0) return removed;
    for (const std::vector<Channel>& order : orders_) {
      const auto end = order.begin() + static_cast<std::ptrdiff_t>(most_of(order.size(), options_));
      const auto stay = std::find_if(order.begin(), end, [&](Channel channel) {
        return scores_[static_cast<size_t>(channel)] > thresholds_[step - 1];
      });
      const size_t count =
          rounded(order.size(), static_cast<size_t>(stay - order.begin()), options_.multiple);
      for (size_t i = 0; i < count; ++i) removed[static_cast<size_t>(order[i])] = true;
    }
    return removed;
  }

 private:
  size_t channels_;
  const std::vector<double>& scores_;
  const SelectOptions& options_;
  std::vector<std::vector<Channel>> orders_;
  std::vector<double> thresholds_;
};

}  // namespace

Result<std::vector<bool>> select_channels(
    size_t channels, std::span<const ChannelGroup> groups, const std::vector<double>& scores,
    const SelectOptions& options, double limit,
    const std::function<double(const std::vector<bool>& removed)>& cost) {
  const Selector selector(channels, groups, scores, options);
  if (const double least = cost(selector.removal(selector.steps() - 1)); least > limit)
    return usage_error("cannot be pruned to " + std::to_string(limit) + ": the least is " +
                       std::to_string(least));
  // The first step that is cheap enough: costs fall from step to step.
  size_t below = 0, above = selector.steps() - 1;
  while (below < above) {
    const size_t middle = (below + above) / 2;
    if (cost(selector.removal(middle)) <= limit)
      above = middle;
    else
      below = middle + 1;
  }
  return selector.removal(above);
}

}  // namespace shrike
