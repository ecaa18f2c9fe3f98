// What a Conv or QConv node is to the kernels. Requires that its family does not refuse it.
#pragma once

#include "engine/planner.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/conv_picture.h"

namespace shrike {

kernels::ConvProblem conv_problem(const Planner& planner, const Node& node);

// Whether the node is a convolution with one output for each input channel that adds no map.
bool is_depthwise(Planner& planner, const Node& node);

// Weights whose channels are uneven (kernels/conv/evenness.h), in order. Reads those of all
// convolutions, and none where the processor's kernels do not multiply in pairs.
std::vector<ValueId> find_uneven(const Graph& graph);

// The kernel's form for an input of planes, where that is what the value is; or null.
const kernels::ConvPictureKernel* picture_form(Planner& planner, ValueId input,
                                               const kernels::ConvKernel& kernel);

// Adds a convolution to those that a step computes together.
void add_part(const Planner& planner, const Node& node, const kernels::ConvProblem& problem,
              StepInfo& info);

// One of a slot's pictures, of (N, C, H, W) in any strides.
inline kernels::Picture picture_at(const RunContext& context, const Slot& slot, int64_t image) {
  const View& view = slot.view;
  return {context.floats(slot) + image * view.stride(0), view.stride(2), view.stride(3),
          view.stride(1)};
}

// Of a QConv: null, or that its weights are computed or a scale is none to compute with.
const char* refuse_integer_weights(const Planner& planner, const Node& node);

}  // namespace shrike
