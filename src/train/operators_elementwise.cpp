// Functions element by element.
#include <ATen/ATen.h>

#include "train/operator_site.h"
#include "train/tensors.h"

namespace shrike::train {

at::Tensor apply_unary(const Unary& op, const at::Tensor& x) {
  switch (op.kind) {
    case UnaryKind::kIdentity:
      return x;
    case UnaryKind::kRelu:
      return at::relu(x);
    case UnaryKind::kLeakyRelu:
      return at::leaky_relu(x, op.alpha);
    case UnaryKind::kSigmoid:
      return at::sigmoid(x);
    case UnaryKind::kSilu:
      return at::silu(x);
    case UnaryKind::kHardSwish:
      return at::hardswish(x);
    case UnaryKind::kHardSigmoid:
      return at::clamp(x * op.alpha + op.beta, 0, 1);
    case UnaryKind::kMish:
      return at::mish(x);
    case UnaryKind::kTanh:
      return at::tanh(x);
    case UnaryKind::kElu:
      return at::elu(x, op.alpha);
    case UnaryKind::kSoftplus:
      return at::softplus(x);
    case UnaryKind::kExp:
      return at::exp(x);
    case UnaryKind::kLog:
      return at::log(x);
    case UnaryKind::kSqrt:
      return at::sqrt(x);
    case UnaryKind::kReciprocal:
      return at::reciprocal(x);
    case UnaryKind::kAbs:
      return at::abs(x);
    case UnaryKind::kNeg:
      return at::neg(x);
    case UnaryKind::kSign:
      return at::sign(x);
    case UnaryKind::kFloor:
      return at::floor(x);
    case UnaryKind::kCeil:
      return at::ceil(x);
    case UnaryKind::kRound:
      return at::round(x);
    case UnaryKind::kErf:
      return at::erf(x);
    case UnaryKind::kSin:
      return at::sin(x);
    case UnaryKind::kCos:
      return at::cos(x);
    case UnaryKind::kNot:
      return at::logical_not(x);
  }
  return x;
}

namespace {

at::Tensor apply_binary(const Binary& op, const at::Tensor& a, const at::Tensor& b) {
  switch (op.kind) {
    case BinaryKind::kAdd:
      return a + b;
    case BinaryKind::kSub:
      return a - b;
    case BinaryKind::kMul:
      return a * b;
    case BinaryKind::kDiv:
      return at::isIntegralType(a.scalar_type(), false) ? at::div(a, b, "trunc") : a / b;
    case BinaryKind::kPow:
      return at::pow(a, b);
    case BinaryKind::kMax:
      return at::maximum(a, b);
    case BinaryKind::kMin:
      return at::minimum(a, b);
    case BinaryKind::kMod:
      return op.fmod != 0 ? at::fmod(a, b) : at::remainder(a, b);
    case BinaryKind::kPRelu:
      return at::where(a < 0, a * b, a);
    case BinaryKind::kAnd:
      return at::logical_and(a, b);
    case BinaryKind::kOr:
      return at::logical_or(a, b);
    case BinaryKind::kXor:
      return at::logical_xor(a, b);
    case BinaryKind::kEqual:
      return a == b;
    case BinaryKind::kLess:
      return a < b;
    case BinaryKind::kLessOrEqual:
      return a <= b;
    case BinaryKind::kGreater:
      return a > b;
    case BinaryKind::kGreaterOrEqual:
      return a >= b;
  }
  return a;
}

}  // namespace

Result<Operator> make(const Unary& op, const OperatorSite&) {
  return one_output([op](std::span<const at::Tensor> in) { return apply_unary(op, in[0]); });
}

Result<Operator> make(const Binary& op, const OperatorSite&) {
  return one_output(
      [op](std::span<const at::Tensor> in) { return apply_binary(op, in[0], in[1]); });
}

Result<Operator> make(const Clip&, const OperatorSite&) {
  return one_output([](std::span<const at::Tensor> in) {
    at::Tensor y = in[0];
    if (in.size() > 1 && in[1].defined()) y = at::maximum(y, in[1]);
    if (in.size() > 2 && in[2].defined()) y = at::minimum(y, in[2]);
    return y;
  });
}

Result<Operator> make(const Where&, const OperatorSite&) {
  return one_output([](std::span<const at::Tensor> in) { return at::where(in[0], in[1], in[2]); });
}

Result<Operator> make(const Cast& op, const OperatorSite& site) {
  const std::optional<at::ScalarType> type = scalar_type(op.to);
  if (!type) return site.fail("LibTorch has no elements of that type");
  return one_output([type](std::span<const at::Tensor> in) { return in[0].to(*type); });
}

}  // namespace shrike::train
