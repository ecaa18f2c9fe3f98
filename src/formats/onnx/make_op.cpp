#include "formats/onnx/make_op.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/excerpt.h"
#include "formats/onnx/op_fields.h"

namespace shrike::onnx {

namespace {

bool anything(const Attribute&) { return true; }
bool is_zero(const Attribute& a) { return a.type == AttributeType::kInt && a.i == 0; }
bool is_one(const Attribute& a) { return a.type == AttributeType::kInt && a.i == 1; }
bool all_ones(const Attribute& a) {
  return a.type == AttributeType::kInts &&
         std::all_of(a.ints.begin(), a.ints.end(), [](int64_t i) { return i == 1; });
}
bool says_none(const Attribute& a) { return a.s == "none"; }
bool says_stretch(const Attribute& a) { return a.s == "stretch"; }
bool is_usual_cubic(const Attribute& a) { return a.f == -0.75f; }

// Attributes without a field of ours that change nothing, at these values.
struct Harmless {
  std::string_view op, attribute;
  bool (*accepts)(const Attribute&);
};

constexpr Harmless kHarmless[] = {
    {"AveragePool", "dilations", all_ones},
    {"BatchNormalization", "momentum", anything},  // of training
    {"BatchNormalization", "training_mode", is_zero},
    {"BatchNormalization", "spatial", is_one},
    {"Cast", "saturate", anything},         // of 8-bit floats
    {"MaxPool", "storage_order", is_zero},  // of the second output
    {"Resize", "antialias", is_zero},
    {"Resize", "cubic_coeff_a", is_usual_cubic},
    {"Resize", "exclude_outside", is_zero},
    {"Resize", "extrapolation_value", anything},  // of tf_crop_and_resize
    {"Resize", "keep_aspect_ratio_policy", says_stretch},
    {"ScatterElements", "reduction", says_none},
    {"ScatterND", "reduction", says_none},
};

bool is_harmless(const Draft& draft, const Attribute& attribute) {
  return std::any_of(std::begin(kHarmless), std::end(kHarmless), [&](const Harmless& row) {
    return row.op == draft.op && row.attribute == attribute.name && row.accepts(attribute);
  });
}

Error bad_attribute(const Draft& draft, const Attribute& attribute, const std::string& why) {
  return draft.fail("attribute " + in_quotes(attribute.name) + " " + why);
}

// One overload per type that a field may have.
class FieldSetter {
 public:
  FieldSetter(const Draft& draft, Builder& builder) : draft_(draft), builder_(builder) {}

  Result<void> set(const Attribute& a, int64_t& field) const {
    return assign(a, AttributeType::kInt, a.i, field);
  }
  Result<void> set(const Attribute& a, float& field) const {
    if (std::isnan(a.f)) return bad_attribute(draft_, a, "is no number");
    return assign(a, AttributeType::kFloat, a.f, field);
  }
  Result<void> set(const Attribute& a, std::vector<int64_t>& field) const {
    return assign(a, AttributeType::kInts, a.ints, field);
  }
  Result<void> set(const Attribute& a, DType& field) const {
    const auto type = static_cast<DType>(a.i);
    if (a.type != AttributeType::kInt || a.i < 0 || a.i >= kBfloat16 || !find_dtype(type))
      return bad_attribute(draft_, a, "names an element type that is not supported");
    field = type;
    return {};
  }
  Result<void> set(const Attribute& a, Tensor& field) const {
    if (a.type != AttributeType::kTensor) return bad_attribute(draft_, a, "is no tensor");
    Result<NamedTensor> read = builder_.tensors.read(a.tensor);
    if (!read) return draft_.fail(read.error().message);
    field = std::move(read->tensor);
    return {};
  }
  template <typename E>
  requires std::is_enum_v<E> Result<void> set(const Attribute& a, E& field)
  const {
    const std::optional<E> value = enum_from_name<E>(a.s);
    if (a.type != AttributeType::kString || !value)
      return bad_attribute(draft_, a, "is " + in_quotes(a.s) + ", which is not supported");
    field = *value;
    return {};
  }

 private:
  template <typename T>
  Result<void> assign(const Attribute& a, AttributeType type, const T& value, T& field) const {
    if (a.type != type) return bad_attribute(draft_, a, "has the wrong type");
    field = value;
    return {};
  }

  const Draft& draft_;
  Builder& builder_;
};

template <typename T>
Result<void> set_fields(T& op, const Draft& draft, Builder& builder) {
  const FieldSetter setter(draft, builder);
  for (const Attribute& attribute : draft.attributes) {
    bool known = false;
    Result<void> status;
    for_each_field(op, [&](std::string_view name, auto& member) {
      if (name != attribute.name || !is_onnx_field(std::as_const(op), name)) return;
      known = true;
      if constexpr (requires { setter.set(attribute, member); })
        status = setter.set(attribute, member);
    });
    SHRIKE_TRY(std::move(status));
    if (!known && !is_harmless(draft, attribute))
      return bad_attribute(draft, attribute, "is not supported at the value it has");
  }
  Result<void> status;
  for_each_required_field(op, [&](std::string_view name) {
    if (status) status = draft.expect_attribute(name);
  });
  return status;
}

}  // namespace

Result<Op> make_op(const Draft& draft, Builder& builder) {
  std::optional<Op> op = op_from_name(draft.op);
  if (!op || !is_onnx_operator(*op)) return unsupported_operator(draft.op, draft.name);
  set_onnx_defaults(*op);
  SHRIKE_TRY(std::visit([&](auto& o) { return set_fields(o, draft, builder); }, *op));
  return *std::move(op);
}

}  // namespace shrike::onnx
