#include "api/options.h"

#include <algorithm>

namespace shrike {

namespace {

// Also false for a NaN.
bool is_fraction(float value) { return value >= 0 && value <= 1; }

Result<OutputLayout> private_layout(v0::OutputLayout layout) {
  switch (layout) {
    case v0::OutputLayout::kAuto:
      return OutputLayout::kAuto;
    case v0::OutputLayout::kV8:
      return OutputLayout::kV8;
    case v0::OutputLayout::kV5:
      return OutputLayout::kV5;
    case v0::OutputLayout::kYolox:
      return OutputLayout::kYolox;
    case v0::OutputLayout::kEndToEnd:
      return OutputLayout::kEndToEnd;
  }
  return usage_error("layout: no such value");
}

Result<PreprocessChoice> private_placement(v0::Placement placement) {
  switch (placement) {
    case v0::Placement::kAuto:
      return PreprocessChoice::kAuto;
    case v0::Placement::kLetterbox:
      return PreprocessChoice::kLetterbox;
    case v0::Placement::kStretch:
      return PreprocessChoice::kStretch;
    case v0::Placement::kDarknetLetterbox:
      return PreprocessChoice::kDarknetLetterbox;
    case v0::Placement::kYolox:
      return PreprocessChoice::kYolox;
  }
  return usage_error("placement: no such value");
}

}  // namespace

Result<LoadOptions> checked(const v0::LoadOptions& options) {
  LoadOptions load;
  SHRIKE_ASSIGN(load.layout, private_layout(options.layout));
  SHRIKE_ASSIGN(load.preprocess, private_placement(options.placement));
  if (options.threads < 0 || options.threads > kMaxThreads)
    return usage_error("threads: " + std::to_string(options.threads) + " is outside 0 to " +
                       std::to_string(kMaxThreads));
  load.threads = options.threads;
  if (options.input_size) {
    const auto [width, height] = *options.input_size;
    if (std::min(width, height) < 1 || std::max(width, height) > kMaxSide)
      return usage_error("input_size: sides are 1 to " + std::to_string(kMaxSide) + ", not width " +
                         std::to_string(width) + " and height " + std::to_string(height));
    load.imgsz = {height, width};
  }
  load.names = options.class_names;
  return load;
}

Result<DetectOptions> checked(const v0::DetectOptions& options, size_t classes) {
  if (!is_fraction(options.confidence)) return usage_error("confidence: must be 0 to 1");
  if (options.iou && !is_fraction(*options.iou)) return usage_error("iou: must be 0 to 1");
  if (options.max_detections < 1 || options.max_detections > kMaxDetections)
    return usage_error("max_detections: " + std::to_string(options.max_detections) +
                       " is outside 1 to " + std::to_string(kMaxDetections));
  for (int id : options.class_ids)
    if (id < 0 || static_cast<size_t>(id) >= classes)
      return usage_error("class_ids: the model has no class " + std::to_string(id) + ", it has " +
                         std::to_string(classes));
  return DetectOptions{.conf = options.confidence,
                       .iou = options.iou,
                       .max_det = options.max_detections,
                       .agnostic = options.agnostic,
                       .multi_label = false,
                       .classes = options.class_ids};
}

}  // namespace shrike
