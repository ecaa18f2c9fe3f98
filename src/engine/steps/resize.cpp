#include "kernels/resize/resize.h"

#include "engine/steps/ask.h"
#include "engine/steps/families_list.h"

namespace shrike {

namespace {

using kernels::ResizeProblem;

// T is float or, for the nearest pixel alone, uint8_t or int16_t.
template <typename T, typename Kernel>
class ResizeStep : public Step {
 public:
  ResizeStep(const ResizeProblem& problem, const Kernel& kernel, Slot input, Slot output)
      : problem_(problem), kernel_(kernel), input_(input), output_(output) {}

  Result<void> run(RunContext& context) const override {
    for (int64_t image = 0; image < input_.view.dim(0); ++image)
      kernel_.run(problem_, context.map_of<T>(input_, image), context.map_of<T>(output_, image),
                  context.pool());
    return {};
  }

 private:
  ResizeProblem problem_;
  const Kernel& kernel_;
  Slot input_, output_;
};

kernels::ResizeCoordinate coordinate_of(CoordinateMode mode) {
  switch (mode) {
    case CoordinateMode::kHalfPixel:
      return kernels::ResizeCoordinate::kHalfPixel;
    case CoordinateMode::kPytorchHalfPixel:
      return kernels::ResizeCoordinate::kPytorchHalfPixel;
    case CoordinateMode::kAlignCorners:
      return kernels::ResizeCoordinate::kAlignCorners;
    case CoordinateMode::kAsymmetric:
      break;
  }
  return kernels::ResizeCoordinate::kAsymmetric;
}

kernels::NearestRounding rounding_of(NearestMode mode) {
  switch (mode) {
    case NearestMode::kRoundPreferFloor:
      return kernels::NearestRounding::kRoundPreferFloor;
    case NearestMode::kRoundPreferCeil:
      return kernels::NearestRounding::kRoundPreferCeil;
    case NearestMode::kCeil:
      return kernels::NearestRounding::kCeil;
    case NearestMode::kFloor:
      break;
  }
  return kernels::NearestRounding::kFloor;
}

// The scales the model gives, if it gives scales.
const Tensor* given_scales(const Planner& planner, const Node& node) {
  const Tensor* scales = floats_of(planner, node, 1);
  return scales && scales->dtype() == DType::kF32 && scales->size() == 4 ? scales : nullptr;
}

template <typename T, typename Kernel>
void emit(Planner& planner, const Node& node, const ResizeProblem& problem,
          std::span<const Kernel> table) {
  const auto choice = kernels::select_kernel(table, problem);
  const Slot input = planner.as_map(node.inputs[0]);
  const Slot output = planner.new_map(node.outputs[0]);
  StepDraft draft = planner.draft(node, choice.kernel->name);
  note_declined(draft.info, choice);
  draft.touches = {input, output};
  draft.step = std::make_unique<ResizeStep<T, Kernel>>(problem, *choice.kernel, input, output);
  planner.add(std::move(draft));
}

bool is_nearest_of(const Planner& planner, const Node& node, DType type) {
  return std::get<Resize>(node.op).mode == ResizeMode::kNearest && is_map_of(planner, node, type);
}

}  // namespace

const char* resize_refuse(Planner& planner, const Node& node) {
  if (!is_nearest_of(planner, node, DType::kU8) && !is_nearest_of(planner, node, DType::kI16))
    if (const char* reason = refuse_unless_f32(planner, node, 1)) return reason;
  if (planner.shape(node.inputs[0]).rank() != 4) return "its input is no feature map";
  if (std::get<Resize>(node.op).mode == ResizeMode::kCubic) return "no kernel has cubic weights";
  if (!given_scales(planner, node) && !ints_of(planner, node, 2)) return "its scales are computed";
  return nullptr;
}

void resize_emit(Planner& planner, const Node& node) {
  const Resize& op = std::get<Resize>(node.op);
  const Shape& x = planner.shape(node.inputs[0]);
  const Shape& y = planner.shape(node.outputs[0]);
  ResizeProblem problem;
  problem.mode =
      op.mode == ResizeMode::kLinear ? kernels::ResizeMode::kLinear : kernels::ResizeMode::kNearest;
  problem.coordinate = coordinate_of(op.coordinate_transformation_mode);
  problem.rounding = rounding_of(op.nearest_mode);
  problem.channels = x[1];
  problem.in_height = x[2], problem.in_width = x[3];
  problem.out_height = y[2], problem.out_width = y[3];
  problem.scale_h = static_cast<float>(y[2]) / static_cast<float>(x[2]);
  problem.scale_w = static_cast<float>(y[3]) / static_cast<float>(x[3]);
  if (const Tensor* scales = given_scales(planner, node)) {
    problem.scale_h = scales->data<float>()[2];
    problem.scale_w = scales->data<float>()[3];
  }
  if (is_nearest_of(planner, node, DType::kU8)) {
    emit<uint8_t>(planner, node, problem, kernels::byte_resize_kernels());
  } else if (is_nearest_of(planner, node, DType::kI16)) {
    emit<int16_t>(planner, node, problem, kernels::word_resize_kernels());
  } else {
    emit<float>(planner, node, problem, kernels::resize_kernels());
  }
}

}  // namespace shrike
