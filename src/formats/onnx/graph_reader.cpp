#include "formats/onnx/graph_reader.h"

#include <algorithm>
#include <queue>
#include <unordered_set>

#include "base/excerpt.h"
#include "formats/onnx/make_op.h"
#include "formats/onnx/upgrade.h"
#include "ir/limits.h"

namespace shrike::onnx {

namespace {

std::string describe(const NodeProto& node) {
  return excerpt(node.op_type) + " node " +
         (node.name.empty() ? "without a name" : in_quotes(node.name));
}

// Operators whose further outputs serve training or are not supported; who reads one is told so.
bool has_one_output(std::string_view op) {
  return op == "BatchNormalization" || op == "Dropout" || op == "MaxPool";
}

Result<DType> element_type(const ValueInfo& info) {
  const bool in_range = info.element_type > 0 && info.element_type < kBfloat16;
  const auto type = in_range ? static_cast<DType>(info.element_type) : DType::kUndefined;
  if (!info.is_tensor || !find_dtype(type))
    return model_error("input " + in_quotes(info.name) +
                       " is no tensor of a supported element type");
  return type;
}

struct DeclaredShape {
  Shape shape;
  std::vector<std::string> symbols;  // empty when no extent has a name
};

// -1 is how some exporters write an extent that is not known.
Result<DeclaredShape> declared_shape(const ValueInfo& info) {
  const auto bad = [&](const std::string& what) {
    return model_error("the shape of " + in_quotes(info.name) + " " + what);
  };
  if (info.dims->size() > kMostAxes) return bad("has too many axes");
  std::vector<int64_t> extents;
  std::vector<std::string> symbols;
  bool named = false;
  for (const Dimension& dim : *info.dims) {
    if (dim.value < kDynamic) return bad("has a negative extent");
    extents.push_back(dim.value);
    symbols.emplace_back(dim.value == kDynamic ? dim.param : std::string_view());
    named = named || !symbols.back().empty();
  }
  DeclaredShape out{Shape(std::move(extents)), {}};
  if (!within_limits(out.shape)) return bad("is too large");
  if (named) out.symbols = std::move(symbols);
  return out;
}

}  // namespace

Result<void> GraphReader::declare(std::string_view name, ValueId id) {
  if (name.empty()) return model_error("an input or initialiser has no name");
  if (dropped_.contains(name) || !names_.emplace(name, id).second)
    return model_error("two definitions of the value " + in_quotes(name));
  return {};
}

// The names that nodes and the output list read.
std::unordered_set<std::string_view> GraphReader::names_read() const {
  std::unordered_set<std::string_view> names;
  for (const NodeProto& node : proto_.nodes) names.insert(node.inputs.begin(), node.inputs.end());
  for (const ValueInfo& info : proto_.outputs) names.insert(info.name);
  return names;
}

Result<void> GraphReader::declare_initializers() {
  if (proto_.sparse) return model_error("sparse initialisers are not supported");
  const std::unordered_set<std::string_view> wanted = names_read();
  for (const std::string_view bytes : proto_.initializers) {
    const std::string_view name = decode_tensor_name(bytes);
    SHRIKE_TRY(declare(name, kNoValue));
    // One that nobody reads costs nothing, whatever size it claims.
    if (!wanted.contains(name)) continue;
    SHRIKE_ASSIGN(NamedTensor named, builder_.tensors.read(bytes));
    names_[name] = graph_.add_constant(name, std::move(named.tensor));
  }
  return {};
}

Result<void> GraphReader::declare_inputs() {
  for (const ValueInfo& info : proto_.inputs) {
    // Before IR version 4 every initialiser was an input, too.
    const auto known = names_.find(info.name);
    if (known != names_.end() && (known->second == kNoValue || graph_.constant(known->second)))
      continue;
    SHRIKE_ASSIGN(const DType dtype, element_type(info));
    const ValueId id = graph_.add_input(info.name, dtype, Shape{});
    SHRIKE_TRY(declare(info.name, id));
    Value& value = graph_.value(id);
    value.shape.reset();
    if (!info.dims) continue;
    SHRIKE_ASSIGN(DeclaredShape declared, declared_shape(info));
    value.shape = std::move(declared.shape);
    value.symbols = std::move(declared.symbols);
  }
  return {};
}

Result<void> GraphReader::declare_node_outputs() {
  for (const NodeProto& node : proto_.nodes) {
    bool wanted = false;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      if (i > 0 && has_one_output(node.op_type)) {
        if (names_.contains(node.outputs[i]) || !dropped_.emplace(node.outputs[i], &node).second)
          return model_error("two definitions of the value " + in_quotes(node.outputs[i]));
        continue;
      }
      wanted = true;
      SHRIKE_TRY(declare(node.outputs[i], graph_.add_value(node.outputs[i])));
    }
    if (!wanted) return at(node, model_error(describe(node) + " has no outputs"));
  }
  return {};
}

Error GraphReader::at(const NodeProto& node, Error error) const {
  if (!node.name.empty()) return error;
  return in_context("node[" + std::to_string(&node - proto_.nodes.data()) + "]", error);
}

