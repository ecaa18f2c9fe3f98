// Follows channels through a graph, node by node: for channels.cpp. Private to prune.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include "prune/channels.h"

namespace shrike {

// While it works, channels are elements of a union-find, and a class of them is one in the end.
class Tracer {
 public:
  explicit Tracer(const Graph& graph);
  Channels run();

 private:
  // One rule an operator: what the axes of the node's outputs are. The default: nothing is known.
  void follow(const Conv&);
  void follow(const ConvTranspose&);
  void follow(const MatMul&);
  void follow(const Gemm&);
  void follow(const BatchNorm&);
  void follow(const Binary&);
  void follow(const Unary&) { pass_on(); }
  void follow(const Clip&) { pass_on(); }
  void follow(const Cast&) { pass_on(); }
  void follow(const MaxPool&) { pool(); }
  void follow(const AveragePool&) { pool(); }
  void follow(const GlobalAveragePool&) { pass_on(); }
  void follow(const Resize&) { pass_on(); }
  void follow(const Expand&) { pass_on(); }
  void follow(const Softmax&);
  void follow(const Reduce&);
  void follow(const Concat&);
  void follow(const Split&);
  void follow(const Slice&);
  void follow(const Pad&);
  void follow(const Transpose&);
  void follow(const Reshape&) { reshape(); }
  void follow(const Flatten&) { reshape(); }
  void follow(const Squeeze&) { reshape(); }
  void follow(const Unsqueeze&) { reshape(); }
  template <typename Op>
  void follow(const Op&) {
    give_up();
  }

  // The node at hand.
  size_t inputs() const { return node_->inputs.size(); }
  bool has(size_t i) const { return i < inputs() && node_->inputs[i] != kNoValue; }
  const Shape& in_shape(size_t i) const;
  const Shape& out_shape(size_t i = 0) const;
  Axes& in(size_t i) { return axes_[static_cast<size_t>(node_->inputs[i])]; }
  Axes& out(size_t i = 0) { return axes_[static_cast<size_t>(node_->outputs[i])]; }
  bool is_constant(size_t i) const { return has(i) && graph_.constant(node_->inputs[i]); }
  // The elements of a constant list of i64.
  std::optional<std::vector<int64_t>> ints(size_t i) const;

  // All that the node reads stays whole, and what it makes.
  void give_up();
  // The first output has the axes of the first input where extents agree; others must stay whole.
  void pass_on();
  void pool();
  // All axes of input i but the second: windows reach over neighbours there.
  void keep_pixels(size_t i);
  void reshape();
  void reshape_block(std::span<const int> from, std::span<const int> to);
  void grouped(int64_t group);

  // Channels.
  Channel fresh();
  Axis fresh_axis(int64_t extent);
  Channel find(Channel channel);
  void unite(Channel a, Channel b);
  void unite(const Axis& a, const Axis& b);  // of one length
  void keep(Channel channel);
  void keep(const Axis& axis);
  // The two become one; a whole one keeps the other. Gives what both are then.
  Axis join(const Axis& a, const Axis& b);
  // The axis of input i is `axis`: a constant's that was not read before becomes it.
  void meet(size_t i, int axis, const Axis& list);
  // A constant's axis that makes channels: new ones where it was not read before.
  Axis make(size_t i, int axis);

  const Graph& graph_;
  const Node* node_ = nullptr;
  int index_ = -1;  // of the node
  std::vector<Axes> axes_;
  std::vector<bool> read_;  // by value: a constant whose axes are known
  std::vector<Channel> parent_;
  std::vector<bool> kept_;   // by root
  std::vector<int> keeper_;  // by root: the node that kept it first
};

}  // namespace shrike
