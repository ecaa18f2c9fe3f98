// A node as ONNX spells it for one operator set: what lies between the graph and the bytes.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ir/graph.h"

namespace shrike::onnx {

struct OutAttribute {
  std::string_view name;
  std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>, Tensor> value;
};

struct OutNode {
  std::string op;
  std::string name;
  std::vector<std::string> inputs;  // names of values, "" where absent
  std::vector<std::string> outputs;
  std::vector<OutAttribute> attributes;

  void add(std::string_view attribute, auto value) {
    attributes.push_back({attribute, std::move(value)});
  }
};

// The node or nodes of operator set `opset` that mean the same as `node`. Errors (kModel) name the
// node: no ONNX operator, an input that must be constant and is not, an attribute newer than the
// set.
Result<std::vector<OutNode>> lower_node(const Graph& graph, const Node& node, int opset);

}  // namespace shrike::onnx
