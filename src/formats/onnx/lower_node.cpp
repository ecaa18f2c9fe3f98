#include <algorithm>
#include <climits>
#include <type_traits>

#include "formats/onnx/op_fields.h"
#include "formats/onnx/out_node.h"
#include "ir/describe.h"

namespace shrike::onnx {

namespace {

using OutNodes = Result<std::vector<OutNode>>;

// Attributes that an operator got after set 13: left out at their default, refused where too new.
struct LateAttribute {
  std::string_view op, attribute;
  int since;
  int64_t fallback;
};
constexpr LateAttribute kLateAttributes[] = {
    {"Reshape", "allowzero", 14, 0},
    {"Shape", "start", 15, 0},
    {"Shape", "end", 15, INT64_MAX},
    {"ReduceMax", "noop_with_empty_axes", 18, 0},
    {"ReduceMin", "noop_with_empty_axes", 18, 0},
    {"ReduceMean", "noop_with_empty_axes", 18, 0},
    {"ReduceProd", "noop_with_empty_axes", 18, 0},
};

const LateAttribute* find_late(std::string_view op, std::string_view attribute) {
  const auto found = std::find_if(
      std::begin(kLateAttributes), std::end(kLateAttributes),
      [&](const LateAttribute& row) { return row.op == op && row.attribute == attribute; });
  return found == std::end(kLateAttributes) ? nullptr : found;
}

Error fail(const Graph& graph, const Node& node, const std::string& why) {
  return model_error(describe(graph, node) + ": " + why);
}

class Lowering {
 public:
  Lowering(const Graph& graph, const Node& node, int opset)
      : graph_(graph), node_(node), opset_(opset) {}

  // Most operators: the same name, inputs and attributes.
  template <typename T>
  OutNodes operator()(const T& op) const {
    return plain(op);
  }
  OutNodes operator()(const Head&) const {
    return fail(graph_, node_,
                "a lifted head has no ONNX operator; run the pass expand_head first");
  }
  OutNodes operator()(const QConv&) const { return integers(); }
  OutNodes operator()(const QAdd&) const { return integers(); }
  OutNodes operator()(const Lookup&) const { return integers(); }
  OutNodes operator()(const Unary& op) const;
  OutNodes operator()(const Conv& op) const;
  OutNodes operator()(const ConvTranspose& op) const;
  OutNodes operator()(const Resize& op) const;
  OutNodes operator()(const Split& op) const;
  OutNodes operator()(const Reduce& op) const;
  OutNodes operator()(const QuantizeLinear& op) const { return quantized(op, node_.outputs[0]); }
  OutNodes operator()(const DequantizeLinear& op) const { return quantized(op, node_.inputs[0]); }

 private:
  std::string name_of(ValueId id) const {
    return id == kNoValue ? std::string() : graph_.value(id).name;
  }
  // A name for a value between the nodes that replace this one.
  std::string part_name(std::string_view part) const {
    return graph_.unique_name(name_of(node_.outputs[0]) + "." + std::string(part));
  }
  // The node with its names, without attributes.
  OutNode skeleton() const;
  template <typename T>
  Result<OutNode> with_attributes(const T& op) const;
  template <typename T>
  OutNodes plain(const T& op) const {
    SHRIKE_ASSIGN(OutNode out, with_attributes(op));
    return std::vector{std::move(out)};
  }
  template <typename T>
  OutNodes with_kernel_shape(const T& op) const;
  Error integers() const {
    return fail(graph_, node_, "an operator on integers has no ONNX operator");
  }
  // Q and DQ, `q` being the integers: the types they take grew with the sets.
  template <typename T>
  OutNodes quantized(const T& op, ValueId q) const {
    const DType type = graph_.value(q).dtype, real = graph_.value(node_.inputs[1]).dtype;
    if (opset_ < 21 && (type == DType::kU16 || type == DType::kI16))
      return fail(graph_, node_, "16-bit integers: needs operator set 21");
    if (opset_ < 19 && real == DType::kF16)
      return fail(graph_, node_, "f16: needs operator set 19");
    return plain(op);
  }
  std::vector<OutNode> mish() const;
  std::vector<OutNode> hard_swish() const;

