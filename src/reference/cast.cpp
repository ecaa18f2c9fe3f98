#include "reference/operators.h"

namespace shrike::reference {

// Widening is exact, so narrowing rounds once (f64 to f16 twice, by way of f32).
Result<Outputs> evaluate(const Cast& op, const Inputs& in) {
  if (op.to == in[0].dtype()) return Outputs{in[0]};
  SHRIKE_TRY(in.expect_within_limit(compute_type(in[0].dtype()), in[0].shape()));
  SHRIKE_ASSIGN(const Tensor wide, widened(in[0]));
  SHRIKE_ASSIGN(Tensor y, narrowed(wide, op.to));
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
