#include <algorithm>
#include <numeric>

#include "passes/passes.h"
#include "passes/quantized_tensor.h"
#include "passes/rewrite.h"
#include "reference/evaluate.h"

namespace shrike {

namespace {

constexpr int64_t kBytes = 256;

// What a value is as a function of the bytes of another: its value for each of them.
struct Image {
  ValueId source = kNoValue;
  Tensor table;  // (256)
};

bool is_elementwise(const Op& op) {
  return std::holds_alternative<Unary>(op) || std::holds_alternative<Binary>(op) ||
         std::holds_alternative<Clip>(op) || std::holds_alternative<DequantizeLinear>(op) ||
         std::holds_alternative<QuantizeLinear>(op);
}

class ByteFunctions {
 public:
  explicit ByteFunctions(Graph& graph) : graph_(graph), images_(graph.values.size()) {}

  Result<void> run() {
    for (Node& node : graph_.nodes) {
      if (!is_elementwise(node.op) || node.outputs.size() != 1) continue;
      SHRIKE_ASSIGN(std::optional<Image> image, image_of(node));
      if (!image) continue;
      if (std::holds_alternative<QuantizeLinear>(node.op) && image->table.dtype() == DType::kU8)
        replace(node, *image);
      images_[static_cast<size_t>(node.outputs[0])] = std::move(image);
    }
    remove_dead(graph_);
    return {};
  }

 private:
  // A u8 value that is no function of another one is one of itself.
  std::optional<Image> image_of(ValueId id) const {
    if (const std::optional<Image>& known = images_[static_cast<size_t>(id)]) return known;
    const Value& value = graph_.value(id);
    if (value.dtype != DType::kU8 || value.constant) return std::nullopt;
    Tensor ramp(DType::kU8, Shape{kBytes});
    std::iota(ramp.mutable_data<uint8_t>().begin(), ramp.mutable_data<uint8_t>().end(), 0);
    return Image{id, std::move(ramp)};
  }

  // Computed with every byte at once; nothing where an input is neither one number nor a function
  // of the same bytes as the others, or the output is not of their shape.
  Result<std::optional<Image>> image_of(const Node& node) const {
    std::vector<Image> images;
    std::vector<const Tensor*> arguments;
    images.reserve(node.inputs.size());
    ValueId source = kNoValue;
    for (ValueId id : node.inputs) {
      if (id == kNoValue || graph_.constant(id)) {
        arguments.push_back(graph_.constant(id));
        if (arguments.back() && arguments.back()->size() != 1) return std::optional<Image>();
        continue;
      }
      std::optional<Image> image = image_of(id);
      if (!image || (source != kNoValue && image->source != source)) return std::optional<Image>();
      source = image->source;
      images.push_back(*std::move(image));
      arguments.push_back(&images.back().table);
    }
    if (source == kNoValue || !same_shape(source, node.outputs[0])) return std::optional<Image>();
    // What cannot be computed here is left to whoever runs the node.
    const Result<std::vector<Tensor>> outputs = evaluate_node(node, arguments);
    if (!outputs || (*outputs)[0].size() != kBytes) return std::optional<Image>();
    // A constant of more axes has made (1,1,1,256) of the table.
    const std::span<const std::byte> made = (*outputs)[0].bytes();
    SHRIKE_ASSIGN(Tensor table, Tensor::make((*outputs)[0].dtype(), Shape{kBytes}));
    std::copy(made.begin(), made.end(), table.mutable_bytes().begin());
    return std::optional(Image{source, std::move(table)});
  }

  bool same_shape(ValueId a, ValueId b) const {
    const Shape *x = graph_.static_shape(a), *y = graph_.static_shape(b);
    return x && y && *x == *y;
  }

  void replace(Node& node, const Image& image) {
    const std::string name = graph_.value(node.outputs[0]).name + ".table";
    node.op = Lookup{};
    node.inputs = {image.source, graph_.add_constant(name, image.table)};
    images_.resize(graph_.values.size());
  }

  Graph& graph_;
  std::vector<std::optional<Image>> images_;  // by value
};

}  // namespace

Result<void> fuse_byte_functions(Graph& graph) { return ByteFunctions(graph).run(); }

Result<void> fuse_integer_add(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (!std::holds_alternative<QuantizeLinear>(node.op)) continue;
    const auto y = quantized_tensor(graph, node, node.outputs[0]);
    const bool adds = y && (y->type == DType::kU8 || y->type == DType::kI16);
    Node* sum = adds ? sole_producer(graph, uses, node.inputs[0]) : nullptr;
    const auto* binary = sum ? std::get_if<Binary>(&sum->op) : nullptr;
    if (!binary || binary->kind != BinaryKind::kAdd) continue;
    const auto a = dequantized(graph, uses, sum->inputs[0]);
    const auto b = dequantized(graph, uses, sum->inputs[1]);
    if (!a || !b || a->type != y->type || b->type != y->type) continue;
    const Shape *x = graph.static_shape(a->q), *other = graph.static_shape(b->q);
    if (!x || !other || *x != *other) continue;
    node.op = QAdd{a->scale, b->scale, y->scale, a->zero, b->zero, y->zero};
    node.inputs = {a->q, b->q};
    mark_removed(*sum);
  }
  sweep(graph);
  return {};
}

}  // namespace shrike