  const Graph& graph_;
  const Node& node_;
  int opset_;
};

OutNode Lowering::skeleton() const {
  OutNode out;
  out.op = op_name(node_.op);
  out.name = node_.name;
  for (const ValueId id : node_.inputs) out.inputs.push_back(name_of(id));
  for (const ValueId id : node_.outputs) out.outputs.push_back(name_of(id));
  while (!out.inputs.empty() && out.inputs.back().empty()) out.inputs.pop_back();
  return out;
}

void add_field(OutNode& out, std::string_view name, int64_t value) { out.add(name, value); }
void add_field(OutNode& out, std::string_view name, float value) { out.add(name, value); }
void add_field(OutNode& out, std::string_view name, const Tensor& value) { out.add(name, value); }
void add_field(OutNode& out, std::string_view name, DType value) {
  out.add(name, static_cast<int64_t>(value));
}
void add_field(OutNode& out, std::string_view name, const std::vector<int64_t>& value) {
  if (!value.empty()) out.add(name, value);  // empty: as good as not there
}
void add_field(OutNode& out, std::string_view name, AutoPad value) {
  if (value != AutoPad::kNotSet) out.add(name, std::string(enum_name(value)));
}
template <typename E>
requires std::is_enum_v<E>
void add_field(OutNode& out, std::string_view name, E value) {
  out.add(name, std::string(enum_name(value)));
}

template <typename T>
bool pads_automatically(const T& op) {
  if constexpr (requires { op.auto_pad; }) return op.auto_pad != AutoPad::kNotSet;
  return false;
}

template <typename T>
Result<OutNode> Lowering::with_attributes(const T& op) const {
  OutNode out = skeleton();
  Result<void> status;
  for_each_field(op, [&](std::string_view name, const auto& member) {
    if (!is_onnx_field(op, name) || (name == "pads" && pads_automatically(op))) return;
    if constexpr (std::is_same_v<decltype(member), const int64_t&>) {
      const LateAttribute* late = find_late(out.op, name);
      if (late && member == late->fallback) return;
      if (late && opset_ < late->since)
        status = fail(graph_, node_,
                      "attribute '" + std::string(name) + "' needs operator set " +
                          std::to_string(late->since));
    }
    add_field(out, name, member);
  });
  SHRIKE_TRY(std::move(status));
  return out;
}

// Mish came with set 18: x * tanh(softplus(x)).
std::vector<OutNode> Lowering::mish() const {
  const OutNode whole = skeleton();
  const std::string softplus = part_name("softplus"), tanh = part_name("tanh");
  return {{"Softplus", whole.name, {whole.inputs[0]}, {softplus}, {}},
          {"Tanh", whole.name, {softplus}, {tanh}, {}},
          {"Mul", whole.name, {whole.inputs[0], tanh}, whole.outputs, {}}};
}

// HardSwish came with set 14: x * hardsigmoid(x) with slope 1/6, offset 1/2.
std::vector<OutNode> Lowering::hard_swish() const {
  const OutNode whole = skeleton();
  const std::string gate = part_name("gate");
  std::vector<OutNode> out = {{"HardSigmoid", whole.name, {whole.inputs[0]}, {gate}, {}},
                              {"Mul", whole.name, {whole.inputs[0], gate}, whole.outputs, {}}};
  out[0].add("alpha", 1.0f / 6.0f);
  out[0].add("beta", 0.5f);
  return out;
}

OutNodes Lowering::operator()(const Unary& op) const {
  if (!is_onnx_operator(node_.op))
    return fail(graph_, node_, "has no ONNX operator; run the pass expand_fused first");
  if (op.kind == UnaryKind::kMish && opset_ < 18) return mish();
  if (op.kind == UnaryKind::kHardSwish && opset_ < 14) return hard_swish();
  return plain(op);
}

// ONNX can deduce kernel_shape; some of its readers cannot.
template <typename T>
OutNodes Lowering::with_kernel_shape(const T& op) const {
  SHRIKE_ASSIGN(OutNode out, with_attributes(op));
  const Shape* weights = node_.inputs.size() > 1 && node_.inputs[1] != kNoValue
                             ? graph_.static_shape(node_.inputs[1])
                             : nullptr;
  if (weights && weights->rank() == 4)
    out.add("kernel_shape", std::vector<int64_t>{(*weights)[2], (*weights)[3]});
  return std::vector{std::move(out)};
}

OutNodes Lowering::operator()(const Conv& op) const {
  if (op.activation != UnaryKind::kIdentity || node_.inputs.size() > 3)
    return fail(graph_, node_,
                "has a fused activation or residual; run the pass expand_fused first");
  return with_kernel_shape(op);
}

OutNodes Lowering::operator()(const ConvTranspose& op) const { return with_kernel_shape(op); }

OutNodes Lowering::operator()(const Resize& op) const {
  SHRIKE_ASSIGN(OutNode out, with_attributes(op));
  out.inputs.insert(out.inputs.begin() + 1, "");  // roi, which only tf_crop_and_resize needs
  return std::vector{std::move(out)};
}

OutNodes Lowering::operator()(const Split& op) const {
  SHRIKE_ASSIGN(OutNode out, with_attributes(op));
  if (out.inputs.size() > 1) return std::vector{std::move(out)};
  const auto parts = static_cast<int64_t>(out.outputs.size());
  if (opset_ >= 18) {
    out.add("num_outputs", parts);
    return std::vector{std::move(out)};
  }
  // Before 18 parts without sizes are equal; the smaller last one of a later set has to be said.
  const std::optional<Shape>& x = graph_.value(node_.inputs[0]).shape;
  const std::optional<int> axis = x ? normalize_axis(op.axis, x->rank()) : std::nullopt;
  if (!axis || (*x)[*axis] == kDynamic)
    return fail(graph_, node_, "parts of an extent that is not known: needs operator set 18");
  if ((*x)[*axis] % parts == 0) return std::vector{std::move(out)};
  const std::vector<int64_t> sizes = Split::equal_sizes((*x)[*axis], parts);
  const std::string name = part_name("sizes");
  out.inputs.push_back(name);
  OutNode constant{"Constant", node_.name, {}, {name}, {}};
  constant.add("value", Tensor::from<int64_t>(Shape{parts}, sizes));
  return std::vector{std::move(constant), std::move(out)};
}

OutNodes Lowering::operator()(const Reduce& op) const {
  const bool has_axes = node_.inputs.size() > 1 && node_.inputs[1] != kNoValue;
  if (op.kind == ReduceKind::kSum || opset_ >= 18) return plain(op);

  // Before 18 the axes of all but ReduceSum are an attribute, and none always means all.
  const Tensor* axes = has_axes ? graph_.constant(node_.inputs[1]) : nullptr;
  if (has_axes && (!axes || axes->dtype() != DType::kI64))
    return fail(graph_, node_, "computed axes: needs operator set 18");
  const bool no_axes = !axes || axes->empty();
  OutNode out = skeleton();
  out.inputs.resize(1);
  if (no_axes && op.noop_with_empty_axes != 0) {
    out.op = "Identity";
    return std::vector{std::move(out)};
  }
  out.add("keepdims", op.keepdims);
  if (!no_axes) {
    const std::span<const int64_t> values = axes->data<int64_t>();
    out.add("axes", std::vector<int64_t>(values.begin(), values.end()));
  }
  return std::vector{std::move(out)};
}

}  // namespace

Result<std::vector<OutNode>> lower_node(const Graph& graph, const Node& node, int opset) {
  return std::visit(Lowering(graph, node, opset), node.op);
}

}  // namespace shrike::onnx
