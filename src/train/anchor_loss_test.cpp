#include "train/anchor_loss.h"

#include "train/loss_oracle.h"

namespace shrike::train {
namespace {

using namespace testing;

constexpr int64_t kHeight = 96, kWidth = 128, kBatch = 3;

// On a cell's border, over the edge, too small for some anchors, two at one place.
const std::vector<TrueObject> kObjects = {
    {2, 1, {10, 8, 60, 50}},   {0, 2, {3, 5, 41, 37}},     {0, 0, {20, 10, 70, 60}},
    {0, 2, {22, 12, 68, 58}},  {2, 2, {112, 60, 144, 92}}, {2, 1, {0, 0, 14, 17}},
    {2, 0, {-20, 70, 24, 96}},
};

Head head_of(HeadKind kind, std::vector<int64_t> strides) {
  Head head;
  head.kind = kind;
  head.num_classes = 3;
  head.strides = std::move(strides);
  for (const int64_t s : head.strides) {
    const auto side = static_cast<float>(s);
    head.anchors.insert(head.anchors.end(), {side, 1.5f * side, 4 * side, 3 * side});
    if (kind == HeadKind::kDarknet) head.scale_xy.push_back(1);
  }
  return head;
}

struct Match {
  int64_t scale, anchor, y, x;
  size_t object;
  double alpha;
};

class Oracle {
 public:
  explicit Oracle(const Head& head) : head_(head) {}

  double raw(const std::vector<at::Tensor>& maps, const Match& m, int64_t row) const {
    return value(maps[static_cast<size_t>(m.scale)], kObjects[m.object].picture,
                 m.anchor * (5 + head_.num_classes) + row, m.y, m.x);
  }

  Box4 box(const std::vector<at::Tensor>& maps, const Match& m) const {
    const auto stride = static_cast<double>(head_.strides[static_cast<size_t>(m.scale)]);
    const bool darknet = head_.kind == HeadKind::kDarknet;
    const double k = darknet ? scale_xy(m.scale) : 2;
    const double cell[2] = {static_cast<double>(m.x), static_cast<double>(m.y)};
    double centre[2], half[2];
    for (int axis = 0; axis < 2; ++axis) {
      centre[axis] = (k * plain_sigmoid(raw(maps, m, axis)) - (k - 1) / 2 + cell[axis]) * stride;
      const double t = raw(maps, m, 2 + axis);
      const double factor = darknet ? std::exp(t) : std::pow(2 * plain_sigmoid(t), 2);
      half[axis] = factor * anchor(m.scale, m.anchor, axis) / 2;
    }
    return {centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]};
  }

  std::vector<Match> decide(const std::vector<at::Tensor>& maps) const {
    std::vector<Match> all;
    for (size_t s = 0; s < head_.scales(); ++s)
      for (int64_t a = 0; a < head_.num_anchors(); ++a)
        for (size_t o = 0; o < kObjects.size(); ++o) match(static_cast<int64_t>(s), a, o, all);
    for (Match& m : all) m.alpha = alpha_of(box(maps, m), kObjects[m.object].box);
    return all;
  }

  // The largest CIoU at every place is no gradient's business either.
  std::vector<at::Tensor> seen(const std::vector<at::Tensor>& maps,
                               const std::vector<Match>& matches) const {
    std::vector<at::Tensor> places;
    for (const at::Tensor& map : maps)
      places.push_back(
          at::zeros({kBatch, head_.num_anchors(), map.size(2), map.size(3)}, at::kDouble));
    for (const Match& m : matches) {
      at::Tensor place =
          places[static_cast<size_t>(m.scale)][kObjects[m.object].picture][m.anchor][m.y][m.x];
      const double u = plain_ciou(box(maps, m), kObjects[m.object].box);
      place.fill_(std::max(place.item<double>(), u));
    }
    return places;
  }

  std::vector<double> parts(const std::vector<at::Tensor>& maps, const std::vector<Match>& matches,
                            const std::vector<at::Tensor>& places) const {
    const double share = 3.0 / static_cast<double>(head_.scales());
    std::vector<double> result(3, 0.0);
    for (size_t s = 0; s < head_.scales(); ++s) {
      double box_sum = 0, class_sum = 0, count = 0;
      for (const Match& m : matches) {
        if (m.scale != static_cast<int64_t>(s)) continue;
        ++count;
        box_sum += 1 - plain_ciou(box(maps, m), kObjects[m.object].box, m.alpha);
        for (int64_t c = 0; c < head_.num_classes; ++c)
          class_sum += plain_entropy(raw(maps, m, 5 + c), c == kObjects[m.object].label ? 1 : 0);
      }
      const auto classes = static_cast<double>(head_.num_classes);
      if (count > 0) {
        result[0] += share * 0.05 * box_sum / count;
        result[1] += share * 0.5 * classes / 80 * class_sum / (count * classes);
      }
      const double pixels = static_cast<double>(kHeight * kWidth) / (640.0 * 640.0);
      result[2] += share * pixels * balance(s) * objectness(maps, places, s);
    }
    return result;
  }

