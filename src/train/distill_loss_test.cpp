// The formulas of distill_loss.h and predictions.h once more, in loops over doubles, and finite
// differences.
#include "train/distill_loss.h"

#include <gtest/gtest.h>

#include "train/loss_oracle.h"
#include "train/predictions.h"

namespace shrike::train::testing {
namespace {

constexpr int64_t kBatch = 2, kHeight = 64, kWidth = 96, kStudentClasses = 3, kTeacherClasses = 4;
const Pairs kClasses = {{0, 2}, {2, 1}};

struct HeadCase {
  const char* name;
  Head student, teacher;
};

Head anchor_free(int64_t classes, std::vector<int64_t> strides, int64_t bins) {
  Head head;
  head.num_classes = classes;
  head.strides = std::move(strides);
  head.reg_max = bins;
  return head;
}

Head with_anchors(HeadKind kind, int64_t classes, std::vector<int64_t> strides) {
  Head head;
  head.kind = kind;
  head.num_classes = classes;
  for (size_t s = 0; s < strides.size(); ++s) {
    const auto side = static_cast<float>(2 * strides[s]);
    head.anchors.insert(head.anchors.end(), {side, side / 2, side, side, side * 1.5f, side * 2});
    head.scale_xy.push_back(1.1f);
  }
  head.strides = std::move(strides);
  return head;
}

Head yolox(int64_t classes, std::vector<int64_t> strides) {
  Head head;
  head.kind = HeadKind::kYolox;
  head.num_classes = classes;
  head.strides = std::move(strides);
  return head;
}

std::vector<at::Tensor> maps_of(const Head& head, uint64_t seed) {
  switch (head.kind) {
    case HeadKind::kAnchorFree:
      return random_maps(head, {4 * head.reg_max, head.num_classes}, kBatch, kHeight, kWidth, seed);
    case HeadKind::kYolox:
      return random_maps(head, {4, 1, head.num_classes}, kBatch, kHeight, kWidth, seed);
    default:
      return random_maps(head, {head.num_anchors() * (5 + head.num_classes)}, kBatch, kHeight,
                         kWidth, seed);
  }
}

// One anchor at one cell.
struct Place {
  std::vector<double> scores;  // probabilities before temperature, as logits
  Box4 box{};
  std::vector<double> bins;  // 4 * reg_max raw, or none
};

double logit(double p) { return std::log(p) - std::log1p(-p); }

Place place_of(const Head& head, const std::vector<at::Tensor>& maps, size_t scale, int64_t n,
               int64_t k, int64_t y, int64_t x) {
  const auto stride = static_cast<double>(head.strides[scale]);
  const double cx = static_cast<double>(x), cy = static_cast<double>(y);
  Place place;
  if (head.kind == HeadKind::kAnchorFree) {
    double distance[4];
    for (int64_t side = 0; side < 4; ++side) {
      double sum = 0, expected = 0;
      for (int64_t b = 0; b < head.reg_max; ++b) {
        const double raw = value(maps[2 * scale], n, side * head.reg_max + b, y, x);
        if (head.reg_max > 1) place.bins.push_back(raw);
        sum += std::exp(raw);
        expected += static_cast<double>(b) * std::exp(raw);
      }
      distance[side] = head.reg_max > 1 ? expected / sum : value(maps[2 * scale], n, side, y, x);
    }
    for (int64_t c = 0; c < head.num_classes; ++c)
      place.scores.push_back(value(maps[2 * scale + 1], n, c, y, x));
    place.box = {(cx + 0.5 - distance[0]) * stride, (cy + 0.5 - distance[1]) * stride,
                 (cx + 0.5 + distance[2]) * stride, (cy + 0.5 + distance[3]) * stride};
    return place;
  }
  double t[5], w = 0, h = 0, px = 0, py = 0;
  const bool is_yolox = head.kind == HeadKind::kYolox;
  const int64_t first = k * (5 + head.num_classes);
  for (int64_t i = 0; i < 5; ++i)
    t[i] = !is_yolox ? value(maps[scale], n, first + i, y, x)
                     : value(maps[3 * scale + (i == 4 ? 1 : 0)], n, i == 4 ? 0 : i, y, x);
  for (int64_t c = 0; c < head.num_classes; ++c) {
    const double raw = is_yolox ? value(maps[3 * scale + 2], n, c, y, x)
                                : value(maps[scale], n, first + 5 + c, y, x);
    place.scores.push_back(logit(plain_sigmoid(t[4]) * plain_sigmoid(raw)));
  }
  if (is_yolox) {
    px = (t[0] + cx) * stride, py = (t[1] + cy) * stride;
    w = std::exp(t[2]) * stride, h = std::exp(t[3]) * stride;
  } else {
    const auto at =
        scale * 2 * static_cast<size_t>(head.num_anchors()) + 2 * static_cast<size_t>(k);
    const double aw = head.anchors[at], ah = head.anchors[at + 1];
    const bool darknet = head.kind == HeadKind::kDarknet;
    const double spread = darknet ? static_cast<double>(head.scale_xy[scale]) : 2;
    px = (spread * plain_sigmoid(t[0]) - (spread - 1) / 2 + cx) * stride;
    py = (spread * plain_sigmoid(t[1]) - (spread - 1) / 2 + cy) * stride;
    w = aw * (darknet ? std::exp(t[2]) : std::pow(2 * plain_sigmoid(t[2]), 2));
    h = ah * (darknet ? std::exp(t[3]) : std::pow(2 * plain_sigmoid(t[3]), 2));
  }
  place.box = {px - w / 2, py - h / 2, px + w / 2, py + h / 2};
  return place;
}

// y ln(y / p) + (1 - y) ln((1 - y) / (1 - p)) of a logit.
double divergence(double wanted, double x) {
  const auto x_ln_x = [](double v) { return v > 0 ? v * std::log(v) : 0; };
  return plain_entropy(x, wanted) + x_ln_x(wanted) + x_ln_x(1 - wanted);
}

double bins_divergence(const Place& student, const Place& teacher, int64_t bins, double t) {
  double sum = 0;
  for (int64_t side = 0; side < 4; ++side) {
    double total_s = 0, total_t = 0;
    const auto of = [&](const Place& p, int64_t b) {
      return std::exp(p.bins[static_cast<size_t>(side * bins + b)] / t);
    };
    for (int64_t b = 0; b < bins; ++b) total_s += of(student, b), total_t += of(teacher, b);
    for (int64_t b = 0; b < bins; ++b) {
      const double p_t = of(teacher, b) / total_t, p_s = of(student, b) / total_s;
      sum += p_t * std::log(p_t / p_s) / 4;
    }
  }
  return sum;
}

// What finite differences must not move: shares among anchors, and alpha of CIoU.
struct Frozen {
  std::vector<double> shares, alphas;
};

class Oracle {
 public:
  Oracle(const HeadCase& heads, const std::vector<at::Tensor>& taught, double temperature)
      : student_(heads.student), teacher_(heads.teacher), taught_(taught), t_(temperature) {}

