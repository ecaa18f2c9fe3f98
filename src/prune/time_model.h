// What a network takes on this machine at other widths, without making it: the sum of its
// convolutions, of each the milliseconds that it was measured to take at its numbers of input and
// output channels. What else a network does is little, and takes as much of the whole at any width.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "prune/channel_groups.h"
#include "prune/select.h"
#include "prune/width_table.h"

namespace shrike {

// "64 > 128", numbers of channels -> milliseconds
using TimesOfWidths = std::map<std::string, double, std::less<>>;
// A layer without its numbers of channels ("Conv 1x40x40 > 20x20, 3x3 stride 2x2 ...") -> what it
// takes
using LayerTimes = std::map<std::string, TimesOfWidths, std::less<>>;

// Milliseconds of each node of a graph, in their order. The nodes read inputs of the graph alone.
using NodeTimer = std::function<Result<std::vector<double>>(const Graph& graph)>;

class TimeModel {
 public:
  // Widths that `options` lets the groups have.
  TimeModel(const Graph& graph, const Channels& channels, std::span<const ChannelGroup> groups,
            const SelectOptions& options);

  // Measures what `times` lacks of the layers, into it; asks nothing where it lacks nothing.
  // on_progress: called before each graph with how many there will be. Required before what
  // follows.
  Result<void> measure(LayerTimes& times, const NodeTimer& timer,
                       const std::function<void(int done, int total)>& on_progress = {});

  // gone: by group, how many of its channels are not there.
  double ms(std::span<const size_t> gone) const;
  // What is saved by taking `more` channels of a group away.
  double saved(std::span<const size_t> gone, size_t group, size_t more) const;

 private:
  // The channels at one side of a layer.
  struct Side {
    int64_t full = 0, least = 0;
    std::map<size_t, int64_t> parts;  // by group how often each of its channels is among them
  };
  struct Layer {
    const Node* node = nullptr;
    std::string name;  // in LayerTimes
    Side input, output;
    bool depthwise = false;                // then outputs are as many times the inputs as they were
    std::vector<int64_t> inputs, outputs;  // widths that are measured; depthwise: no outputs
    std::vector<WidthTable> table;         // one, once it is measured
  };
  struct Sample {
    const Layer* layer = nullptr;
    int64_t input = 0, output = 0;
    std::string widths() const;
  };

  Side side_of(ValueId map, const Channels& channels, std::span<const ChannelGroup> groups,
               const std::vector<size_t>& group_of, const SelectOptions& options) const;
  std::vector<Sample> samples_of(const Layer& layer) const;
  std::vector<std::vector<Sample>> missing(const LayerTimes& times) const;
  Graph graph_of(std::span<const Sample> samples) const;
  static int64_t width(const Side& side, std::span<const size_t> gone, size_t group, size_t more);
  double layer_ms(const Layer& layer, std::span<const size_t> gone, size_t group,
                  size_t more) const;

  const Graph& graph_;
  std::vector<Layer> layers_;
  std::vector<std::vector<size_t>> touched_;  // by group: the layers that it is at one side of
};

}  // namespace shrike
