// Graph: typed values, nodes in topological order, inputs, outputs, metadata.
//
// Plain data that passes rewrite freely and verify() checks (ir/verify.h). A value is a graph
// input, a constant, or the output of exactly one node. Its type and shape are what infer_shapes()
// found (ir/infer.h); a shape is absent while unknown, and its extents are kDynamic where they
// depend on the picture's size or on the data. Feature maps are (N, C, H, W).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "ir/op.h"

namespace shrike {

using ValueId = int32_t;
inline constexpr ValueId kNoValue = -1;  // an optional input that is absent

struct Value {
  std::string name;  // unique in the graph; given by add_*(), exchanged by swap_names() alone
  DType dtype = DType::kUndefined;
  std::optional<Shape> shape;
  std::optional<Tensor> constant;
  // Names of a graph input's or output's dynamic extents ("batch"), "" for the others; may be
  // empty. They mean nothing here and are kept for saving.
  std::vector<std::string> symbols;
};

struct Node {
  std::string name;  // may be empty, need not be unique
  Op op;
  std::vector<ValueId> inputs;   // kNoValue where an optional input is absent
  std::vector<ValueId> outputs;  // kNoValue where an optional output is not wanted
};

struct Graph {
  std::string name;
  std::map<std::string, std::string> metadata;  // ONNX metadata_props: names, stride, task, imgsz
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;

  Value& value(ValueId id) { return values[static_cast<size_t>(id)]; }
  const Value& value(ValueId id) const { return values[static_cast<size_t>(id)]; }

  // The constant of an input; null when the input is absent or computed.
  const Tensor* constant(ValueId id) const {
    return id != kNoValue && value(id).constant ? &*value(id).constant : nullptr;
  }
  // The static shape of a value; null when it is unknown or has dynamic extents.
  const Shape* static_shape(ValueId id) const {
    const Value& v = value(id);
    return v.shape && v.shape->is_static() ? &*v.shape : nullptr;
  }

  // Each makes a new value; a name already taken gets a number appended.
  ValueId add_value(std::string_view name, DType dtype = DType::kUndefined,
                    std::optional<Shape> shape = std::nullopt);
  ValueId add_constant(std::string_view name, Tensor tensor);
  ValueId add_input(std::string_view name, DType dtype, Shape shape);

  // Appends a node with one new output named `output`, and returns that value.
  ValueId add_node(Op op, std::vector<ValueId> inputs, std::string_view output);

  // A name not yet used by any value: `base`, or `base` with "_2", "_3", ... behind.
  std::string unique_name(std::string_view base) const;

  std::optional<ValueId> find_value(std::string_view name) const;

  // Each value takes the other's name. A name that is written into a value in another way is not
  // known to unique_name() and find_value().
  void swap_names(ValueId a, ValueId b);

 private:
  // The values' names. Values appended by others than add_*() are found when it is next used, and a
  // list that has become shorter is read anew.
  mutable std::map<std::string, ValueId, std::less<>> index_;
  mutable size_t indexed_ = 0;
  void refresh_index() const;
};

// Same structure, names, types, shapes, constants, symbols and metadata, whatever the ids.
bool same_graph(const Graph& a, const Graph& b);

// Who makes and who reads each value: a snapshot of a graph, void when the graph changes.
class Uses {
 public:
  explicit Uses(const Graph& graph);
  // Index of the node that makes the value, or -1 (input, constant).
  int producer(ValueId id) const { return producers_[static_cast<size_t>(id)]; }
  // Indices of the nodes that read it, a node once per input.
  const std::vector<int>& readers(ValueId id) const { return readers_[static_cast<size_t>(id)]; }
  bool is_output(ValueId id) const { return is_output_[static_cast<size_t>(id)]; }
  // Read by exactly one input of one node and not a graph output.
  bool single_use(ValueId id) const { return readers(id).size() == 1 && !is_output(id); }

 private:
  std::vector<int> producers_;
  std::vector<std::vector<int>> readers_;
  std::vector<bool> is_output_;
};

// Removes nodes whose outputs nobody needs, then values nobody names; ids change.
void remove_dead(Graph& graph);

}  // namespace shrike
