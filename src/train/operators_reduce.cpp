// Products, softmax, reductions, orderings.
#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "train/operator_site.h"

namespace shrike::train {

namespace {

at::Tensor reduce(ReduceKind kind, const at::Tensor& x, const std::vector<int64_t>& axes,
                  bool keep) {
  switch (kind) {
    case ReduceKind::kMax:
      return at::amax(x, axes, keep);
    case ReduceKind::kMin:
      return at::amin(x, axes, keep);
    case ReduceKind::kSum:
      return at::sum(x, axes, keep);
    case ReduceKind::kMean:
      return at::mean(x, axes, keep);
    case ReduceKind::kProd:
      break;
  }
  at::Tensor y = x;  // the last axis first, so that those before it keep their numbers
  for (size_t i = axes.size(); i-- > 0;) y = at::prod(y, axes[i], keep);
  return y;
}

// In index order among equals, as ONNX wants it.
std::vector<at::Tensor> top(const TopK& op, const at::Tensor& x, int64_t axis, int64_t k) {
  const auto [values, indices] = at::sort(x, true, axis, op.largest != 0);
  return {values.narrow(axis, 0, k), indices.narrow(axis, 0, k)};
}

}  // namespace

Result<Operator> make(const MatMul&, const OperatorSite&) {
  return one_output([](std::span<const at::Tensor> in) { return at::matmul(in[0], in[1]); });
}

Result<Operator> make(const Gemm& op, const OperatorSite&) {
  return one_output([op](std::span<const at::Tensor> in) {
    const at::Tensor a = op.trans_a != 0 ? in[0].t() : in[0];
    const at::Tensor b = op.trans_b != 0 ? in[1].t() : in[1];
    const at::Tensor y = at::matmul(a, b) * op.alpha;
    return in.size() > 2 && in[2].defined() ? y + in[2] * op.beta : y;
  });
}

Result<Operator> make(const Softmax& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const int64_t axis, site.axis(op.axis));
  return one_output([axis](std::span<const at::Tensor> in) { return at::softmax(in[0], axis); });
}

Result<Operator> make(const Reduce& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const OperatorSite::Shapes shapes, site.shapes());
  std::vector<int64_t> axes;
  if (site.has(1)) {
    SHRIKE_ASSIGN(axes, site.ints(1));
  }
  for (int64_t& axis : axes) {
    SHRIKE_ASSIGN(axis, site.axis(axis));
  }
  if (axes.empty() && op.noop_with_empty_axes == 0) {
    axes.resize(static_cast<size_t>(shapes.in.rank()));
    std::iota(axes.begin(), axes.end(), int64_t{0});
  }
  std::sort(axes.begin(), axes.end());
  return one_output([op, axes](std::span<const at::Tensor> in) {
    return axes.empty() ? in[0] : reduce(op.kind, in[0], axes, op.keepdims != 0);
  });
}

Result<Operator> make(const ArgMax& op, const OperatorSite& site) {
  if (op.select_last_index != 0) return site.fail("the last of equals");
  SHRIKE_ASSIGN(const int64_t axis, site.axis(op.axis));
  return one_output([axis, keep = op.keepdims != 0](std::span<const at::Tensor> in) {
    return at::argmax(in[0], axis, keep);
  });
}

Result<Operator> make(const TopK& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const int64_t axis, site.axis(op.axis));
  SHRIKE_ASSIGN(const std::vector<int64_t> k, site.ints(1));
  if (k.size() != 1) return site.fail("k is not one number");
  return Operator([op, axis, k = k[0]](std::span<const at::Tensor> in, const RunMode&) {
    return top(op, in[0], axis, k);
  });
}

}  // namespace shrike::train