Result<ValueId> GraphReader::find(std::string_view name, const std::string& reader) const {
  if (const auto found = names_.find(name); found != names_.end()) return found->second;
  if (const auto found = dropped_.find(name); found != dropped_.end())
    return model_error(reader + " reads " + in_quotes(name) + ", an output of " +
                       describe(*found->second) + " that is not supported");
  return model_error(reader + " reads " + in_quotes(name) + ", which nothing defines");
}

Result<std::vector<size_t>> GraphReader::order() const {
  std::unordered_map<std::string_view, size_t> producers;
  for (size_t n = 0; n < proto_.nodes.size(); ++n)
    for (const std::string_view name : proto_.nodes[n].outputs) producers.emplace(name, n);
  producers.erase("");

  std::vector<std::vector<size_t>> readers(proto_.nodes.size());
  std::vector<size_t> waiting(proto_.nodes.size(), 0);
  // The smallest index first keeps the file's order where it is one.
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t n = 0; n < proto_.nodes.size(); ++n) {
    for (const std::string_view name : proto_.nodes[n].inputs) {
      const auto producer = producers.find(name);
      if (producer == producers.end()) continue;
      readers[producer->second].push_back(n);
      ++waiting[n];
    }
    if (waiting[n] == 0) ready.push(n);
  }

  std::vector<size_t> sorted;
  while (!ready.empty()) {
    const size_t n = ready.top();
    ready.pop();
    sorted.push_back(n);
    for (const size_t reader : readers[n])
      if (--waiting[reader] == 0) ready.push(reader);
  }
  if (sorted.size() == proto_.nodes.size()) return sorted;
  const auto stuck = std::find_if(waiting.begin(), waiting.end(), [](size_t w) { return w > 0; });
  const NodeProto& node = proto_.nodes[static_cast<size_t>(stuck - waiting.begin())];
  return at(node, model_error("the nodes form a cycle, on or before " + describe(node)));
}

// ONNX Runtime wrote 16-bit integers with operators of its own before ONNX's had them (21).
bool is_known(const NodeProto& node) {
  return is_onnx_domain(node.domain) ||
         (node.domain == "com.microsoft" &&
          (node.op_type == "QuantizeLinear" || node.op_type == "DequantizeLinear"));
}

Result<void> GraphReader::convert(const NodeProto& node) {
  if (!is_known(node))
    return unsupported_operator(std::string(node.domain) + "::" + std::string(node.op_type),
                                node.name);
  Draft draft;
  draft.op = node.op_type;
  draft.name = node.name;
  draft.attributes = node.attributes;
  for (const std::string_view name : node.inputs) {
    if (name.empty()) {
      draft.inputs.push_back(kNoValue);
      continue;
    }
    SHRIKE_ASSIGN(const ValueId id, find(name, describe(node)));
    draft.inputs.push_back(id);
  }
  for (const std::string_view name : node.outputs) {
    const auto found = names_.find(name);
    if (!dropped_.contains(name))
      draft.outputs.push_back(found == names_.end() ? kNoValue : found->second);
  }
  SHRIKE_TRY(upgrade(draft, builder_));
  if (draft.done) return {};
  SHRIKE_ASSIGN(Op op, make_op(draft, builder_));
  return builder_.emit(draft, std::move(op), draft.inputs, draft.outputs);
}

Result<void> GraphReader::connect_outputs() {
  std::unordered_set<ValueId> seen;
  for (const ValueInfo& info : proto_.outputs) {
    SHRIKE_ASSIGN(const ValueId id, find(info.name, "the model's output list"));
    if (!seen.insert(id).second)
      return model_error("the output " + in_quotes(info.name) + " is listed twice");
    graph_.outputs.push_back(id);
    Value& value = graph_.value(id);
    if (!info.dims || !value.shape || value.constant || !value.symbols.empty()) continue;
    SHRIKE_ASSIGN(DeclaredShape declared, declared_shape(info));
    if (declared.shape.rank() != value.shape->rank()) continue;
    // A name is kept only for an extent that is dynamic here, too.
    bool named = false;
    for (size_t i = 0; i < declared.symbols.size(); ++i) {
      if ((*value.shape)[static_cast<int>(i)] != kDynamic) declared.symbols[i].clear();
      named = named || !declared.symbols[i].empty();
    }
    if (named) value.symbols = std::move(declared.symbols);
  }
  if (graph_.outputs.empty()) return model_error("the model has no outputs");
  return {};
}

Result<Graph> GraphReader::read() {
  graph_.name = proto_.name;
  SHRIKE_TRY(declare_initializers());
  SHRIKE_TRY(declare_inputs());
  SHRIKE_TRY(declare_node_outputs());
  SHRIKE_ASSIGN(const std::vector<size_t> sorted, order());
  for (const size_t n : sorted)
    if (const Result<void> converted = convert(proto_.nodes[n]); !converted)
      return at(proto_.nodes[n], converted.error());
  SHRIKE_TRY(connect_outputs());
  remove_dead(graph_);
  return std::move(graph_);
}

}  // namespace shrike::onnx
