#include "passes/read_bytes.h"

#include <algorithm>

#include "ir/infer.h"
#include "passes/quantized_tensor.h"
#include "passes/rewrite.h"
#include "reference/evaluate.h"

namespace shrike {

namespace {

constexpr int64_t kBytes = 256;

bool reads_bytes(const Graph& graph, const Uses& uses, ValueId picture) {
  const std::vector<int>& readers = uses.readers(picture);
  if (graph.value(picture).dtype != DType::kF32 || uses.is_output(picture) || readers.empty())
    return false;
  return std::all_of(readers.begin(), readers.end(), [&](int reader) {
    const Node& node = graph.nodes[static_cast<size_t>(reader)];
    if (!std::holds_alternative<QuantizeLinear>(node.op)) return false;
    const auto form = quantized_tensor(graph, node, node.outputs[0]);
    return form && form->type == DType::kU8;
  });
}

// What the node makes of every byte.
Result<Tensor> table_of(const Graph& graph, const Node& quantize, float divisor) {
  SHRIKE_ASSIGN(Tensor picture, Tensor::make(DType::kF32, Shape{kBytes}));
  const std::span<float> values = picture.mutable_data<float>();
  for (size_t b = 0; b < values.size(); ++b) values[b] = static_cast<float>(b) / divisor;
  std::vector<const Tensor*> arguments = {&picture};
  for (size_t i = 1; i < quantize.inputs.size(); ++i)
    arguments.push_back(quantize.inputs[i] == kNoValue ? nullptr
                                                       : graph.constant(quantize.inputs[i]));
  SHRIKE_ASSIGN(std::vector<Tensor> outputs, evaluate_node(quantize, arguments));
  return std::move(outputs[0]);
}

bool changes_nothing(const Tensor& table) {
  const std::span<const uint8_t> bytes = table.data<uint8_t>();
  for (size_t b = 0; b < bytes.size(); ++b)
    if (bytes[b] != b) return false;
  return true;
}

}  // namespace

Result<bool> read_bytes(Graph& graph, float divisor) {
  const ValueId picture = graph.inputs[0];
  if (!reads_bytes(graph, Uses(graph), picture)) return false;
  graph.values[static_cast<size_t>(picture)].dtype = DType::kU8;
  Substitution substitution(graph);
  for (Node& node : graph.nodes) {
    substitution.rewrite(node);
    if (!std::holds_alternative<QuantizeLinear>(node.op) || node.inputs[0] != picture) continue;
    SHRIKE_ASSIGN(Tensor table, table_of(graph, node, divisor));
    if (changes_nothing(table) && substitution.substitute(node.outputs[0], picture)) {
      mark_removed(node);
      continue;
    }
    const ValueId constant = graph.add_constant("picture.table", std::move(table));
    node.op = Lookup{};
    node.inputs = {picture, constant};
  }
  substitution.finish();
  sweep(graph);
  SHRIKE_TRY(infer_shapes(graph));
  return true;
}

}  // namespace shrike
