#include "train/distill_part.h"

#include <ATen/ATen.h>

#include <cmath>
#include <random>

#include "train/head_features.h"
#include "train/tensors.h"

namespace shrike::train {

namespace {

constexpr std::string_view kHelper = "distill.";

std::string adapter_name(int64_t stride) {
  return std::string(kHelper) + "adapter." + std::to_string(stride);
}

// `part`: "first.weight" and so on.
std::string generator_name(int64_t stride, const char* part) {
  return std::string(kHelper) + "generator." + std::to_string(stride) + "." + part;
}

bool needs_features(const Distillation& distillation) {
  return distillation.feature > 0 || distillation.masked > 0;
}

// The head that is taught.
const TrainedHead& taught_head(const TrainingGraph& training, const Distillation& distillation) {
  const bool once = distillation.teacher->head().max_det > 0;
  return training.one_to_many && !once ? *training.one_to_many : training.head;
}

// Of the student, one a scale. Those of the one-to-many head, as gradients end before the own one.
Result<std::vector<ValueId>> student_features(const TrainingGraph& training) {
  const TrainedHead& head = training.one_to_many ? *training.one_to_many : training.head;
  Result<std::vector<ValueId>> features =
      head_features(training.graph, head.maps, head.head.maps_per_scale());
  if (!features) return in_context("the student", features.error());
  return features;
}

int64_t channels_of(const Graph& graph, ValueId id) { return (*graph.value(id).shape)[1]; }

std::string listed(const std::vector<int64_t>& strides) {
  std::string text;
  for (const int64_t stride : strides) text += (text.empty() ? "" : ", ") + std::to_string(stride);
  return text;
}

// `terms`: of the sums that it is for.
at::Tensor random_tensor(at::IntArrayRef shape, int64_t terms, std::mt19937_64& random) {
  at::Tensor weights = at::empty(shape, at::kFloat);
  const double bound = 1 / std::sqrt(static_cast<double>(terms));
  float* value = weights.data_ptr<float>();
  for (int64_t i = 0; i < weights.numel(); ++i) {
    const double unit = static_cast<double>(random() >> 11) * 0x1p-53;  // 0..1
    *value++ = static_cast<float>((2 * unit - 1) * bound);
  }
  return weights.requires_grad_(true);
}

Result<std::vector<at::Tensor>> to_torch_all(const std::vector<Tensor>& tensors) {
  std::vector<at::Tensor> all;
  for (const Tensor& tensor : tensors) {
    SHRIKE_ASSIGN(all.emplace_back(), to_torch(tensor));
  }
  return all;
}

}  // namespace

bool is_helper(std::string_view name) { return name.starts_with(kHelper); }

Result<void> add_helpers(Parameters& parameters, const TrainingGraph& training,
                         const Distillation& distillation) {
  if (!needs_features(distillation)) return {};
  const Teacher& teacher = *distillation.teacher;
  SHRIKE_ASSIGN(const std::vector<ValueId> features, student_features(training));
  std::mt19937_64 random(distillation.seed);
  for (const auto& [s, t] : shared_scales(training.head.head, teacher.head())) {
    const int64_t from = channels_of(training.graph, features[static_cast<size_t>(s)]),
                  to = teacher.feature_channels()[static_cast<size_t>(t)];
    const int64_t stride = training.head.head.strides[static_cast<size_t>(s)];
    if (from != to)
      parameters.add({adapter_name(stride), ParameterRole::kWeight,
                      random_tensor({to, from, 1, 1}, from, random)});
    if (distillation.masked == 0) continue;
    for (const char* part : {"first", "second"}) {
      const std::string name = generator_name(stride, part);
      parameters.add({name + ".weight", ParameterRole::kWeight,
                      random_tensor({to, to, 3, 3}, 9 * to, random)});
      parameters.add({name + ".bias", ParameterRole::kBias, random_tensor({to}, 9 * to, random)});
    }
  }
  return {};
}

Result<LessonMaps> maps_of_lesson(Teacher& teacher, const Batch& batch, int64_t step) {
  SHRIKE_ASSIGN(const Lesson lesson, teacher.look(batch));
  LessonMaps maps;
  maps.step = step;
  SHRIKE_ASSIGN(maps.maps, to_torch_all(lesson.maps));
  SHRIKE_ASSIGN(maps.features, to_torch_all(lesson.features));
  return maps;
}

Result<DistillPart> DistillPart::build(const TrainingGraph& training, const Parameters& parameters,
                                       const Distillation& distillation,
                                       const LossOptions& options) {
  DistillPart part(distillation, options);
  const TrainedHead& head = taught_head(training, distillation);
  const Head& teacher = distillation.teacher->head();
  part.student_ = head.head;
  part.scales_ = shared_scales(head.head, teacher);
  if (part.scales_.empty())
    return usage_error("the teacher's head has strides " + listed(teacher.strides) +
                       ", the student's " + listed(head.head.strides) + ": none in common");
  const size_t own = training.head.maps.size();
  part.first_map_ = &head == &training.head ? 0 : own;
  part.first_feature_ = own + (training.one_to_many ? training.one_to_many->maps.size() : 0);
  if (!needs_features(distillation)) return part;
  SHRIKE_ASSIGN(const std::vector<ValueId> features, student_features(training));
  const auto tensor_of = [&](const std::string& name) {
    const Parameter* found = parameters.find(name);
    return found ? found->tensor : at::Tensor();
  };
  for (const auto& [s, t] : part.scales_) {
    const int64_t stride = head.head.strides[static_cast<size_t>(s)];
    part.features_.push_back(features[static_cast<size_t>(s)]);
    part.adapters_.push_back(tensor_of(adapter_name(stride)));
    if (distillation.masked == 0) continue;
    const auto generator = [&](const char* name) {
      return tensor_of(generator_name(stride, name));
    };
    part.generators_.push_back({generator("first.weight"), generator("first.bias"),
                                generator("second.weight"), generator("second.bias")});
  }
  return part;
}

std::vector<std::string> DistillPart::names() const {
  std::vector<std::string> names;
  if (distillation_.response > 0) names = {"distill_class", "distill_box"};
  if (distillation_.feature > 0) names.push_back("distill_feature");
  if (distillation_.masked > 0) names.push_back("distill_masked");
  return names;
}

std::vector<std::pair<at::Tensor, at::Tensor>> DistillPart::paired(
    std::span<const at::Tensor> features, const LessonMaps& lesson) const {
  std::vector<std::pair<at::Tensor, at::Tensor>> scales;
  for (size_t i = 0; i < features_.size(); ++i) {
    const at::Tensor own =
        adapters_[i].defined() ? at::conv2d(features[i], adapters_[i]) : features[i];
    const at::Tensor& wanted = lesson.features[static_cast<size_t>(scales_[i].second)];
    TORCH_CHECK(own.sizes() == wanted.sizes(), "the maps before the heads are ", own.sizes(),
                ", the teacher's ", wanted.sizes());
    scales.emplace_back(own, wanted);
  }
  return scales;
}

at::Tensor DistillPart::masked_part(const std::vector<std::pair<at::Tensor, at::Tensor>>& scales,
                                    int64_t step) const {
  std::vector<at::Tensor> parts;
  for (size_t i = 0; i < scales.size(); ++i) {
    const auto& [own, wanted] = scales[i];
    const uint64_t seed =
        distillation_.seed * 0x9e3779b97f4a7c15 + static_cast<uint64_t>(step) * scales.size() + i;
    parts.push_back(masked_loss(
        own, wanted, random_mask(own.size(0), own.size(2), own.size(3), seed), generators_[i]));
  }
  return at::sum(at::stack(parts));
}

LossValue DistillPart::operator()(std::span<const at::Tensor> outputs,
                                  const LessonMaps& lesson) const {
  std::vector<at::Tensor> parts;
  if (distillation_.response > 0) {
    const size_t count = student_.scales() * student_.maps_per_scale();
    const ResponseValue response =
        response_loss(student_, outputs.subspan(first_map_, count), distillation_.teacher->head(),
                      lesson.maps, distillation_.classes, distillation_.temperature, options_);
    parts = {response.classes * distillation_.response, response.box * distillation_.response};
  }
  const auto scales = paired(outputs.subspan(first_feature_), lesson);
  if (distillation_.feature > 0) {
    std::vector<at::Tensor> each;
    for (const auto& [own, wanted] : scales)
      each.push_back(feature_loss(own, wanted, distillation_.temperature));
    parts.push_back(at::sum(at::stack(each)) * distillation_.feature);
  }
  if (distillation_.masked > 0)
    parts.push_back(masked_part(scales, lesson.step) * distillation_.masked);
  const auto options = parts[0].options().requires_grad(false);
  const at::Tensor pictures = over_ranks(options_, at::full({}, outputs[0].size(0), options));
  return loss_value(parts, student_.kind == HeadKind::kYolox ? at::ones({}, options) : pictures);
}

}  // namespace shrike::train