  // Class and box. Decides where `frozen` is empty, else uses what was decided.
  std::array<double, 2> parts(const std::vector<at::Tensor>& maps, Frozen& frozen) const {
    const bool decide = frozen.shares.empty();
    const bool same = student_.anchors == teacher_.anchors;
    size_t at = 0;
    double classes = 0, box = 0, worth = 0;
    for (const auto& [s, t] : shared_scales(student_, teacher_)) {
      const auto own = static_cast<size_t>(s), other = static_cast<size_t>(t);
      const int64_t stride = student_.strides[own];
      for (int64_t n = 0; n < kBatch; ++n)
        for (int64_t y = 0; y < kHeight / stride; ++y)
          for (int64_t x = 0; x < kWidth / stride; ++x) {
            std::vector<Place> places;
            for (int64_t k = 0; k < student_.num_anchors(); ++k)
              places.push_back(place_of(student_, maps, own, n, k, y, x));
            std::vector<Place> told;
            for (int64_t k = 0; k < teacher_.num_anchors(); ++k)
              told.push_back(place_of(teacher_, taught_, other, n, k, y, x));
            const Place surest = *std::max_element(
                told.begin(), told.end(),
                [&](const Place& a, const Place& b) { return most(a) < most(b); });
            double largest = 0;
            for (const Place& place : places)
              largest = std::max(largest, plain_iou(place.box, surest.box));
            bool chosen_one = false;
            for (size_t k = 0; k < places.size(); ++k, ++at) {
              const Place& teacher = same ? told[k] : surest;
              if (decide) {
                const double overlap = plain_iou(places[k].box, teacher.box);
                const bool best = overlap == largest && !chosen_one;
                chosen_one = chosen_one || best;
                frozen.shares.push_back(same || best ? 1 : overlap / std::max(largest, 1e-9));
                frozen.alphas.push_back(alpha_of(places[k].box, teacher.box));
              }
              const double share = frozen.shares[at];
              for (const auto& [c, d] : kClasses)
                classes +=
                    0.5 * t_ * t_ *
                    divergence(share * plain_sigmoid(teacher.scores[static_cast<size_t>(d)] / t_),
                               places[k].scores[static_cast<size_t>(c)] / t_);
              const double w = share == 1 && most(teacher) >= 0.1 ? most(teacher) : 0;
              worth += w;
              if (!places[k].bins.empty() && places[k].bins.size() == teacher.bins.size())
                box +=
                    1.5 * t_ * t_ * w * bins_divergence(places[k], teacher, student_.reg_max, t_);
              else
                box += 7.5 * w * (1 - plain_ciou(places[k].box, teacher.box, frozen.alphas[at]));
            }
          }
    }
    worth = std::max(worth, 1.0);
    return {classes / worth, box / worth};
  }

