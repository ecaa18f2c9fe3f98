// Which channels leave: the least important ones of the whole network, until it costs no more than
// is wanted.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "prune/channel_groups.h"

namespace shrike {

struct SelectOptions {
  // Widths that are left are multiples of this, or the group's own: vectors of 8 floats are what
  // kernels like.
  int64_t multiple = 8;
  double most = 0.8;  // at most this share of any one group leaves, 0..1
  // By group: those that are left alone.
  std::vector<bool> protect = {};
};

// cost: of the network without those channels (by channel), in any unit, falling as more are
// removed. Gives the removal, by channel, that costs at most `limit` and takes the fewest, by
// importance. Errors (kUsage): `limit` cannot be reached; the least cost that can be is in the
// message.
Result<std::vector<bool>> select_channels(
    size_t channels, std::span<const ChannelGroup> groups, const std::vector<double>& scores,
    const SelectOptions& options, double limit,
    const std::function<double(const std::vector<bool>& removed)>& cost);

}  // namespace shrike
