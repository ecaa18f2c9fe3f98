#include "train/anchor_free_loss.h"

#include <algorithm>

#include "train/loss_oracle.h"
#include "train/overlap.h"

namespace shrike::train {
namespace {

using namespace testing;

constexpr int64_t kHeight = 64, kWidth = 96, kBatch = 3;

Head head_of(int64_t reg_max) {
  Head head;
  head.num_classes = 4;
  head.reg_max = reg_max;
  head.strides = {8, 16};
  return head;
}

// Overlapping ones, one smaller than a cell, one over the edge; nothing in picture 1.
const std::vector<TrueObject> kObjects = {
    {2, 1, {10, 8, 60, 50}},  {0, 3, {3, 5, 41, 37}},   {0, 0, {20, 10, 70, 60}},
    {0, 3, {22, 12, 66, 50}}, {2, 2, {81, 33, 84, 35}}, {2, 1, {60, -5, 120, 30}},
};

struct Cell {
  int64_t picture, scale, y, x;
  double stride, cx, cy;
};

struct Told {
  Cell cell;
  size_t object;
  double score, alpha;
};

class Oracle {
 public:
  Oracle(const Head& head, int64_t top, int64_t keep) : head_(head), top_(top), keep_(keep) {}

  std::vector<double> bins(const std::vector<at::Tensor>& maps, const Cell& c, int side) const {
    std::vector<double> p;
    double sum = 0;
    for (int64_t b = 0; b < head_.reg_max; ++b) {
      p.push_back(std::exp(raw(maps, c, side * head_.reg_max + b)));
      sum += p.back();
    }
    for (double& x : p) x /= sum;
    return p;
  }

  Box4 box(const std::vector<at::Tensor>& maps, const Cell& c) const {
    double d[4];
    for (int side = 0; side < 4; ++side) {
      d[side] = head_.reg_max == 1 ? raw(maps, c, side) : 0;
      const std::vector<double> p = bins(maps, c, side);
      for (size_t b = 0; b < p.size() && head_.reg_max > 1; ++b)
        d[side] += p[b] * static_cast<double>(b);
    }
    return {c.cx - d[0] * c.stride, c.cy - d[1] * c.stride, c.cx + d[2] * c.stride,
            c.cy + d[3] * c.stride};
  }

  double logit(const std::vector<at::Tensor>& maps, const Cell& c, int64_t label) const {
    return value(maps[static_cast<size_t>(2 * c.scale + 1)], c.picture, label, c.y, c.x);
  }

  std::vector<Cell> cells() const {
    std::vector<Cell> all;
    for (int64_t n = 0; n < kBatch; ++n)
      for (size_t s = 0; s < head_.strides.size(); ++s)
        for (int64_t y = 0; y < kHeight / head_.strides[s]; ++y)
          for (int64_t x = 0; x < kWidth / head_.strides[s]; ++x) {
            const auto stride = static_cast<double>(head_.strides[s]);
            all.push_back({n, static_cast<int64_t>(s), y, x, stride,
                           (static_cast<double>(x) + 0.5) * stride,
                           (static_cast<double>(y) + 0.5) * stride});
          }
    return all;
  }

  struct Wish {
    size_t cell;
    size_t object;
    double t, u;
  };

  static void keep_largest(std::vector<Wish>& wishes, int64_t count) {
    std::stable_sort(wishes.begin(), wishes.end(),
                     [](const Wish& a, const Wish& b) { return a.t > b.t; });
    wishes.resize(std::min(wishes.size(), static_cast<size_t>(count)));
  }

  // Sides of less than the second stride count as that.
  bool inside(const Cell& c, const Box4& b) const {
    const auto least = static_cast<double>(head_.strides[1]);
    const double half[] = {std::max(least, b[2] - b[0]) / 2, std::max(least, b[3] - b[1]) / 2};
    return std::abs(c.cx - (b[0] + b[2]) / 2) < half[0] &&
           std::abs(c.cy - (b[1] + b[3]) / 2) < half[1];
  }

