#include "reference/head.h"

namespace shrike::reference {

namespace {

// σ of the planes first..last of a map, into the columns of rows `width` apart.
template <typename T>
void write_logistic(const RawMap<T>& map, int64_t planes, T* out, int64_t width) {
  for (int64_t c = 0; c < planes; ++c)
    for (int64_t i = 0; i < map.cells(); ++i) out[i * width + c] = logistic(map.plane(c)[i]);
}

// One scale's map and one of its anchors: rows of x, y, w, h, objectness, classes.
template <typename T>
void decode_anchor(const Head& op, const RawMap<T>& map, size_t scale, int64_t anchor, T* out) {
  const int64_t width = 5 + op.num_classes;
  const T* t = map.plane(anchor * width);
  const size_t pair =
      2 * (scale * static_cast<size_t>(op.num_anchors()) + static_cast<size_t>(anchor));
  const T anchor_size[2] = {static_cast<T>(op.anchors[pair]), static_cast<T>(op.anchors[pair + 1])};
  const T stride = static_cast<T>(op.strides[scale]);
  const bool darknet = op.kind == HeadKind::kDarknet;
  // Both kinds stretch σ about its middle: by 2, or by scale_xy.
  const T stretch = darknet ? static_cast<T>(op.scale_xy[scale]) : T(2);
  const T shift = (stretch - 1) / 2;
  for (int64_t i = 0; i < map.cells(); ++i) {
    const T grid[2] = {static_cast<T>(i % map.width), static_cast<T>(i / map.width)};
    T* row = out + i * width;
    for (int64_t k = 0; k < 2; ++k) {
      const T position = t[k * map.cells() + i], size = t[(2 + k) * map.cells() + i];
      row[k] = (stretch * logistic(position) - shift + grid[k]) * stride;
      const T doubled = 2 * logistic(size);
      row[2 + k] = (darknet ? std::exp(size) : doubled * doubled) * anchor_size[k];
    }
  }
  write_logistic(RawMap<T>{map.plane(anchor * width + 4), map.height, map.width},
                 1 + op.num_classes, out + 4, width);
}

template <typename T>
void decode_yolox_scale(const Head& op, const RawMap<T>& boxes, const RawMap<T>& objectness,
                        const RawMap<T>& classes, T stride, T* out) {
  const int64_t width = 5 + op.num_classes;
  for (int64_t i = 0; i < boxes.cells(); ++i) {
    const T grid[2] = {static_cast<T>(i % boxes.width), static_cast<T>(i / boxes.width)};
    T* row = out + i * width;
    for (int64_t k = 0; k < 2; ++k) {
      const T position = boxes.plane(k)[i], size = boxes.plane(2 + k)[i];
      row[k] = op.decoded ? (position + grid[k]) * stride : position;
      row[2 + k] = op.decoded ? std::exp(size) * stride : size;
    }
  }
  write_logistic(objectness, 1, out + 4, width);
  write_logistic(classes, op.num_classes, out + 5, width);
}

}  // namespace

void decode_anchored(const Head& op, const Inputs& in, Tensor& y) {
  with_float_type(y.dtype(), [&]<typename T>() {
    T* out = y.mutable_data<T>().data();
    for (int64_t n = 0; n < y.shape()[0]; ++n)
      for (size_t scale = 0; scale < op.scales(); ++scale)
        for (int64_t anchor = 0; anchor < op.num_anchors(); ++anchor) {
          const RawMap<T> map = raw_map<T>(in, scale, n);
          decode_anchor(op, map, scale, anchor, out);
          out += map.cells() * (5 + op.num_classes);
        }
  });
}

void decode_yolox(const Head& op, const Inputs& in, Tensor& y) {
  with_float_type(y.dtype(), [&]<typename T>() {
    T* out = y.mutable_data<T>().data();
    for (int64_t n = 0; n < y.shape()[0]; ++n)
      for (size_t scale = 0; scale < op.scales(); ++scale) {
        const RawMap<T> boxes = raw_map<T>(in, 3 * scale, n);
        decode_yolox_scale(op, boxes, raw_map<T>(in, 3 * scale + 1, n),
                           raw_map<T>(in, 3 * scale + 2, n), static_cast<T>(op.strides[scale]),
                           out);
        out += boxes.cells() * (5 + op.num_classes);
      }
  });
}

Result<Outputs> evaluate(const Head& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_floats());
  for (size_t i = 0; i < in.count(); ++i)
    if (in[i].shape()[0] != in[0].shape()[0]) return in.fail("maps of different batch sizes");
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (y.empty()) return Outputs{std::move(y)};
  switch (op.kind) {
    case HeadKind::kAnchorFree:
      SHRIKE_TRY(decode_anchor_free(op, in, y));
      break;
    case HeadKind::kAnchor:
    case HeadKind::kDarknet:
      decode_anchored(op, in, y);
      break;
    case HeadKind::kYolox:
      decode_yolox(op, in, y);
      break;
  }
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
