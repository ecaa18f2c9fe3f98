#include "train/operators.h"

#include "train/operator_site.h"

namespace shrike::train {

Result<OperatorSite::Shapes> OperatorSite::shapes() const {
  const Shape *in = input_shape(0), *out = output_shape(0);
  if (!in || !out) return fail("its shape is not known at this input size");
  return Shapes{*in, *out};
}

Result<std::vector<int64_t>> OperatorSite::ints(size_t input) const {
  const Tensor* tensor = has(input) ? graph_.constant(node_.inputs[input]) : nullptr;
  if (tensor && tensor->dtype() == DType::kI64) {
    const std::span<const int64_t> data = tensor->data<int64_t>();
    return std::vector<int64_t>(data.begin(), data.end());
  }
  if (tensor && tensor->dtype() == DType::kI32) {
    const std::span<const int32_t> data = tensor->data<int32_t>();
    return std::vector<int64_t>(data.begin(), data.end());
  }
  return fail("its input " + std::to_string(input) + " is no constant of integers");
}

Result<const Tensor*> OperatorSite::optional_floats(size_t input) const {
  if (!has(input)) return static_cast<const Tensor*>(nullptr);
  const Tensor* tensor = graph_.constant(node_.inputs[input]);
  if (!tensor || tensor->dtype() != DType::kF32)
    return fail("its input " + std::to_string(input) + " is no constant of floats");
  return tensor->empty() ? nullptr : tensor;
}

Result<int64_t> OperatorSite::axis(int64_t axis) const {
  const Shape* shape = input_shape(0);
  if (!shape) return fail("its input's shape is not known at this input size");
  const std::optional<int> found = normalize_axis(axis, shape->rank());
  if (!found) return fail("it has no axis " + std::to_string(axis));
  return int64_t{*found};
}

Result<Operator> make_operator(const Graph& graph, const Node& node) {
  const OperatorSite site(graph, node);
  return std::visit(
      [&]<typename T>(const T& op) -> Result<Operator> {
        if constexpr (requires { make(op, site); }) {
          return make(op, site);
        } else {
          return site.fail("this operator has no gradient here");
        }
      },
      node.op);
}

}  // namespace shrike::train
