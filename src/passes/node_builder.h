// NodeBuilder: writes nodes into a graph one call each, for passes that make more than a node or
// two. Every result gets a name below `stem`; types and shapes are inferred as nodes are made.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace shrike {

class NodeBuilder {
 public:
  NodeBuilder(Graph& graph, std::string stem) : graph_(graph), stem_(std::move(stem)) {}

  ValueId node(Op op, std::vector<ValueId> inputs, const std::string& name);
  ValueId ints(const std::vector<int64_t>& values);
  ValueId floats(Shape shape, const std::vector<float>& values, const std::string& name);

  ValueId add(ValueId a, ValueId b, const std::string& name) {
    return binary(BinaryKind::kAdd, a, b, name);
  }
  ValueId sub(ValueId a, ValueId b, const std::string& name) {
    return binary(BinaryKind::kSub, a, b, name);
  }
  ValueId mul(ValueId a, ValueId b, const std::string& name) {
    return binary(BinaryKind::kMul, a, b, name);
  }
  ValueId binary(BinaryKind kind, ValueId a, ValueId b, const std::string& name) {
    return node(Binary{kind, 0}, {a, b}, name);
  }
  ValueId unary(UnaryKind kind, ValueId x, const std::string& name) {
    return node(Unary{kind, 0, 0}, {x}, name);
  }
  ValueId reshape(ValueId x, const std::vector<int64_t>& shape, const std::string& name) {
    return node(Reshape{}, {x, ints(shape)}, name);
  }
  ValueId transpose(ValueId x, std::vector<int64_t> perm, const std::string& name) {
    return node(Transpose{std::move(perm)}, {x}, name);
  }
  ValueId concat(std::vector<ValueId> parts, int64_t axis, const std::string& name) {
    return parts.size() == 1 ? parts[0] : node(Concat{axis}, std::move(parts), name);
  }
  std::vector<ValueId> split(ValueId x, int64_t axis, const std::vector<int64_t>& sizes,
                             const std::string& name);

  // A second output of the node made last (TopK's indices).
  ValueId second_output(const std::string& name);

  // The nodes made so far; the caller puts them where they belong.
  std::vector<Node> take() { return std::move(nodes_); }
  // The first thing that went wrong with a node's shapes.
  const Result<void>& status() const { return status_; }

 private:
  void infer(const Node& node) {
    if (status_) status_ = infer_one(node);
  }
  Result<void> infer_one(const Node& node);

  Graph& graph_;
  std::string stem_;
  std::vector<Node> nodes_;
  Result<void> status_;
};

}  // namespace shrike
