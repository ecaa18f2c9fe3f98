#include "formats/onnx_writer.h"

#include <algorithm>
#include <new>
#include <set>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/memory.h"
#include "formats/onnx/encode.h"
#include "formats/onnx/schema.h"

namespace shrike {

namespace {

// What a reader of protobuf accepts, less room for everything that is no weight.
constexpr size_t kMaxFileBytes = (size_t{1} << 31) - 1;
constexpr size_t kMaxWeightBytes = kMaxFileBytes - (size_t{1} << 24);

// The IR version that came with each operator set (docs/Versioning.md of the ONNX project).
int64_t ir_version(int opset) {
  if (opset <= 14) return 7;
  if (opset <= 18) return 8;
  return opset <= 20 ? 9 : 10;
}

Result<std::vector<onnx::OutNode>> lower(const Graph& graph, int opset) {
  std::vector<onnx::OutNode> out;
  for (const Node& node : graph.nodes) {
    SHRIKE_ASSIGN(std::vector<onnx::OutNode> lowered, onnx::lower_node(graph, node, opset));
    std::move(lowered.begin(), lowered.end(), std::back_inserter(out));
  }
  return out;
}

// The constants that the written nodes or the outputs name, in the graph's order.
std::vector<const Value*> used_constants(const Graph& graph,
                                         const std::vector<onnx::OutNode>& nodes) {
  std::set<std::string_view> used;
  for (const onnx::OutNode& node : nodes) used.insert(node.inputs.begin(), node.inputs.end());
  for (const ValueId id : graph.outputs) used.insert(graph.value(id).name);
  std::vector<const Value*> out;
  for (const Value& value : graph.values)
    if (value.constant && used.contains(value.name)) out.push_back(&value);
  return out;
}

Result<void> check(const Graph& graph, const std::vector<const Value*>& constants) {
  size_t bytes = 0;
  for (const Value* value : constants) bytes += value->constant->byte_size();
  if (bytes > kMaxWeightBytes)
    return model_error("the weights take " + std::to_string(bytes >> 20) +
                       " MB; one ONNX file holds less than 2048 MB");
  std::set<ValueId> seen;
  for (const ValueId id : graph.outputs)
    if (!seen.insert(id).second)
      return model_error("two outputs are the same value " + in_quotes(graph.value(id).name));
  for (const std::vector<ValueId>* list : {&graph.inputs, &graph.outputs})
    for (const ValueId id : *list)
      if (!find_dtype(graph.value(id).dtype))
        return model_error("the element type of " + in_quotes(graph.value(id).name) +
                           " is not known");
  return {};
}

void encode_graph(protozero::pbf_writer& model, const Graph& graph,
                  const std::vector<onnx::OutNode>& nodes,
                  const std::vector<const Value*>& constants) {
  protozero::pbf_writer writer(model, onnx::model::kGraph);
  for (const onnx::OutNode& node : nodes) onnx::encode_node(writer, onnx::graph::kNode, node);
  // A graph must have a name.
  writer.add_string(onnx::graph::kName, graph.name.empty() ? "graph" : graph.name);
  for (const Value* value : constants)
    onnx::encode_tensor(writer, onnx::graph::kInitializer, value->name, *value->constant);
  for (const ValueId id : graph.inputs)
    onnx::encode_value_info(writer, onnx::graph::kInput, graph.value(id));
  for (const ValueId id : graph.outputs)
    onnx::encode_value_info(writer, onnx::graph::kOutput, graph.value(id));
}

Result<std::string> write(const Graph& graph, int opset) {
  SHRIKE_ASSIGN(const std::vector<onnx::OutNode> nodes, lower(graph, opset));
  const std::vector<const Value*> constants = used_constants(graph, nodes);
  SHRIKE_TRY(check(graph, constants));

  std::string bytes;
  protozero::pbf_writer model(bytes);
  model.add_int64(onnx::model::kIrVersion, ir_version(opset));
  model.add_string(onnx::model::kProducerName, "shrike");
  {
    protozero::pbf_writer set(model, onnx::model::kOpsetImport);
    set.add_string(onnx::opset_id::kDomain, "");
    set.add_int64(onnx::opset_id::kVersion, opset);
  }
  for (const auto& [key, value] : graph.metadata)
    onnx::encode_entry(model, onnx::model::kMetadata, key, value);
  encode_graph(model, graph, nodes, constants);
  if (bytes.size() > kMaxFileBytes) return model_error("the file would pass 2 GB");
  return bytes;
}

}  // namespace

Result<std::string> write_onnx(const Graph& graph, const OnnxWriteOptions& options) {
  if (options.opset < kMinWriteOpset || options.opset > kMaxWriteOpset)
    return usage_error("cannot write ONNX operator set " + std::to_string(options.opset) + "; " +
                       std::to_string(kMinWriteOpset) + " to " + std::to_string(kMaxWriteOpset) +
                       " are supported");
  try {
    Result<std::string> bytes = write(graph, options.opset);
    if (!bytes) return in_context("cannot write the model as ONNX", bytes.error());
    return bytes;
  } catch (const std::bad_alloc&) {
    return out_of_memory("cannot write the model as ONNX");
  }
}

Result<void> save_onnx(const Graph& graph, const std::filesystem::path& path,
                       const OnnxWriteOptions& options) {
  SHRIKE_ASSIGN(const std::string bytes, write_onnx(graph, options));
  return write_file(path, bytes);
}

}  // namespace shrike
