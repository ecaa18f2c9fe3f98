#include "engine/steps/families_list.h"
#include "engine/steps/matmul_step.h"

namespace shrike {

namespace {

// The operand with the output's batch axes in front of its own two.
View with_batch(const View& view, const Shape& y) {
  std::vector<int64_t> dims = y.dims();
  dims[dims.size() - 2] = view.dim(view.rank - 2);
  dims[dims.size() - 1] = view.dim(view.rank - 1);
  return broadcast(view, Shape(std::move(dims)));
}

kernels::MatrixOperand form_of(const View& view) {
  kernels::MatrixOperand form;
  form.row_stride = view.stride(view.rank - 2);
  form.col_stride = view.stride(view.rank - 1);
  return form;
}

int64_t batch_offset(const View& view, int64_t index) {
  return kernels::offset_of(index, view.rank - 2, view.dims, view.strides);
}

}  // namespace

const char* matmul_refuse(Planner& planner, const Node& node) {
  if (const char* reason = refuse_unless_f32(planner, node, 2)) return reason;
  for (size_t i = 0; i < 2; ++i)
    if (planner.shape(node.inputs[i]).rank() < 2) return "an operand is a vector";
  return nullptr;
}

void matmul_emit(Planner& planner, const Node& node) {
  const Shape& y = planner.shape(node.outputs[0]);
  MatmulDraft matmul;
  matmul.a = planner.slot(node.inputs[0]);
  matmul.b = planner.slot(node.inputs[1]);
  matmul.output = planner.new_dense(node.outputs[0]);
  const View a = with_batch(matmul.a.view, y), b = with_batch(matmul.b.view, y);
  const View& c = matmul.output.view;
  matmul.problem.m = a.dim(a.rank - 2);
  matmul.problem.n = b.dim(b.rank - 1);
  matmul.problem.k = a.dim(a.rank - 1);
  matmul.a_form = form_of(a);
  matmul.b_form = form_of(b);
  matmul.c_row_stride = matmul.problem.n;

  const int64_t batch = c.count() / (matmul.problem.m * matmul.problem.n);
  const std::optional<int64_t> step_a = batch_stride(a), step_b = batch_stride(b);
  if (step_a && step_b) {
    matmul.problem.batch = batch;
    matmul.a_form.batch_stride = *step_a;
    matmul.b_form.batch_stride = *step_b;
    matmul.c_batch_stride = matmul.problem.m * matmul.problem.n;
  } else {
    matmul.calls.clear();
    for (int64_t i = 0; i < batch; ++i)
      matmul.calls.push_back({batch_offset(a, i), batch_offset(b, i), batch_offset(c, i)});
  }
  add_matmul(planner, node, std::move(matmul));
}

}  // namespace shrike
