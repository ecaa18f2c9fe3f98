#include "prune/select.h"

#include <algorithm>
#include <cmath>

namespace shrike {

namespace {

// How many of a group's channels may leave, of `size` that it has.
size_t most_of(size_t group, size_t size, const SelectOptions& options) {
  const size_t before = group < options.before.size() ? options.before[group] : size;
  const size_t least = before - static_cast<size_t>(static_cast<double>(before) * options.most);
  return size > least ? std::min(size - 1, size - least) : 0;
}

// Of `wanted` channels that should leave a group of `size`, how many do.
size_t rounded(size_t size, size_t wanted, int64_t multiple) {
  const auto unit = static_cast<size_t>(multiple);
  const size_t left = (size - wanted + unit - 1) / unit * unit;
  return left >= size ? 0 : size - left;
}

}  // namespace

std::vector<Channel> ranked_channels(const ChannelGroup& group, const std::vector<double>& scores) {
  std::vector<Channel> order = group.channels;
  std::stable_sort(order.begin(), order.end(), [&](Channel a, Channel b) {
    return scores[static_cast<size_t>(a)] < scores[static_cast<size_t>(b)];
  });
  return order;
}

std::vector<size_t> removal_counts(size_t group, size_t size, const SelectOptions& options) {
  std::vector<size_t> counts{0};
  for (size_t wanted = 1; wanted <= most_of(group, size, options); ++wanted)
    if (const size_t count = rounded(size, wanted, options.multiple); count > counts.back())
      counts.push_back(count);
  return counts;
}

Ranking::Ranking(size_t channels, std::span<const ChannelGroup> groups,
                 const std::vector<double>& scores, const SelectOptions& options)
    : channels_(channels), scores_(scores), multiple_(options.multiple) {
  for (size_t g = 0; g < groups.size(); ++g) {
    if (g < options.protect.size() && options.protect[g]) continue;
    orders_.push_back(ranked_channels(groups[g], scores));
    most_.push_back(most_of(g, orders_.back().size(), options));
    for (size_t i = 0; i < most_.back(); ++i)
      thresholds_.push_back(scores[static_cast<size_t>(orders_.back()[i])]);
  }
  std::sort(thresholds_.begin(), thresholds_.end());
  thresholds_.erase(std::unique(thresholds_.begin(), thresholds_.end()), thresholds_.end());
}

std::vector<bool> Ranking::removal(size_t step) const {
  std::vector<bool> removed(channels_, false);
  if (step == 0) return removed;
  for (size_t o = 0; o < orders_.size(); ++o) {
    const std::vector<Channel>& order = orders_[o];
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(most_[o]);
    const auto stay = std::find_if(order.begin(), end, [&](Channel channel) {
      return scores_[static_cast<size_t>(channel)] > thresholds_[step - 1];
    });
    const size_t count =
        rounded(order.size(), static_cast<size_t>(stay - order.begin()), multiple_);
    for (size_t i = 0; i < count; ++i) removed[static_cast<size_t>(order[i])] = true;
  }
  return removed;
}

std::optional<std::vector<bool>> select_channels(
    const Ranking& ranking, double limit,
    const std::function<double(const std::vector<bool>& removed)>& cost) {
  limit *= 1 + 1e-9;  // shares of shares round
  if (cost(ranking.removal(ranking.steps() - 1)) > limit) return std::nullopt;
  // The first step that is cheap enough: costs fall from step to step.
  size_t below = 0, above = ranking.steps() - 1;
  while (below < above) {
    const size_t middle = (below + above) / 2;
    if (cost(ranking.removal(middle)) <= limit)
      above = middle;
    else
      below = middle + 1;
  }
  return ranking.removal(above);
}

}  // namespace shrike