 private:
  // The largest score of a class that both know.
  static double most(const Place& teacher) {
    double largest = 0;
    for (const auto& [own, taught] : kClasses)
      largest = std::max(largest, plain_sigmoid(teacher.scores[static_cast<size_t>(taught)]));
    return largest;
  }

  Head student_, teacher_;
  const std::vector<at::Tensor>& taught_;
  double t_;
};

class Response : public ::testing::TestWithParam<HeadCase> {};

TEST_P(Response, IsTheFormulaWithItsGradient) {
  const HeadCase& heads = GetParam();
  for (const double temperature : {1.0, 2.5}) {
    SCOPED_TRACE(temperature);
    const std::vector<at::Tensor> maps = maps_of(heads.student, 5),
                                  taught = maps_of(heads.teacher, 6);
    const Oracle oracle(heads, taught, temperature);
    Frozen frozen;
    const std::array<double, 2> expected = oracle.parts(maps, frozen);
    std::vector<at::Tensor> leaves;
    for (const at::Tensor& map : maps) leaves.push_back(map.clone().requires_grad_());
    const ResponseValue got =
        response_loss(heads.student, leaves, heads.teacher, taught, kClasses, temperature, {});
    EXPECT_NEAR(got.classes.item<double>(), expected[0], 1e-6 * (1 + expected[0]));
    EXPECT_NEAR(got.box.item<double>(), expected[1], 1e-6 * (1 + expected[1]));
    EXPECT_GT(expected[1], 0.01);
    (got.classes + got.box).backward();
    for (size_t m = 0; m < maps.size(); ++m) {
      const at::Tensor gradient =
          (leaves[m].grad().defined() ? leaves[m].grad() : at::zeros_like(maps[m])).contiguous();
      double* x = maps[m].data_ptr<double>();
      const int64_t step = std::max<int64_t>(1, maps[m].numel() / 40);
      for (int64_t i = 0; i < maps[m].numel(); i += step) {
        constexpr double h = 1e-5;
        const auto sum_at = [&](double moved) {
          const double was = std::exchange(x[i], moved);
          const std::array<double, 2> parts = oracle.parts(maps, frozen);
          x[i] = was;
          return parts[0] + parts[1];
        };
        const double slope = (sum_at(x[i] + h) - sum_at(x[i] - h)) / (2 * h);
        ASSERT_NEAR(gradient.data_ptr<double>()[i], slope, 1e-5 * (1 + std::abs(slope)))
            << "map " << m << " element " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Heads, Response,
    ::testing::Values(HeadCase{"bins_of_one_kind", anchor_free(kStudentClasses, {16, 32}, 8),
                               anchor_free(kTeacherClasses, {8, 16, 32}, 8)},
                      HeadCase{"bins_to_none", anchor_free(kStudentClasses, {16, 32}, 1),
                               anchor_free(kTeacherClasses, {16, 32}, 8)},
                      HeadCase{"yolox_from_bins", yolox(kStudentClasses, {16, 32}),
                               anchor_free(kTeacherClasses, {16, 32}, 8)},
                      HeadCase{"same_anchors",
                               with_anchors(HeadKind::kDarknet, kStudentClasses, {16, 32}),
                               with_anchors(HeadKind::kAnchor, kTeacherClasses, {16, 32})},
                      HeadCase{"anchors_from_yolox",
                               with_anchors(HeadKind::kDarknet, kStudentClasses, {32}),
                               yolox(kTeacherClasses, {32})},
                      HeadCase{"bins_from_anchors", anchor_free(kStudentClasses, {32}, 8),
                               with_anchors(HeadKind::kAnchor, kTeacherClasses, {32})}),
    [](const auto& test) { return test.param.name; });

TEST(Response, OfAStudentThatSaysTheSameIsNothing) {
  const Head head = anchor_free(kStudentClasses, {8, 16}, 8);
  const std::vector<at::Tensor> maps = maps_of(head, 3);
  const ResponseValue got =
      response_loss(head, maps, head, maps, {{0, 0}, {1, 1}, {2, 2}}, 1.5, {});
  EXPECT_NEAR(got.classes.item<double>(), 0, 1e-12);
  EXPECT_NEAR(got.box.item<double>(), 0, 1e-12);
}

TEST(SharedScales, AreThoseOfOneStride) {
  EXPECT_EQ(shared_scales(anchor_free(1, {8, 16, 32}, 8), yolox(1, {32, 64, 8})),
            (Pairs{{0, 2}, {2, 0}}));
  EXPECT_TRUE(shared_scales(anchor_free(1, {8}, 8), yolox(1, {16})).empty());
}

// Shu et al. 2021, equation 4.
TEST(FeatureLoss, IsTheFormulaWithItsGradient) {
  at::manual_seed(4);
  constexpr int64_t kChannels = 5, kRows = 3, kColumns = 7;
  const at::Tensor student = at::randn({kBatch, kChannels, kRows, kColumns}, at::kDouble),
                   teacher = at::randn({kBatch, kChannels, kRows, kColumns}, at::kDouble);
  constexpr double t = 4;
  const auto formula = [&](const at::Tensor& map) {
    double sum = 0;
    for (int64_t n = 0; n < kBatch; ++n)
      for (int64_t c = 0; c < kChannels; ++c) {
        double total_s = 0, total_t = 0;
        for (int64_t i = 0; i < kRows * kColumns; ++i) {
          total_s += std::exp(value(map, n, c, i / kColumns, i % kColumns) / t);
          total_t += std::exp(value(teacher, n, c, i / kColumns, i % kColumns) / t);
        }
        for (int64_t i = 0; i < kRows * kColumns; ++i) {
          const double s = std::exp(value(map, n, c, i / kColumns, i % kColumns) / t) / total_s,
                       w = std::exp(value(teacher, n, c, i / kColumns, i % kColumns) / t) / total_t;
          sum += w * std::log(w / s);
        }
      }
    return sum * t * t / (kChannels * kBatch);
  };
  const at::Tensor leaf = student.clone().requires_grad_();
  const at::Tensor got = feature_loss(leaf, teacher, t);
  EXPECT_NEAR(got.item<double>(), formula(student), 1e-9);
  EXPECT_GT(formula(student), 0.01);
  got.backward();
  double* x = student.data_ptr<double>();
  for (int64_t i = 0; i < student.numel(); ++i) {
    const double was = x[i];
    x[i] = was + 1e-5;
    const double above = formula(student);
    x[i] = was - 1e-5;
    const double below = formula(student);
    x[i] = was;
    ASSERT_NEAR(leaf.grad().contiguous().data_ptr<double>()[i], (above - below) / 2e-5, 1e-7) << i;
  }
}

// A 3x3 convolution with edges of zeros, in loops.
std::vector<double> plain_conv(const std::vector<double>& x, int64_t channels, int64_t rows,
                               int64_t columns, const at::Tensor& weight, const at::Tensor& bias) {
  std::vector<double> y;
  for (int64_t o = 0; o < channels; ++o)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t q = 0; q < columns; ++q) {
        double sum = bias[o].item<double>();
        for (int64_t c = 0; c < channels; ++c)
          for (int64_t i = 0; i < 9; ++i) {
            const int64_t row = r + i / 3 - 1, column = q + i % 3 - 1;
            if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
            sum += weight.data_ptr<double>()[(o * channels + c) * 9 + i] *
                   x[static_cast<size_t>((c * rows + row) * columns + column)];
          }
        y.push_back(sum);
      }
  return y;
}

// Yang et al. 2022, equations 1 to 4.
TEST(MaskedLoss, IsTheFormulaWithItsGradient) {
  at::manual_seed(6);
  constexpr int64_t kChannels = 3, kRows = 4, kColumns = 5, kArea = kRows * kColumns;
  const at::Tensor student = at::randn({kBatch, kChannels, kRows, kColumns}, at::kDouble),
                   teacher = at::randn({kBatch, kChannels, kRows, kColumns}, at::kDouble);
  const auto weights = [] { return at::randn({kChannels, kChannels, 3, 3}, at::kDouble); };
  const auto biases = [] { return at::randn({kChannels}, at::kDouble); };
  const Generator generator{weights(), biases(), weights(), biases()};
  const at::Tensor mask = random_mask(kBatch, kRows, kColumns, 5).to(at::kDouble);
  const auto formula = [&](const at::Tensor& map) {
    double sum = 0;
    for (int64_t n = 0; n < kBatch; ++n) {
      std::vector<double> seen, wanted;
      for (int64_t i = 0; i < kChannels * kArea; ++i) {
        const int64_t c = i / kArea, row = i % kArea / kColumns, column = i % kColumns;
        seen.push_back(value(map, n, c, row, column) * value(mask, n, 0, row, column));
        wanted.push_back(value(teacher, n, c, row, column));
      }
      std::vector<double> hidden = plain_conv(seen, kChannels, kRows, kColumns,
                                              generator.first_weight, generator.first_bias);
      for (double& h : hidden) h = std::max(h, 0.0);
      const std::vector<double> made = plain_conv(hidden, kChannels, kRows, kColumns,
                                                  generator.second_weight, generator.second_bias);
      for (size_t i = 0; i < made.size(); ++i) sum += (wanted[i] - made[i]) * (wanted[i] - made[i]);
    }
    return 2e-5 * sum / kBatch;
  };
  const at::Tensor leaf = student.clone().requires_grad_();
  const at::Tensor got = masked_loss(leaf, teacher, mask, generator);
  EXPECT_NEAR(got.item<double>(), formula(student), 1e-12);
  EXPECT_GT(formula(student), 1e-3);
  got.backward();
  double* x = student.data_ptr<double>();
  for (int64_t i = 0; i < student.numel(); ++i) {
    const double was = x[i];
    x[i] = was + 1e-6;
    const double above = formula(student);
    x[i] = was - 1e-6;
    const double below = formula(student);
    x[i] = was;
    ASSERT_NEAR(leaf.grad().contiguous().data_ptr<double>()[i], (above - below) / 2e-6, 1e-7) << i;
  }
}

TEST(MaskedLoss, MasksTwoThirdsByTheSeedAlone) {
  const at::Tensor mask = random_mask(4, 50, 50, 3);
  EXPECT_TRUE(at::equal(mask, random_mask(4, 50, 50, 3)));
  EXPECT_FALSE(at::equal(mask, random_mask(4, 50, 50, 4)));
  EXPECT_NEAR(at::mean(mask).item<double>(), 0.35, 0.02);
}

}  // namespace
}  // namespace shrike::train::testing
