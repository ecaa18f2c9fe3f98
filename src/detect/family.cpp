#include "detect/family.h"

namespace shrike {

namespace {

PreprocessChoice by_family(const Network& network) {
  if (const auto found = network.graph.metadata.find("preprocess");
      found != network.graph.metadata.end()) {
    if (found->second == "stretch") return PreprocessChoice::kStretch;
    if (found->second == "darknet_letterbox") return PreprocessChoice::kDarknetLetterbox;
  }
  if (network.head && network.head->kind == HeadKind::kYolox) return PreprocessChoice::kYolox;
  if (network.head && network.head->kind == HeadKind::kDarknet) return PreprocessChoice::kStretch;
  if (network.layout == OutputLayout::kYolox) return PreprocessChoice::kYolox;
  return PreprocessChoice::kLetterbox;
}

Preprocess preprocess_of(PreprocessChoice choice, int width, int height) {
  switch (choice) {
    case PreprocessChoice::kStretch:
      return Preprocess::darknet(width, height, false);
    case PreprocessChoice::kDarknetLetterbox:
      return Preprocess::darknet(width, height, true);
    case PreprocessChoice::kYolox:
      return Preprocess::yolox(width, height);
    case PreprocessChoice::kLetterbox:
    case PreprocessChoice::kAuto:
      break;
  }
  return Preprocess::ultralytics(width, height);
}

}  // namespace

Family family_of(const Network& network, PreprocessChoice choice) {
  if (choice == PreprocessChoice::kAuto) choice = by_family(network);
  Family family;
  family.preprocess = preprocess_of(choice, network.width, network.height);
  const bool darknet = network.head && network.head->kind == HeadKind::kDarknet;
  const bool yolox = (network.head && network.head->kind == HeadKind::kYolox) ||
                     network.layout == OutputLayout::kYolox;
  if (darknet || yolox) family.iou = 0.45f;
  if (network.own_nms) {
    family.iou = network.own_nms->iou.value_or(family.iou);
    family.agnostic = network.own_nms->agnostic;
  }
  family.multi_label = darknet;
  family.end_to_end =
      network.layout == OutputLayout::kEndToEnd || (network.head && network.head->max_det > 0);
  return family;
}

}  // namespace shrike
