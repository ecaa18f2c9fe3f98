#include "train/simota_loss.h"

#include <algorithm>

#include "train/loss_oracle.h"

namespace shrike::train {
namespace {

using namespace testing;

constexpr int64_t kHeight = 64, kWidth = 96, kBatch = 3;

const std::vector<TrueObject> kObjects = {
    {2, 1, {10, 8, 60, 50}},  {0, 2, {3, 5, 41, 37}},   {0, 0, {20, 10, 70, 60}},
    {0, 2, {22, 12, 66, 50}}, {2, 2, {81, 33, 84, 35}}, {2, 1, {60, -5, 120, 30}},
};

Head head_of() {
  Head head;
  head.kind = HeadKind::kYolox;
  head.num_classes = 3;
  head.strides = {8, 16};
  return head;
}

struct Cell {
  int64_t picture;
  size_t scale;
  int64_t y, x;
  double stride;
};

struct Taken {
  Cell cell;
  size_t object;
  double overlap;  // with the box of the time of the decision: no gradient
};

double raw(const std::vector<at::Tensor>& maps, const Cell& c, size_t map, int64_t channel) {
  return value(maps[3 * c.scale + map], c.picture, channel, c.y, c.x);
}

Box4 box(const std::vector<at::Tensor>& maps, const Cell& c) {
  const double cx = (raw(maps, c, 0, 0) + static_cast<double>(c.x)) * c.stride,
               cy = (raw(maps, c, 0, 1) + static_cast<double>(c.y)) * c.stride,
               w = std::exp(raw(maps, c, 0, 2)) * c.stride,
               h = std::exp(raw(maps, c, 0, 3)) * c.stride;
  return {cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2};
}

std::vector<Cell> cells(const Head& head) {
  std::vector<Cell> all;
  for (int64_t n = 0; n < kBatch; ++n)
    for (size_t s = 0; s < head.scales(); ++s)
      for (int64_t y = 0; y < kHeight / head.strides[s]; ++y)
        for (int64_t x = 0; x < kWidth / head.strides[s]; ++x)
          all.push_back({n, s, y, x, static_cast<double>(head.strides[s])});
  return all;
}

// Bit 0: in the box; bit 1: near its centre.
int place(const Cell& c, const Box4& b) {
  const double x = (static_cast<double>(c.x) + 0.5) * c.stride,
               y = (static_cast<double>(c.y) + 0.5) * c.stride;
  const bool inside = x > b[0] && y > b[1] && x < b[2] && y < b[3];
  const bool near_centre = std::abs(x - (b[0] + b[2]) / 2) < 2.5 * c.stride &&
                           std::abs(y - (b[1] + b[3]) / 2) < 2.5 * c.stride;
  return (inside ? 1 : 0) + (near_centre ? 2 : 0);
}

struct Wish {
  size_t cell, object;
  double cost, overlap;
};

// What it costs to give the object each of its picture's candidates.
std::vector<Wish> wishes_of(const Head& head, const std::vector<at::Tensor>& maps,
                            const std::vector<Cell>& all, size_t object) {
  std::vector<Wish> wishes;
  for (size_t i = 0; i < all.size(); ++i) {
    const Cell& c = all[i];
    if (c.picture != kObjects[object].picture) continue;
    const bool candidate = std::any_of(kObjects.begin(), kObjects.end(), [&](const auto& other) {
      return other.picture == c.picture && place(c, other.box) != 0;
    });
    if (!candidate) continue;
    double cost = 0;
    for (int64_t label = 0; label < head.num_classes; ++label) {
      const double p =
          std::sqrt(plain_sigmoid(raw(maps, c, 2, label)) * plain_sigmoid(raw(maps, c, 1, 0)));
      cost -= label == kObjects[object].label ? std::log(p) : std::log1p(-p);
    }
    const double u = plain_iou(box(maps, c), kObjects[object].box);
    cost -= 3 * std::log(u + 1e-8);
    if (place(c, kObjects[object].box) != 3) cost += 1e5;
    wishes.push_back({i, object, cost, u});
  }
  return wishes;
}

std::vector<Taken> decide(const Head& head, const std::vector<at::Tensor>& maps) {
  const std::vector<Cell> all = cells(head);
  std::vector<Wish> wanted;
  for (size_t o = 0; o < kObjects.size(); ++o) {
    std::vector<Wish> own = wishes_of(head, maps, all, o);
    std::vector<double> overlaps;
    for (const Wish& w : own) overlaps.push_back(w.overlap);
    std::sort(overlaps.rbegin(), overlaps.rend());
    overlaps.resize(std::min<size_t>(10, overlaps.size()));
    double sum = 0;
    for (const double u : overlaps) sum += u;
    std::sort(own.begin(), own.end(), [](const Wish& a, const Wish& b) { return a.cost < b.cost; });
    own.resize(std::min(own.size(), std::max<size_t>(1, static_cast<size_t>(sum))));
    wanted.insert(wanted.end(), own.begin(), own.end());
  }
  std::vector<Taken> taken;
  for (const Wish& w : wanted)
    if (std::none_of(wanted.begin(), wanted.end(), [&](const Wish& other) {
          return other.cell == w.cell && other.cost < w.cost;
        }))
      taken.push_back({all[w.cell], w.object, w.overlap});
  return taken;
}

double plain_l1(const std::vector<at::Tensor>& maps, const Cell& c, const Box4& b) {
  const double wanted[] = {(b[0] + b[2]) / 2 / c.stride - static_cast<double>(c.x),
                           (b[1] + b[3]) / 2 / c.stride - static_cast<double>(c.y),
                           std::log((b[2] - b[0]) / c.stride + 1e-8),
                           std::log((b[3] - b[1]) / c.stride + 1e-8)};
  double sum = 0;
  for (int64_t i = 0; i < 4; ++i) sum += std::abs(raw(maps, c, 0, i) - wanted[i]);
  return sum;
}

// box, class, objectness, l1.
std::vector<double> parts(const Head& head, const std::vector<at::Tensor>& maps,
                          const std::vector<Taken>& taken, bool last_epochs = false) {
  const double count = std::max<double>(1, static_cast<double>(taken.size()));
  std::vector<double> result(4, 0.0);
  for (const Taken& t : taken) {
    const double u = plain_iou(box(maps, t.cell), kObjects[t.object].box);
    result[0] += 5 * (1 - u * u) / count;
    if (last_epochs) result[3] += plain_l1(maps, t.cell, kObjects[t.object].box) / count;
    for (int64_t label = 0; label < head.num_classes; ++label)
      result[1] += plain_entropy(raw(maps, t.cell, 2, label),
                                 label == kObjects[t.object].label ? t.overlap : 0) /
                   count;
  }
  for (const Cell& c : cells(head)) {
    const bool is_taken = std::any_of(taken.begin(), taken.end(), [&](const Taken& t) {
      return t.cell.picture == c.picture && t.cell.scale == c.scale && t.cell.y == c.y &&
             t.cell.x == c.x;
    });
    result[2] += plain_entropy(raw(maps, c, 1, 0), is_taken ? 1 : 0) / count;
  }
  return result;
}

TEST(SimotaLoss, IsTheFormulaAndItsGradient) {
  const Head head = head_of();
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const bool last_epochs = seed > 2;
    const std::vector<at::Tensor> maps =
        random_maps(head, {4, 1, head.num_classes}, kBatch, kHeight, kWidth, seed);
    for (size_t m = 0; m < maps.size(); m += 3) maps[m].slice(1, 2, 4).add_(1);
    const std::vector<Taken> taken = decide(head, maps);
    ASSERT_GE(taken.size(), kObjects.size() - 1);
    const std::unique_ptr<Loss> loss = make_loss(head);
    loss->set_last_epochs(last_epochs);
    expect_loss(*loss, maps, targets_of(kObjects, kBatch), parts(head, maps, taken, last_epochs), 1,
                [&](const std::vector<at::Tensor>& moved) {
                  double sum = 0;
                  for (const double part : parts(head, moved, taken, last_epochs)) sum += part;
                  return sum;
                });
  }
}

TEST(SimotaLoss, OfPicturesWithoutObjectsIsThatOfSilence) {
  const Head head = head_of();
  const std::vector<at::Tensor> maps =
      random_maps(head, {4, 1, head.num_classes}, kBatch, kHeight, kWidth, 4);
  const LossValue got = (*make_loss(head))(maps, targets_of({}, kBatch));
  EXPECT_EQ(got.parts[0].item<double>(), 0);
  EXPECT_EQ(got.parts[1].item<double>(), 0);
  EXPECT_NEAR(got.parts[2].item<double>(), parts(head, maps, {})[2], 1e-9);
}

}  // namespace
}  // namespace shrike::train
