#include "prune/channel_groups.h"

#include <algorithm>
#include <map>

namespace shrike {

std::vector<ChannelGroup> channel_groups(const Graph& graph, const Channels& channels) {
  // Where each channel lies: numbers of (value, axis), ascending.
  std::vector<std::vector<int>> places(channels.count());
  std::vector<ValueId> first(channels.count(), kNoValue);
  int place = 0;
  for (size_t v = 0; v < graph.values.size(); ++v) {
    const auto id = static_cast<ValueId>(v);
    for (const Axis& axis : channels.axes(id)) {
      ++place;
      for (const Channel channel : axis) {
        const auto c = static_cast<size_t>(channel);
        if (places[c].empty()) first[c] = id;
        if (places[c].empty() || places[c].back() != place) places[c].push_back(place);
      }
    }
  }
  std::map<std::vector<int>, size_t> numbers;
  std::vector<ChannelGroup> groups;
  for (size_t c = 0; c < channels.count(); ++c) {
    const auto channel = static_cast<Channel>(c);
    if (!channels.removable(channel)) continue;
    const auto [at, added] = numbers.try_emplace(std::move(places[c]), groups.size());
    if (added) groups.push_back({{}, first[c]});
    groups[at->second].channels.push_back(channel);
  }
  return groups;
}

}  // namespace shrike
