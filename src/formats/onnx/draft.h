// A node between the file and the graph: ONNX's operator name and attributes, the graph's values.
// Rules (upgrade.h) rework drafts until make_op (make_op.h) can take them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "formats/onnx/proto.h"
#include "formats/onnx/tensor_reader.h"
#include "ir/graph.h"

namespace shrike::onnx {

struct Draft {
  std::string op;
  std::string name;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::vector<Attribute> attributes;
  bool done = false;  // a rule has put its own nodes into the graph

  const Attribute* find(std::string_view attribute) const;
  // An error that names the attribute when it is absent.
  Result<void> expect_attribute(std::string_view attribute) const;
  // Removes the attribute and returns it; nothing when it is absent.
  std::optional<Attribute> take(std::string_view attribute);
  // The same of known type, an error when the file has another.
  Result<std::optional<std::vector<int64_t>>> take_ints(std::string_view attribute);
  Result<int64_t> take_int(std::string_view attribute, int64_t fallback);
  Result<std::optional<float>> take_float(std::string_view attribute);

  bool has_input(size_t i) const { return i < inputs.size() && inputs[i] != kNoValue; }
  void set_input(size_t i, ValueId id);
  // The first output that is wanted; every draft has one.
  ValueId output() const;

  // "Conv node 'x': why", "Conv node without a name: why"
  Error fail(const std::string& why) const;
};

// "operator 'LSTM' (node 'x') is not supported"
Error unsupported_operator(std::string_view op, std::string_view node);

// The graph in the making, as rules see it.
struct Builder {
  Graph& graph;
  TensorReader& tensors;
  int opset;
  // Of scales whose nodes have none, by scale and type (rules_quantize.cpp).
  std::map<std::pair<ValueId, DType>, ValueId> zero_points = {};

  const Shape* shape(ValueId id) const {
    const std::optional<Shape>& shape = graph.value(id).shape;
    return shape ? &*shape : nullptr;
  }

  // A constant named after the node's first output and `what`.
  ValueId constant(const Draft& draft, std::string_view what, Tensor tensor);
  ValueId ints(const Draft& draft, std::string_view what, const std::vector<int64_t>& values);

  // Appends a node and infers its outputs.
  Result<void> emit(const Draft& draft, Op op, std::vector<ValueId> inputs,
                    std::vector<ValueId> outputs);
  // The same with one new value as output.
  Result<ValueId> emit(const Draft& draft, Op op, std::vector<ValueId> inputs,
                       std::string_view output);
};

}  // namespace shrike::onnx
