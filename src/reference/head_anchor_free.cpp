#include <algorithm>

#include "reference/head.h"
#include "reference/order.h"

namespace shrike::reference {

namespace {

// distance[i] = the expected bin of the distribution softmax(t[0..bins-1][i]), bins being planes.
template <typename T>
void expected_bins(const RawMap<T>& map, int64_t first, int64_t bins, std::vector<T>& distance) {
  const size_t cells = static_cast<size_t>(map.cells());
  distance.assign(map.plane(first), map.plane(first) + cells);
  if (bins == 1) return;
  std::vector<T> largest = distance, total(cells, T(0));
  for (int64_t b = 1; b < bins; ++b)
    for (size_t i = 0; i < cells; ++i) largest[i] = std::max(largest[i], map.plane(first + b)[i]);
  distance.assign(cells, T(0));
  for (int64_t b = 0; b < bins; ++b)
    for (size_t i = 0; i < cells; ++i) {
      const T e = std::exp(map.plane(first + b)[i] - largest[i]);
      total[i] += e;
      distance[i] += static_cast<T>(b) * e;
    }
  for (size_t i = 0; i < cells; ++i) distance[i] /= total[i];
}

// Writes one scale's boxes to four planes `step` apart.
template <typename T>
void decode_boxes(const Head& op, const RawMap<T>& map, T stride, BoxFormat format, T* out,
                  int64_t step) {
  std::vector<T> sides[4];  // left, top, right, bottom
  for (int64_t side = 0; side < 4; ++side)
    expected_bins(map, side * op.reg_max, op.reg_max, sides[side]);
  for (int64_t i = 0; i < map.cells(); ++i) {
    const T centre[2] = {static_cast<T>(i % map.width) + T(0.5),
                         static_cast<T>(i / map.width) + T(0.5)};
    for (int64_t k = 0; k < 2; ++k) {
      const T low = centre[k] - sides[k][static_cast<size_t>(i)];
      const T high = centre[k] + sides[k + 2][static_cast<size_t>(i)];
      const bool corners = format == BoxFormat::kXyxy;
      out[k * step + i] = (corners ? low : (low + high) / 2) * stride;
      out[(k + 2) * step + i] = (corners ? high : high - low) * stride;
    }
  }
}

// The plain form of one picture: (4 + classes, anchors).
template <typename T>
void decode_plain(const Head& op, const Inputs& in, int64_t picture, BoxFormat format,
                  int64_t anchors, T* out) {
  for (size_t scale = 0; scale < op.scales(); ++scale) {
    const RawMap<T> boxes = raw_map<T>(in, 2 * scale, picture);
    const RawMap<T> classes = raw_map<T>(in, 2 * scale + 1, picture);
    decode_boxes(op, boxes, static_cast<T>(op.strides[scale]), format, out, anchors);
    for (int64_t c = 0; c < op.num_classes; ++c) {
      T* scores = out + (4 + c) * anchors;
      for (int64_t i = 0; i < classes.cells(); ++i) scores[i] = logistic(classes.plane(c)[i]);
    }
    out += boxes.cells();
  }
}

// The best `rows` (anchor, class) pairs among the `rows` anchors with the best class: v10's two
// steps. An anchor can come more than once.
template <typename T>
void select_rows(const Head& op, const T* plain, int64_t anchors, int64_t rows, T* out) {
  std::vector<T> best(plain + 4 * anchors, plain + 5 * anchors);
  for (int64_t c = 1; c < op.num_classes; ++c)
    for (size_t i = 0; i < best.size(); ++i)
      best[i] = std::max(best[i], plain[(4 + c) * anchors + static_cast<int64_t>(i)]);
  std::vector<int64_t> chosen, pairs;
  select_top<T>(best, static_cast<size_t>(rows), true, chosen);

  std::vector<T> scores;
  scores.reserve(static_cast<size_t>(rows * op.num_classes));
  for (int64_t anchor : chosen)
    for (int64_t c = 0; c < op.num_classes; ++c)
      scores.push_back(plain[(4 + c) * anchors + anchor]);
  select_top<T>(scores, static_cast<size_t>(rows), true, pairs);
  for (int64_t pair : pairs) {
    const int64_t anchor = chosen[static_cast<size_t>(pair / op.num_classes)];
    for (int64_t k = 0; k < 4; ++k) *out++ = plain[k * anchors + anchor];
    *out++ = scores[static_cast<size_t>(pair)];
    *out++ = static_cast<T>(pair % op.num_classes);
  }
}

int64_t count_anchors(const Head& op, const Inputs& in) {
  int64_t anchors = 0;
  for (size_t scale = 0; scale < op.scales(); ++scale)
    anchors += in[2 * scale].shape()[2] * in[2 * scale].shape()[3];
  return anchors;
}

}  // namespace

Result<void> decode_anchor_free(const Head& op, const Inputs& in, Tensor& y) {
  const int64_t pictures = y.shape()[0], anchors = count_anchors(op, in);
  const int64_t size = y.size() / pictures;
  const bool end_to_end = op.max_det > 0;
  Tensor plain;
  if (end_to_end) {
    SHRIKE_ASSIGN(plain, in.allocate(y.dtype(), Shape{4 + op.num_classes, anchors}));
  }
  with_float_type(y.dtype(), [&]<typename T>() {
    for (int64_t n = 0; n < pictures; ++n) {
      T* out = y.mutable_data<T>().data() + n * size;
      if (!end_to_end) {
        decode_plain(op, in, n, op.box_format, anchors, out);
        continue;
      }
      decode_plain(op, in, n, BoxFormat::kXyxy, anchors, plain.mutable_data<T>().data());
      select_rows(op, plain.data<T>().data(), anchors, y.shape()[1], out);
    }
  });
  return {};
}

}  // namespace shrike::reference
