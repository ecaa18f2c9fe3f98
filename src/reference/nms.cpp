#include <algorithm>
#include <array>

#include "reference/operators.h"

namespace shrike::reference {

namespace {

struct Corners {
  float left, top, right, bottom;
  float area() const { return (right - left) * (bottom - top); }
};

Corners corners_of(const float* box, bool center) {
  if (center) {
    const float half_width = box[2] / 2, half_height = box[3] / 2;
    return {box[0] - half_width, box[1] - half_height, box[0] + half_width, box[1] + half_height};
  }
  const auto [top, bottom] = std::minmax(box[0], box[2]);
  const auto [left, right] = std::minmax(box[1], box[3]);
  return {left, top, right, bottom};
}

// IoU strictly above the threshold. Boxes without an area overlap nothing.
bool overlap(const Corners& a, const Corners& b, float threshold) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (!(width > 0) || !(height > 0)) return false;
  const float common = width * height, all = a.area() + b.area() - common;
  if (!(common > 0) || !(a.area() > 0) || !(b.area() > 0) || !(all > 0)) return false;
  return common / all > threshold;
}

struct Limits {
  int64_t most = 0;  // boxes per class
  float iou = 0;
  std::optional<float> score;
};

Result<Limits> limits_of(const Inputs& in) {
  Limits limits;
  if (in.has(2)) {
    SHRIKE_ASSIGN(limits.most, in.one_int(2));
  }
  for (size_t i = 3; i < 5; ++i)
    if (in.has(i) && (in[i].size() != 1 || in[i].dtype() != DType::kF32))
      return in.fail("takes thresholds of one f32");
  if (in.has(3)) limits.iou = in[3].data<float>()[0];
  if (in.has(4)) limits.score = in[4].data<float>()[0];
  if (!(limits.iou >= 0 && limits.iou <= 1)) return in.fail("an IoU threshold outside 0..1");
  return limits;
}

// Indices of the candidates of one class: best score first, then the lower index.
std::vector<int64_t> candidates(std::span<const float> scores, std::optional<float> threshold) {
  std::vector<int64_t> order;
  for (size_t i = 0; i < scores.size(); ++i) {
    // A NaN is no score; without a threshold it would have no place in the order either.
    const bool counts = threshold ? scores[i] > *threshold : scores[i] == scores[i];
    if (counts) order.push_back(static_cast<int64_t>(i));
  }
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
  });
  return order;
}

std::vector<int64_t> select(std::span<const Corners> boxes, std::span<const float> scores,
                            const Limits& limits) {
  std::vector<int64_t> kept;
  for (int64_t i : candidates(scores, limits.score)) {
    if (static_cast<int64_t>(kept.size()) >= limits.most) break;
    const bool suppressed = std::any_of(kept.begin(), kept.end(), [&](int64_t k) {
      return overlap(boxes[static_cast<size_t>(k)], boxes[static_cast<size_t>(i)], limits.iou);
    });
    if (!suppressed) kept.push_back(i);
  }
  return kept;
}

Result<Tensor> rows_of(const std::vector<std::array<int64_t, 3>>& rows, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.allocate(DType::kI64, Shape{static_cast<int64_t>(rows.size()), 3}));
  auto out = y.mutable_data<int64_t>().begin();
  for (const auto& row : rows) out = std::copy(row.begin(), row.end(), out);
  return y;
}

}  // namespace

Result<Outputs> evaluate(const NonMaxSuppression& op, const Inputs& in) {
  if (in[0].dtype() != DType::kF32 || in[1].dtype() != DType::kF32)
    return in.fail("takes boxes and scores in f32");
  const Shape &boxes = in[0].shape(), &scores = in[1].shape();
  if (boxes.rank() != 3 || boxes[2] != 4 || scores.rank() != 3 || scores[0] != boxes[0] ||
      scores[2] != boxes[1])
    return in.fail("boxes " + to_string(boxes) + " and scores " + to_string(scores));
  SHRIKE_ASSIGN(const Limits limits, limits_of(in));
  const size_t count = static_cast<size_t>(boxes[1]);
  std::vector<std::array<int64_t, 3>> rows;
  std::vector<Corners> corners(count);
  const bool nothing = limits.most <= 0 || in[1].empty();
  for (int64_t n = 0; n < scores[0] && !nothing; ++n) {
    const float* box = in[0].data<float>().data() + n * boxes[1] * 4;
    for (size_t i = 0; i < count; ++i)
      corners[i] = corners_of(box + 4 * i, op.center_point_box != 0);
    for (int64_t c = 0; c < scores[1]; ++c) {
      const size_t start = static_cast<size_t>(n * scores[1] + c) * count;
      for (int64_t i : select(corners, in[1].data<float>().subspan(start, count), limits))
        rows.push_back({n, c, i});
    }
  }
  SHRIKE_ASSIGN(Tensor y, rows_of(rows, in));
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
