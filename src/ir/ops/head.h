// The detection head as one node: what a decode subgraph or a [yolo] section says, lifted.
//
// The node's inputs are the raw maps of each scale, as the last convolutions leave them, ordered by
// scale and within a scale as the kind says. Its output is what the file's own decode gives, so a
// graph means the same before and after lifting; passes/expand_head writes it out in plain ONNX
// operators. Detection does not run the node: it takes the raw maps and decodes only candidates.
//
// With s = stride, g = integer grid position, t = raw values, σ = logistic function, A = anchors of
// all scales (row-major in each), nc = classes; boxes in pixels of the network's input:
//  kAnchorFree  two maps a scale: box (4*reg_max channels: left, top, right, bottom distributions;
//               distance = expected bin) and class logits (nc). Box = (g + 0.5 ∓ distance) * s.
//               Output (N, 4+nc, A), cxcywh or xyxy then σ(class); or, with max_det > 0, the
//               end-to-end rows (N, min(max_det, A), 6): x1,y1,x2,y2,score,class (v10's two top-k
//               steps). reg_max 1: the channels are the distances themselves. (Ultralytics v8..26;
//               DFL: Li et al. 2020, arXiv 2006.04388; v10: Wang et al. 2024, arXiv 2405.14458)
//  kAnchor      one map a scale, per anchor x,y,w,h,obj,classes (na * (5+nc) channels):
//               xy = (2σ - 0.5 + g) * s, wh = (2σ)² * anchor. Output (N, A, 5+nc), anchor-major
//               (scale, anchor, y, x): cxcywh, σ(obj), σ(class). (YOLOv5, v7)
//  kDarknet     one map a scale, laid out as kAnchor: xy = (k*σ - (k-1)/2 + g) * s with k =
//               scale_xy, wh = exp(t) * anchor. Output as kAnchor. (YOLOv3, v4)
//  kYolox       three maps a scale: box (4), objectness (1), classes (nc): xy = (t + g) * s,
//               wh = exp(t) * s. Output (N, A, 5+nc): the box as computed when `decoded`, else t;
//               σ(obj), σ(class). (Ge et al. 2021, arXiv 2107.08430)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/field.h"

namespace shrike {

enum class HeadKind : uint8_t { kAnchorFree, kAnchor, kDarknet, kYolox };
inline constexpr EnumName<HeadKind> kHeadKinds[] = {
    {HeadKind::kAnchorFree, "anchor_free"},
    {HeadKind::kAnchor, "anchor"},
    {HeadKind::kDarknet, "darknet"},
    {HeadKind::kYolox, "yolox"},
};
constexpr std::span<const EnumName<HeadKind>> enum_names(HeadKind) { return kHeadKinds; }

enum class BoxFormat : uint8_t { kCxcywh, kXyxy };
inline constexpr EnumName<BoxFormat> kBoxFormats[] = {{BoxFormat::kCxcywh, "cxcywh"},
                                                      {BoxFormat::kXyxy, "xyxy"}};
constexpr std::span<const EnumName<BoxFormat>> enum_names(BoxFormat) { return kBoxFormats; }

struct Head {
  static constexpr std::string_view kName = "Head";
  HeadKind kind = HeadKind::kAnchorFree;
  int64_t num_classes = 0;
  std::vector<int64_t>
      strides;           // pixels per cell, one a scale, in the order of the output's anchors
  int64_t reg_max = 16;  // kAnchorFree
  BoxFormat box_format = BoxFormat::kCxcywh;  // kAnchorFree
  int64_t max_det = 0;          // kAnchorFree: rows of the end-to-end form, 0 for the plain one
  std::vector<float> anchors;   // kAnchor, kDarknet: w,h in pixels; per scale num_anchors() pairs
  std::vector<float> scale_xy;  // kDarknet, one a scale
  bool decoded = true;          // kYolox

  static constexpr auto fields() {
    return std::tuple{field("kind", &Head::kind),
                      field("num_classes", &Head::num_classes),
                      field("strides", &Head::strides),
                      field("reg_max", &Head::reg_max),
                      field("box_format", &Head::box_format),
                      field("max_det", &Head::max_det),
                      field("anchors", &Head::anchors),
                      field("scale_xy", &Head::scale_xy),
                      field("decoded", &Head::decoded)};
  }
  bool operator==(const Head&) const = default;

  size_t scales() const { return strides.size(); }
  // Anchors at one grid position.
  int64_t num_anchors() const {
    return anchors.empty() || strides.empty()
               ? 1
               : static_cast<int64_t>(anchors.size() / (2 * strides.size()));
  }
  // Raw maps a scale.
  size_t maps_per_scale() const {
    if (kind == HeadKind::kAnchorFree) return 2;
    return kind == HeadKind::kYolox ? 3 : 1;
  }
};

}  // namespace shrike
