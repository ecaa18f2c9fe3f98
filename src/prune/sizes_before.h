// How large the groups of a pruned network were before: of pruning in turns, in which a layer keeps
// to a share of what it had at first.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "prune/channel_groups.h"
#include "prune/channels.h"

namespace shrike {

// By group of `now`, whose layers are those of `before` with fewer channels: the channels of the
// same group there. Groups are told by the convolutions and products that make and read them. One
// that is not found, or is larger now, has its own size.
std::vector<size_t> sizes_before(const Graph& now, const Channels& channels,
                                 std::span<const ChannelGroup> groups, const Graph& before);

}  // namespace shrike
