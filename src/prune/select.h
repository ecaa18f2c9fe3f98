// Which channels leave: the least important ones of the whole network, until it costs no more than
// is wanted.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "prune/channel_groups.h"

namespace shrike {

struct SelectOptions {
  // Widths that are left are multiples of this, or the group's own: vectors of 8 floats are what
  // kernels like.
  int64_t multiple = 8;
  double most = 0.8;  // at most this share of any one group leaves, 0..1
  // By group: the channels that `most` is a share of, where it had more than now; empty: its own.
  std::vector<size_t> before = {};
  // By group: those that are left alone.
  std::vector<bool> protect = {};
};

// Removals of ever more channels: those that are no more important than a threshold, which rises.
class Ranking {
 public:
  // scores: by channel, for the ranking's life.
  Ranking(size_t channels, std::span<const ChannelGroup> groups, const std::vector<double>& scores,
          const SelectOptions& options);

  // 0, where all stays, to steps() - 1, where what can leave has left.
  size_t steps() const { return thresholds_.size() + 1; }
  std::vector<bool> removal(size_t step) const;  // by channel

 private:
  size_t channels_;
  const std::vector<double>& scores_;
  int64_t multiple_;
  std::vector<std::vector<Channel>> orders_;
  std::vector<size_t> most_;  // of each, how many may leave
  std::vector<double> thresholds_;
};

// A group's channels, the least important first.
std::vector<Channel> ranked_channels(const ChannelGroup& group, const std::vector<double>& scores);

// How many channels can leave a group (its number) of that size, ascending, 0 first.
std::vector<size_t> removal_counts(size_t group, size_t size, const SelectOptions& options);

// cost: of the network without those channels (by channel), in any unit, falling as more are
// removed. The removal, by channel, that costs at most `limit` and takes the fewest, by importance;
// nothing where the last of the ranking costs more.
std::optional<std::vector<bool>> select_channels(
    const Ranking& ranking, double limit,
    const std::function<double(const std::vector<bool>& removed)>& cost);

}  // namespace shrike