  std::vector<Told> decide(const std::vector<at::Tensor>& maps) const {
    const std::vector<Cell> all = cells();
    std::vector<Wish> wishes, possible;
    for (size_t o = 0; o < kObjects.size(); ++o) {
      std::vector<Wish> own;
      for (size_t i = 0; i < all.size(); ++i) {
        const Cell& c = all[i];
        const Box4& b = kObjects[o].box;
        if (c.picture != kObjects[o].picture || !inside(c, b)) continue;
        const double u = std::max(0.0, plain_ciou(box(maps, c), b));
        if (u == 0) continue;
        const double s = plain_sigmoid(logit(maps, c, kObjects[o].label));
        own.push_back({i, o, std::sqrt(s) * std::pow(u, 6), u});
      }
      possible.insert(possible.end(), own.begin(), own.end());
      keep_largest(own, top_);
      wishes.insert(wishes.end(), own.begin(), own.end());
    }
    // Of a cell that several want, whoever it fits best.
    std::vector<Wish> got;
    for (size_t i = 0; i < all.size(); ++i) {
      const auto here = [i](const Wish& w) { return w.cell == i; };
      const auto count = std::count_if(wishes.begin(), wishes.end(), here);
      if (count == 0) continue;
      const std::vector<Wish>& among = count == 1 ? wishes : possible;
      Wish best{i, 0, 0, -1};
      for (const Wish& w : among)
        if (here(w) && w.u > best.u) best = w;
      got.push_back(best);
    }
    std::vector<Wish> granted;
    for (size_t o = 0; o < kObjects.size(); ++o) {
      std::vector<Wish> own;
      std::copy_if(got.begin(), got.end(), std::back_inserter(own),
                   [o](const Wish& w) { return w.object == o; });
      keep_largest(own, keep_);
      granted.insert(granted.end(), own.begin(), own.end());
    }
    std::vector<Told> told;
    for (const Wish& w : granted) {
      double most_t = 0, most_u = 0;
      for (const Wish& other : granted)
        if (other.object == w.object) {
          most_t = std::max(most_t, other.t);
          most_u = std::max(most_u, other.u);
        }
      told.push_back({all[w.cell], w.object, w.t / (most_t + 1e-9) * most_u,
                      alpha_of(box(maps, all[w.cell]), kObjects[w.object].box)});
    }
    return told;
  }

  // box, class, and dfl or l1.
  std::vector<double> parts(const std::vector<at::Tensor>& maps,
                            const std::vector<Told>& told) const {
    double sum = 0, box_part = 0, class_part = 0, side_part = 0;
    for (const Told& t : told) sum += t.score;
    sum = std::max(sum, 1.0);
    for (const Told& t : told) {
      const Box4& wanted = kObjects[t.object].box;
      box_part += t.score * (1 - plain_ciou(box(maps, t.cell), wanted, t.alpha));
      side_part +=
          t.score * (head_.reg_max == 1 ? l1(maps, t.cell, wanted) : dfl(maps, t.cell, wanted));
    }
    for (const Cell& c : cells())
      for (int64_t label = 0; label < head_.num_classes; ++label) {
        double wanted = 0;
        for (const Told& t : told)
          if (t.cell.picture == c.picture && t.cell.scale == c.scale && t.cell.y == c.y &&
              t.cell.x == c.x && kObjects[t.object].label == label)
            wanted = t.score;
        class_part += plain_entropy(logit(maps, c, label), wanted);
      }
    return {7.5 * box_part / sum, 0.5 * class_part / sum, 1.5 * side_part / sum};
  }

 private:
  double raw(const std::vector<at::Tensor>& maps, const Cell& c, int64_t channel) const {
    return value(maps[static_cast<size_t>(2 * c.scale)], c.picture, channel, c.y, c.x);
  }

  double l1(const std::vector<at::Tensor>& maps, const Cell& c, const Box4& wanted) const {
    const Box4 got = box(maps, c);
    double sum = 0;
    for (size_t side = 0; side < 4; ++side)
      sum += std::abs(got[side] - wanted[side]) /
             static_cast<double>(side % 2 == 0 ? kWidth : kHeight);
    return sum / 4;
  }

  double dfl(const std::vector<at::Tensor>& maps, const Cell& c, const Box4& wanted) const {
    const double exact[4] = {(c.cx - wanted[0]) / c.stride, (c.cy - wanted[1]) / c.stride,
                             (wanted[2] - c.cx) / c.stride, (wanted[3] - c.cy) / c.stride};
    double sum = 0;
    for (int side = 0; side < 4; ++side) {
      const double d = std::clamp(exact[side], 0.0, static_cast<double>(head_.reg_max) - 1.01);
      const auto low = static_cast<size_t>(d);
      const std::vector<double> p = bins(maps, c, side);
      const double upper = d - static_cast<double>(low);
      sum -= (1 - upper) * std::log(p[low]) + upper * std::log(p[low + 1]);
    }
    return sum / 4;
  }

