#include "engine/steps/conv_problem.h"

#include <algorithm>

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"
#include "kernels/conv/candidates.h"
#include "kernels/conv/depthwise_sweep.h"
#include "kernels/conv/evenness.h"
#include "kernels/conv/sum_halves.h"

namespace shrike {

kernels::ConvProblem conv_problem(const Planner& planner, const Node& node) {
  const auto* integers = std::get_if<QConv>(&node.op);
  const Conv& op = integers ? *integers : std::get<Conv>(node.op);
  const Shape& x = planner.shape(node.inputs[0]);
  const Shape& w = planner.shape(node.inputs[1]);
  const Shape& y = planner.shape(node.outputs[0]);
  const auto pad = [&](size_t axis) {
    const int a = static_cast<int>(axis) + 2;
    return pads_of(op.auto_pad, {op.pads[axis], op.pads[axis + 2]}, x[a], y[a], op.strides[axis],
                   (w[a] - 1) * op.dilations[axis] + 1)
        .begin;
  };
  kernels::ConvProblem problem;
  problem.in_height = x[2], problem.in_width = x[3], problem.in_channels = x[1];
  problem.out_height = y[2], problem.out_width = y[3], problem.out_channels = y[1];
  problem.kernel_h = w[2], problem.kernel_w = w[3];
  problem.stride_h = op.strides[0], problem.stride_w = op.strides[1];
  problem.dilation_h = op.dilations[0], problem.dilation_w = op.dilations[1];
  problem.pad_top = pad(0), problem.pad_left = pad(1);
  problem.groups = op.group;
  problem.precision = planner.precision();
  problem.uneven = planner.is_uneven(node.inputs[1]);
  problem.activation = *activation_of(op.activation, op.alpha, op.beta);
  if (has_input(node, integers ? 4 : 3)) problem.residual = kernels::Residual::kAfterActivation;
  problem.half = kernels::sum_half(problem);
  return problem;
}

bool is_depthwise(Planner& planner, const Node& node) {
  return std::holds_alternative<Conv>(node.op) && !has_input(node, 3) &&
         !conv_refuse(planner, node) && planner.in_memory(node.outputs[0]) &&
         kernels::is_depthwise(conv_problem(planner, node));
}

std::vector<ValueId> find_uneven(const Graph& graph) {
  std::vector<ValueId> found;
  if (kernels::cpu_lacks(kernels::CpuNeed::kAvx512Adders, cpu_features())) return found;
  for (const Node& node : graph.nodes) {
    const auto* op = std::get_if<Conv>(&node.op);
    const Tensor* weights = op && op->group == 1 ? graph.constant(node.inputs[1]) : nullptr;
    if (!weights || weights->dtype() != DType::kF32 || weights->shape().rank() != 4) continue;
    kernels::ConvProblem problem;
    problem.out_channels = weights->shape()[0], problem.in_channels = weights->shape()[1];
    problem.kernel_h = weights->shape()[2], problem.kernel_w = weights->shape()[3];
    if (kernels::has_uneven_channels(problem, weights->data<float>().data()))
      found.push_back(node.inputs[1]);
  }
  std::ranges::sort(found);
  return found;
}

const kernels::ConvPictureKernel* picture_form(Planner& planner, ValueId input,
                                               const kernels::ConvKernel& kernel) {
  if (planner.graph().constant(input)) return nullptr;
  const View& view = planner.slot(input).view;
  return is_map(view) || view.stride(3) != 1 ? nullptr : kernels::conv_picture_form(kernel);
}

void add_part(const Planner& planner, const Node& node, const kernels::ConvProblem& problem,
              StepInfo& info) {
  const int64_t macs = planner.shape(node.outputs[0])[0] * problem.macs();
  info.macs += macs;
  info.parts.push_back({planner.draft(node, {}).info.node, kernels::problem_text(problem), macs});
  info.node = info.parts.front().node + " to " + info.parts.back().node;
}

const char* refuse_integer_weights(const Planner& planner, const Node& node) {
  for (const size_t i : {size_t{1}, size_t{2}, size_t{3}})
    if (has_input(node, i) && !planner.graph().constant(node.inputs[i]))
      return "its weights are computed";
  const QConv& op = std::get<QConv>(node.op);
  const auto is_scale = [](float scale) { return scale >= kLeastScale && scale <= kMostScale; };
  const bool all =
      is_scale(op.x_scale) && is_scale(op.y_scale) && is_scale(op.residual_scale) &&
      std::ranges::all_of(planner.graph().constant(node.inputs[2])->data<float>(), is_scale);
  return all ? nullptr : "a scale is too large or too small";
}

}  // namespace shrike
