// From decoded messages to a graph: names resolved, nodes ordered, upgraded and converted.
#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/onnx/draft.h"

namespace shrike::onnx {

class GraphReader {
 public:
  // Both must outlive the reader.
  GraphReader(const GraphProto& proto, int opset, TensorReader& tensors)
      : proto_(proto), builder_{graph_, tensors, opset}, opset_(opset) {}

  // Call once. Errors as read_onnx() says, without the file's name.
  Result<Graph> read();

 private:
  // Each name gets its value, in this order; two definitions of one name are an error.
  Result<void> declare_initializers();
  std::unordered_set<std::string_view> names_read() const;
  Result<void> declare_inputs();
  Result<void> declare_node_outputs();
  Result<void> declare(std::string_view name, ValueId id);

  // Indices of nodes, each after those whose outputs it reads.
  Result<std::vector<size_t>> order() const;
  Result<ValueId> find(std::string_view name, const std::string& reader) const;
  Result<void> convert(const NodeProto& node);
  // An error of a node without a name, with its place in the file, from 0 as ONNX's tools count.
  Error at(const NodeProto& node, Error error) const;
  Result<void> connect_outputs();

  const GraphProto& proto_;
  Graph graph_;
  Builder builder_;
  int opset_;
  // kNoValue: an initialiser that nobody reads.
  std::unordered_map<std::string_view, ValueId> names_;
  std::unordered_map<std::string_view, const NodeProto*> dropped_;  // outputs not supported
};

}  // namespace shrike::onnx
