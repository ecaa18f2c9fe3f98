// Channels: which slices of a graph's values must leave together.
//
// A channel is a set of slices (value, axis, index): a filter of a convolution, its bias and its
// batch norm, the plane that it makes, and what every reader does with that plane, through adds,
// concatenations, splits, reshapes and products. Without all of them the rest is a smaller network
// of the same form. Where all that reads a channel's plane multiplies it by zero, its removal
// changes no output but by rounding.
//
// Axes that hold no channels (pictures, rows, columns), and those that a node needs whole, are
// "whole": lists without entries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace shrike {

using Channel = int32_t;            // 0 .. Channels::count() - 1
using Axis = std::vector<Channel>;  // the channel at each index; empty: the axis stays whole
using Axes = std::vector<Axis>;     // of a value, by axis

// Why channels stay: a node that could not be followed, or a value that must keep its form.
struct Whole {
  int node = -1;         // index into graph.nodes; -1: the graph's outputs
  int64_t channels = 0;  // that stay for its sake, and would not otherwise
};

class Channels {
 public:
  // Requires a graph that verify() accepts; batch norms as nodes or folded, a head lifted or not.
  // What has no static shape stays whole, and so do the graph's outputs.
  static Channels of(const Graph& graph);

  size_t count() const { return removable_.size(); }
  bool removable(Channel channel) const { return removable_[static_cast<size_t>(channel)]; }

  // Of each of the value's axes; none for a value without a static shape.
  const Axes& axes(ValueId id) const { return axes_[static_cast<size_t>(id)]; }
  // The list of one axis, or one without entries.
  const Axis& axis(ValueId id, int axis) const;

  // In the order of the nodes.
  const std::vector<Whole>& whole() const { return whole_; }

 private:
  friend class Tracer;
  std::vector<Axes> axes_;  // by value
  std::vector<bool> removable_;
  std::vector<Whole> whole_;
};

// "stay for the sake of Softmax node 'x'", for messages.
std::string describe_whole(const Graph& graph, const Whole& whole);

}  // namespace shrike
