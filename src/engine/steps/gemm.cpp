#include "engine/steps/families_list.h"
#include "engine/steps/matmul_step.h"

namespace shrike {

namespace {

// beta * C as one row of n, nothing where C is absent.
Tensor bias_row(const Planner& planner, const Node& node, int64_t n) {
  const Tensor* given = floats_of(planner, node, 2);
  if (!given) return {};
  const float beta = std::get<Gemm>(node.op).beta;
  const auto values = given->data<float>();
  Tensor row(DType::kF32, Shape{n});
  for (size_t j = 0; j < static_cast<size_t>(n); ++j)
    row.mutable_data<float>()[j] = beta * values[values.size() == 1 ? 0 : j];
  return row;
}

kernels::MatrixOperand form_of(const View& view, bool transposed) {
  kernels::MatrixOperand form;
  form.row_stride = view.stride(transposed ? 1 : 0);
  form.col_stride = view.stride(transposed ? 0 : 1);
  return form;
}

}  // namespace

const char* gemm_refuse(Planner& planner, const Node& node) {
  if (const char* reason = refuse_unless_f32(planner, node, 2)) return reason;
  if (!has_input(node, 2)) return nullptr;
  if (refuse_unless_constant(planner, node, 2)) return "its C is computed";
  const Tensor& c = *floats_of(planner, node, 2);
  const int64_t n = planner.shape(node.outputs[0])[1];
  const bool row = c.shape().rank() == 0 || c.shape()[c.shape().rank() - 1] == c.size();
  return row && (c.size() == n || c.size() == 1) ? nullptr : "its C is no single row";
}

void gemm_emit(Planner& planner, const Node& node) {
  const Gemm& op = std::get<Gemm>(node.op);
  const Shape& y = planner.shape(node.outputs[0]);
  MatmulDraft matmul;
  matmul.a = planner.slot(node.inputs[0]);
  matmul.b = planner.slot(node.inputs[1]);
  matmul.output = planner.new_dense(node.outputs[0]);
  matmul.problem.m = y[0];
  matmul.problem.n = y[1];
  matmul.problem.k = matmul.a.view.dim(op.trans_a ? 0 : 1);
  matmul.problem.alpha = op.alpha;
  matmul.a_form = form_of(matmul.a.view, op.trans_a != 0);
  matmul.b_form = form_of(matmul.b.view, op.trans_b != 0);
  matmul.c_row_stride = y[1];
  matmul.bias = bias_row(planner, node, y[1]);
  add_matmul(planner, node, std::move(matmul));
}

}  // namespace shrike
