#include "formats/onnx/draft.h"

#include <algorithm>

#include "base/excerpt.h"
#include "ir/infer.h"

namespace shrike::onnx {

namespace {

Error wrong_type(const Draft& draft, std::string_view attribute) {
  return draft.fail("attribute " + in_quotes(attribute) + " has the wrong type");
}

}  // namespace

const Attribute* Draft::find(std::string_view attribute) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const Attribute& a) { return a.name == attribute; });
  return found == attributes.end() ? nullptr : &*found;
}

Result<void> Draft::expect_attribute(std::string_view attribute) const {
  if (find(attribute)) return {};
  return fail("has no attribute " + in_quotes(attribute) + ", which ONNX requires");
}

std::optional<Attribute> Draft::take(std::string_view attribute) {
  const Attribute* found = find(attribute);
  if (!found) return std::nullopt;
  const auto place = attributes.begin() + (found - attributes.data());
  Attribute taken = std::move(*place);
  attributes.erase(place);
  return taken;
}

Result<std::optional<std::vector<int64_t>>> Draft::take_ints(std::string_view attribute) {
  std::optional<Attribute> taken = take(attribute);
  if (!taken) return std::optional<std::vector<int64_t>>();
  if (taken->type != AttributeType::kInts) return wrong_type(*this, attribute);
  return std::optional(std::move(taken->ints));
}

Result<int64_t> Draft::take_int(std::string_view attribute, int64_t fallback) {
  const std::optional<Attribute> taken = take(attribute);
  if (!taken) return fallback;
  if (taken->type != AttributeType::kInt) return wrong_type(*this, attribute);
  return taken->i;
}

Result<std::optional<float>> Draft::take_float(std::string_view attribute) {
  const std::optional<Attribute> taken = take(attribute);
  if (!taken) return std::optional<float>();
  if (taken->type != AttributeType::kFloat) return wrong_type(*this, attribute);
  return std::optional(taken->f);
}

void Draft::set_input(size_t i, ValueId id) {
  if (inputs.size() <= i) inputs.resize(i + 1, kNoValue);
  inputs[i] = id;
}

ValueId Draft::output() const {
  return *std::find_if(outputs.begin(), outputs.end(), [](ValueId id) { return id != kNoValue; });
}

Error Draft::fail(const std::string& why) const {
  return model_error(excerpt(op) + " node " + (name.empty() ? "without a name" : in_quotes(name)) +
                     ": " + why);
}

Error unsupported_operator(std::string_view op, std::string_view node) {
  return model_error("operator " + in_quotes(op) +
                     (node.empty() ? "" : " (node " + in_quotes(node) + ")") + " is not supported");
}

ValueId Builder::constant(const Draft& draft, std::string_view what, Tensor tensor) {
  return graph.add_constant(graph.value(draft.output()).name + "." + std::string(what),
                            std::move(tensor));
}

ValueId Builder::ints(const Draft& draft, std::string_view what,
                      const std::vector<int64_t>& values) {
  return constant(draft, what,
                  Tensor::from<int64_t>(Shape{static_cast<int64_t>(values.size())}, values));
}

Result<void> Builder::emit(const Draft& draft, Op op, std::vector<ValueId> inputs,
                           std::vector<ValueId> outputs) {
  // Rules may leave optional inputs at the end that are not there.
  while (!inputs.empty() && inputs.back() == kNoValue) inputs.pop_back();
  graph.nodes.push_back({draft.name, std::move(op), std::move(inputs), std::move(outputs)});
  return infer_node(graph, graph.nodes.back());
}

Result<ValueId> Builder::emit(const Draft& draft, Op op, std::vector<ValueId> inputs,
                              std::string_view output) {
  const ValueId id = graph.add_value(graph.value(draft.output()).name + "." + std::string(output));
  SHRIKE_TRY(emit(draft, std::move(op), std::move(inputs), std::vector<ValueId>{id}));
  return id;
}

}  // namespace shrike::onnx
