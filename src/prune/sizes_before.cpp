#include "prune/sizes_before.h"

#include <algorithm>
#include <map>

#include "prune/layers.h"

namespace shrike {

namespace {

// A group's marks: 2 k where it is made by the k-th layer, 2 k + 1 where it is read there.
using Marks = std::vector<size_t>;

// The channels that layers make and read, in the order of `Marks`.
std::vector<const Axis*> lists_of_layers(const Graph& graph, const Channels& channels) {
  std::vector<const Axis*> lists;
  for (const Node& node : graph.nodes) {
    const std::optional<int> axis = channel_axis(graph, node);
    if (!axis) continue;
    lists.push_back(&channels.axis(node.outputs[0], *axis));
    lists.push_back(&channels.axis(node.inputs[0], *axis));
  }
  return lists;
}

// By their marks the numbers of groups, those of the same marks in the order of their first channel
// in the first list.
std::map<Marks, std::vector<size_t>> by_marks(const Graph& graph, const Channels& channels,
                                              std::span<const ChannelGroup> groups) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<size_t> group_of(channels.count(), kNone);
  for (size_t g = 0; g < groups.size(); ++g)
    for (const Channel channel : groups[g].channels) group_of[static_cast<size_t>(channel)] = g;
  std::vector<Marks> marks(groups.size());
  std::vector<size_t> met;
  const std::vector<const Axis*> lists = lists_of_layers(graph, channels);
  for (size_t list = 0; list < lists.size(); ++list)
    for (const Channel channel : *lists[list]) {
      const size_t group = group_of[static_cast<size_t>(channel)];
      if (group == kNone) continue;
      if (marks[group].empty()) met.push_back(group);
      if (marks[group].empty() || marks[group].back() != list) marks[group].push_back(list);
    }
  std::map<Marks, std::vector<size_t>> result;
  for (const size_t group : met) result[marks[group]].push_back(group);
  return result;
}

}  // namespace

std::vector<size_t> sizes_before(const Graph& now, const Channels& channels,
                                 std::span<const ChannelGroup> groups, const Graph& before) {
  std::vector<size_t> sizes;
  for (const ChannelGroup& group : groups) sizes.push_back(group.channels.size());
  const Channels old_channels = Channels::of(before);
  const std::vector<ChannelGroup> old_groups = channel_groups(before, old_channels);
  const auto old = by_marks(before, old_channels, old_groups);
  for (const auto& [marks, numbers] : by_marks(now, channels, groups)) {
    const auto found = old.find(marks);
    if (found == old.end() || found->second.size() != numbers.size()) continue;
    for (size_t i = 0; i < numbers.size(); ++i) {
      const size_t size = old_groups[found->second[i]].channels.size();
      sizes[numbers[i]] = std::max(sizes[numbers[i]], size);
    }
  }
  return sizes;
}

}  // namespace shrike
