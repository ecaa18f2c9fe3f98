// From the raw maps of a detection head to candidates: only what is over the threshold is decoded.
//
// A map is what a head's last convolution leaves for one picture and one scale, channels innermost.
// With s = stride (pixels of the network's input per cell), (gx, gy) = the cell, t = a raw value,
// σ = the logistic function, boxes come out in pixels of the network's input:
//  anchor-free  (Ultralytics v8 to 26) left, top, right and bottom distance d from the cell's
//               centre: x1 = (gx + 0.5 - d_left) * s ...; d is the expected bin of a softmax over
//               reg_max bins (Li et al. 2020, arXiv 2006.04388), or t itself with reg_max 1.
//               Score σ(class).
//  anchors, v5  (YOLOv5, v7) centre (2σ - 0.5 + g) * s, size (2σ)^2 * anchor; σ(obj) * σ(class)
//  Darknet      (YOLOv3, v4) centre (k*σ - (k-1)/2 + g) * s with k = scale_xy, size
//               exp(t) * anchor; σ(obj) * σ(class)
//  YOLOX        centre (t + g) * s, size exp(t) * s; σ(obj) * σ(class) (arXiv 2107.08430)
//
// A candidate needs a score greater than `confidence`. Its label is its best class, the lowest of
// equals; with `multi_label` there is one candidate for each class over the threshold, as Darknet
// does. Candidates are appended in the order of scale, row, column, anchor, class. NaN scores and
// boxes that are not finite give none. Maps are borrowed and only read.
//
// Sizes are the caller's promise (the graph's shape rules give it) and are asserted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "vision/box.h"

namespace shrike {

// Value (y, x, c) is data[(y * width + x) * pixel_stride + c].
struct HeadMap {
  const float* data = nullptr;
  int height = 0, width = 0, channels = 0;
  int64_t pixel_stride = 0;  // floats from one cell to the next, at least `channels`

  const float* cell(int64_t index) const { return data + index * pixel_stride; }
  int64_t cells() const { return int64_t{height} * width; }
};

struct CandidateOptions {
  float confidence = 0.25f;
  bool multi_label = false;
};

struct AnchorFreeScale {
  HeadMap box;      // 4 * reg_max channels: the bins of left, then top, right, bottom
  HeadMap classes;  // logits
  float stride = 8;
};

void decode_anchor_free(std::span<const AnchorFreeScale> scales, int reg_max,
                        const CandidateOptions& options, std::vector<Detection>& out);

// The one-to-one head of v10 and 26, which needs no NMS (arXiv 2405.14458): of the max_detections
// anchors with the best class scores, the max_detections best pairs of anchor and class, by
// falling score. Replaces `out`.
void decode_end_to_end(std::span<const AnchorFreeScale> scales, int reg_max, float confidence,
                       int max_detections, std::vector<Detection>& out);

struct AnchorSize {
  float width = 0, height = 0;  // pixels of the network's input
};

enum class AnchorCoding { kV5, kDarknet };

struct AnchorScale {
  HeadMap map;  // for each anchor x, y, w, h, objectness, classes: logits
  std::span<const AnchorSize> anchors;
  float stride = 8;
  float scale_xy = 1;  // kDarknet
};

void decode_anchors(std::span<const AnchorScale> scales, AnchorCoding coding,
                    const CandidateOptions& options, std::vector<Detection>& out);

enum class ScoreForm { kLogits, kProbabilities };

struct YoloxScale {
  HeadMap box, objectness, classes;  // 4, 1 and any number of channels; may lie in one tensor
  float stride = 8;
};

void decode_yolox(std::span<const YoloxScale> scales, ScoreForm form,
                  const CandidateOptions& options, std::vector<Detection>& out);

// The scales inside YOLOX's raw export, a tensor of `rows` x `columns` (4 box values, objectness,
// classes), scale after scale. An error (kModel) where grids of these strides do not fill it.
Result<std::vector<YoloxScale>> split_yolox_rows(const float* data, int64_t rows, int columns,
                                                 std::span<const int> strides, int input_width,
                                                 int input_height);

// ---- Tensors that a model has decoded itself ---------------------------------------------------

// (4 + classes) x anchors, Ultralytics' output0: rows cx, cy, w, h, then a row a class.
void decode_v8_output(const float* data, int classes, int64_t anchors,
                      const CandidateOptions& options, std::vector<Detection>& out);

// anchors x (5 + classes), YOLOv5's output: cx, cy, w, h, objectness, class scores.
void decode_v5_output(const float* data, int64_t anchors, int classes,
                      const CandidateOptions& options, std::vector<Detection>& out);

// rows x 6: x1, y1, x2, y2, score, class. Rows whose class is not a whole number from 0 are left
// out.
void decode_end_to_end_output(const float* data, int64_t rows, float confidence,
                              std::vector<Detection>& out);

}  // namespace shrike