 private:
  double scale_xy(int64_t scale) const {
    return static_cast<double>(head_.scale_xy[static_cast<size_t>(scale)]);
  }
  double anchor(int64_t scale, int64_t a, int axis) const {
    return static_cast<double>(
        head_.anchors[static_cast<size_t>(2 * (scale * head_.num_anchors() + a) + axis)]);
  }

  void match(int64_t scale, int64_t a, size_t o, std::vector<Match>& all) const {
    const Box4& b = kObjects[o].box;
    const double sides[2] = {b[2] - b[0], b[3] - b[1]};
    for (int axis = 0; axis < 2; ++axis) {
      const double ratio = sides[axis] / anchor(scale, a, axis);
      if (ratio >= 4 || ratio <= 0.25) return;
    }
    const auto stride = static_cast<double>(head_.strides[static_cast<size_t>(scale)]);
    const int64_t cells[2] = {kWidth / head_.strides[static_cast<size_t>(scale)],
                              kHeight / head_.strides[static_cast<size_t>(scale)]};
    const double centre[2] = {(b[0] + b[2]) / 2 / stride, (b[1] + b[3]) / 2 / stride};
    const auto cell = [&](int axis, double place) {
      return std::clamp(static_cast<int64_t>(std::floor(place)), int64_t{0}, cells[axis] - 1);
    };
    const int64_t at[2] = {cell(0, centre[0]), cell(1, centre[1])};
    all.push_back({scale, a, at[1], at[0], o, 0});
    if (head_.kind == HeadKind::kDarknet && scale_xy(scale) < 2) return;
    for (int axis = 0; axis < 2; ++axis) {
      const auto beside = [&](double move) {
        const int64_t moved = cell(axis, centre[axis] + move);
        all.push_back({scale, a, axis == 1 ? moved : at[1], axis == 0 ? moved : at[0], o, 0});
      };
      const double room = static_cast<double>(cells[axis]) - centre[axis];
      if (centre[axis] > 1 && std::fmod(centre[axis], 1) < 0.5) beside(-0.5);
      if (room > 1 && std::fmod(room, 1) < 0.5) beside(0.5);
    }
  }

  double balance(size_t s) const {
    size_t finer = 0;
    for (const int64_t stride : head_.strides) finer += stride < head_.strides[s] ? 1 : 0;
    const double three[] = {4, 1, 0.4}, others[] = {4, 1, 0.25, 0.06, 0.02};
    return head_.scales() == 3 ? three[finer] : others[finer];
  }

  double objectness(const std::vector<at::Tensor>& maps, const std::vector<at::Tensor>& places,
                    size_t s) const {
    double sum = 0;
    const double* wanted = places[s].data_ptr<double>();
    for (int64_t n = 0; n < kBatch; ++n)
      for (int64_t a = 0; a < head_.num_anchors(); ++a)
        for (int64_t y = 0; y < maps[s].size(2); ++y)
          for (int64_t x = 0; x < maps[s].size(3); ++x)
            sum +=
                plain_entropy(value(maps[s], n, a * (5 + head_.num_classes) + 4, y, x), *wanted++);
    return sum / static_cast<double>(places[s].numel());
  }

  Head head_;
};

void check(const Head& head, uint64_t seed) {
  const std::unique_ptr<Loss> loss = make_loss(head);
  const Oracle oracle(head);
  const std::vector<at::Tensor> maps = random_maps(
      head, {head.num_anchors() * (5 + head.num_classes)}, kBatch, kHeight, kWidth, seed);
  const std::vector<Match> matches = oracle.decide(maps);
  ASSERT_GT(matches.size(), kObjects.size());
  const std::vector<at::Tensor> places = oracle.seen(maps, matches);
  expect_loss(*loss, maps, targets_of(kObjects, kBatch), oracle.parts(maps, matches, places),
              kBatch, [&](const std::vector<at::Tensor>& moved) {
                double sum = 0;
                for (const double part : oracle.parts(moved, matches, places)) sum += part;
                return sum;
              });
}

TEST(AnchorLoss, OfYolov5IsTheFormulaAndItsGradient) {
  check(head_of(HeadKind::kAnchor, {8, 16, 32}), 1);
}

TEST(AnchorLoss, OfDarknetIsTheFormulaAndItsGradient) {
  check(head_of(HeadKind::kDarknet, {32, 16}), 2);
}

TEST(AnchorLoss, OfDarknetWithSpreadCentresTakesNeighbours) {
  Head head = head_of(HeadKind::kDarknet, {32, 16});
  head.scale_xy = {2, 1.05f};
  check(head, 3);
}

TEST(AnchorLoss, OfPicturesWithoutObjectsIsThatOfSilence) {
  const Head head = head_of(HeadKind::kAnchor, {8, 16, 32});
  const std::vector<at::Tensor> maps = random_maps(head, {16}, kBatch, kHeight, kWidth, 4);
  const LossValue got = (*make_loss(head))(maps, targets_of({}, kBatch));
  EXPECT_EQ(got.parts[0].item<double>(), 0);
  EXPECT_EQ(got.parts[1].item<double>(), 0);
  EXPECT_GT(got.parts[2].item<double>(), 0);
}

}  // namespace
}  // namespace shrike::train
