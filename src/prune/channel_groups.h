// Groups: channels that lie in the same axes of the same values, so that one is as good as another
// to leave: the filters of a layer, or the half of them that a split hands to one branch.
#pragma once

#include <vector>

#include "prune/channels.h"

namespace shrike {

struct ChannelGroup {
  std::vector<Channel> channels;  // removable ones, ascending
  ValueId value = kNoValue;       // the first value they lie in, for messages
};

// In the order of the graph's values.
std::vector<ChannelGroup> channel_groups(const Graph& graph, const Channels& channels);

}  // namespace shrike