  Head head_;
  int64_t top_, keep_;
};

struct AnchorFreeCase {
  const char* name;
  int64_t reg_max, max_det, top, keep;
};

class AnchorFree : public ::testing::TestWithParam<AnchorFreeCase> {};

TEST_P(AnchorFree, IsTheFormulaAndItsGradient) {
  Head head = head_of(GetParam().reg_max);
  head.max_det = GetParam().max_det;
  const std::unique_ptr<Loss> loss = make_loss(head);
  const Oracle oracle(head, GetParam().top, GetParam().keep);
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    const std::vector<at::Tensor> maps =
        random_maps(head, {4 * head.reg_max, head.num_classes}, kBatch, kHeight, kWidth, seed);
    // Boxes of a plausible size: three cells to each side where there are no bins.
    if (head.reg_max == 1)
      for (size_t m = 0; m < maps.size(); m += 2) maps[m].add_(3);
    const std::vector<Told> told = oracle.decide(maps);
    ASSERT_GT(told.size(), kObjects.size() - 2);
    expect_loss(*loss, maps, targets_of(kObjects, kBatch), oracle.parts(maps, told), kBatch,
                [&](const std::vector<at::Tensor>& moved) {
                  double sum = 0;
                  for (const double part : oracle.parts(moved, told)) sum += part;
                  return sum;
                });
  }
}

INSTANTIATE_TEST_SUITE_P(Heads, AnchorFree,
                         ::testing::Values(AnchorFreeCase{"one_to_many", 8, 0, 10, 10},
                                           AnchorFreeCase{"one_to_one", 8, 300, 1, 1},
                                           AnchorFreeCase{"one_of_seven", 1, 300, 7, 1},
                                           AnchorFreeCase{"without_bins", 1, 0, 10, 10}),
                         [](const auto& test) { return test.param.name; });

TEST(AnchorFreeLoss, OfPicturesWithoutObjectsIsThatOfSilence) {
  const Head head = head_of(8);
  const std::vector<at::Tensor> maps =
      random_maps(head, {32, head.num_classes}, kBatch, kHeight, kWidth, 3);
  const LossValue got = (*make_loss(head))(maps, targets_of({}, kBatch));
  const Oracle oracle(head, 10, 10);
  const std::vector<double> expected = oracle.parts(maps, {});
  EXPECT_EQ(got.parts[0].item<double>(), 0);
  EXPECT_NEAR(got.parts[1].item<double>(), expected[1], 1e-9 * expected[1]);
  EXPECT_EQ(got.parts[2].item<double>(), 0);
}

TEST(AnchorFreeLoss, WeighsClassesAndCountsAllRanks) {
  const Head head = head_of(8);
  const std::vector<at::Tensor> maps =
      random_maps(head, {32, head.num_classes}, kBatch, kHeight, kWidth, 4);
  const Targets targets = targets_of(kObjects, kBatch);
  LossOptions twice;
  twice.class_weights = at::full({head.num_classes}, 2, at::kDouble);
  LossOptions ranks;
  ranks.sum_over_ranks = [](const at::Tensor& x) { return x * 4; };
  const LossValue plain = (*make_loss(head))(maps, targets),
                  weighted = (*make_loss(head, twice))(maps, targets),
                  shared = (*make_loss(head, ranks))(maps, targets);
  EXPECT_NEAR(weighted.parts[1].item<double>(), 2 * plain.parts[1].item<double>(), 1e-9);
  // A quarter of the sum, times four as many pictures.
  EXPECT_NEAR(shared.parts[0].item<double>(), plain.parts[0].item<double>() / 4, 1e-9);
  EXPECT_NEAR(shared.total.item<double>(), plain.total.item<double>(), 1e-9);
}

TEST(CompleteIou, IsTheFormula) {
  const Box4 boxes[] = {
      {0, 0, 10, 20}, {5, 5, 15, 9}, {0, 0, 10, 20}, {40, 40, 41, 45}, {-3, 2, 8, 9}};
  for (const Box4& a : boxes)
    for (const Box4& b : boxes) {
      const at::Tensor x = at::tensor(std::vector<double>(a.begin(), a.end()), at::kDouble),
                       y = at::tensor(std::vector<double>(b.begin(), b.end()), at::kDouble);
      EXPECT_NEAR(complete_iou(x, y).item<double>(), plain_ciou(a, b), 1e-6);
      EXPECT_NEAR(iou(x, y).item<double>(), plain_iou(a, b), 1e-6);
    }
}

}  // namespace
}  // namespace shrike::train
