#include "train/distill_loss.h"

#include <ATen/ATen.h>

#include <random>

#include "train/overlap.h"
#include "train/predictions.h"

namespace shrike::train {

namespace {

constexpr double kClassWeight = 0.5, kBinsWeight = 1.5, kBoxWeight = 7.5;
constexpr double kWorthIt = 0.1;  // the least score that counts
constexpr double kMaskedWeight = 2e-5, kMaskedShare = 0.65;

at::Tensor picked(const at::Tensor& scores, const Pairs& classes, bool teacher) {
  std::vector<int64_t> columns;
  for (const auto& [own, taught] : classes) columns.push_back(teacher ? taught : own);
  return scores.index_select(3, at::tensor(columns, at::kLong));
}

// What both say at the same places, N x K x P of them.
struct Taught {
  at::Tensor logits, wanted;   // (N, K, P, C) the student's, at temperature; y
  at::Tensor worth;            // (N, K, P) w
  at::Tensor boxes, expected;  // (N, K, P, 4)
};

bool same_anchors(const Head& a, size_t scale_a, const Head& b, size_t scale_b) {
  const int64_t na = a.num_anchors();
  if (na != b.num_anchors()) return false;
  if (a.anchors.empty() && b.anchors.empty()) return true;
  if (a.anchors.empty() || b.anchors.empty()) return na == 1;
  const auto own = [&](const Head& head, size_t scale) {
    return head.anchors.begin() + static_cast<std::ptrdiff_t>(scale) * 2 * na;
  };
  return std::equal(own(a, scale_a), own(a, scale_a) + 2 * na, own(b, scale_b));
}

// The teacher's scores and boxes with one anchor left: its surest.
std::pair<at::Tensor, at::Tensor> surest(const at::Tensor& scores, const at::Tensor& boxes) {
  const at::Tensor anchor = at::argmax(scores.amax({3}), 1, true).unsqueeze(3);  // (N, 1, P, 1)
  const auto of = [&](const at::Tensor& x) {
    return x.gather(1, anchor.expand({x.size(0), 1, x.size(2), x.size(3)}));
  };
  return {of(scores), of(boxes)};
}

Taught taught_of(const Predictions& student, const Predictions& teacher, bool place_by_place,
                 const Pairs& classes, double temperature) {
  Taught t;
  t.logits = picked(student.scores, classes, false) / temperature;
  t.boxes = student.boxes;
  at::Tensor scores = picked(teacher.scores, classes, true);
  t.expected = teacher.boxes;
  if (!place_by_place) std::tie(scores, t.expected) = surest(scores, t.expected);
  const at::Tensor most = at::sigmoid(scores.amax({3}));
  t.worth = at::where(most >= kWorthIt, most, at::zeros_like(most));
  t.wanted = at::sigmoid(scores / temperature);
  if (place_by_place) return t;
  const at::Tensor overlap = iou(t.boxes.detach(), t.expected);  // (N, K, P)
  const auto [largest, best] = overlap.max(1, true);
  const at::Tensor chosen = at::zeros_like(overlap).scatter_(1, best, 1);
  const at::Tensor share = at::maximum(overlap / at::clamp_min(largest, 1e-9), chosen);
  t.wanted = t.wanted * share.unsqueeze(3);
  t.worth = t.worth * chosen;
  t.expected = t.expected.expand_as(t.boxes);
  return t;
}

at::Tensor class_part(const Taught& t) {
  const at::Tensor avoidable =
      at::binary_cross_entropy_with_logits(t.logits, t.wanted, {}, {}, at::Reduction::Sum);
  return avoidable + at::sum(at::xlogy(t.wanted, t.wanted) + at::xlogy(1 - t.wanted, 1 - t.wanted));
}

// (N, P): the mean over four sides.
at::Tensor divergence(const at::Tensor& student, const at::Tensor& teacher, double temperature) {
  const at::Tensor log_s = at::log_softmax(student / temperature, 3),
                   log_t = at::log_softmax(teacher / temperature, 3);
  return at::mean(at::sum(at::exp(log_t) * (log_t - log_s), 3), 2);
}

at::Tensor detached(const at::Tensor& x) { return x.defined() ? x.detach() : x; }

}  // namespace

Pairs shared_scales(const Head& student, const Head& teacher) {
  Pairs pairs;
  for (size_t s = 0; s < student.scales(); ++s)
    for (size_t t = 0; t < teacher.scales(); ++t)
      if (student.strides[s] == teacher.strides[t])
        pairs.emplace_back(static_cast<int64_t>(s), static_cast<int64_t>(t));
  return pairs;
}

ResponseValue response_loss(const Head& student, std::span<const at::Tensor> maps,
                            const Head& teacher, std::span<const at::Tensor> teacher_maps,
                            const Pairs& classes, double temperature, const LossOptions& options) {
  const double square = temperature * temperature;
  std::vector<at::Tensor> class_parts, box_parts, worth;
  for (const auto& [s, t] : shared_scales(student, teacher)) {
    const auto own = static_cast<size_t>(s), other = static_cast<size_t>(t);
    const Predictions a = predictions_of(student, maps, own);
    Predictions b = predictions_of(teacher, teacher_maps, other);
    b = {b.scores.detach(), b.boxes.detach(), detached(b.bins)};
    const Taught taught =
        taught_of(a, b, same_anchors(student, own, teacher, other), classes, temperature);
    class_parts.push_back(class_part(taught) * (kClassWeight * square));
    if (a.bins.defined() && b.bins.defined() && a.bins.size(3) == b.bins.size(3))
      box_parts.push_back(
          at::sum(divergence(a.bins, b.bins, temperature) * taught.worth.select(1, 0)) *
          (kBinsWeight * square));
    else
      box_parts.push_back(
          at::sum((1 - complete_iou(taught.boxes, taught.expected)) * taught.worth) * kBoxWeight);
    worth.push_back(at::sum(taught.worth));
  }
  const at::Tensor sum = at::clamp_min(over_ranks(options, at::sum(at::stack(worth))), 1);
  return {at::sum(at::stack(class_parts)) / sum, at::sum(at::stack(box_parts)) / sum};
}

at::Tensor feature_loss(const at::Tensor& student, const at::Tensor& teacher, double temperature) {
  const at::Tensor log_s = at::log_softmax(student.flatten(2) / temperature, 2),
                   log_t = at::log_softmax(teacher.detach().flatten(2) / temperature, 2);
  const auto channels = static_cast<double>(student.size(0) * student.size(1));
  return at::sum(at::exp(log_t) * (log_t - log_s)) * (temperature * temperature / channels);
}

at::Tensor random_mask(int64_t pictures, int64_t height, int64_t width, uint64_t seed) {
  at::Tensor mask = at::empty({pictures, 1, height, width}, at::kFloat);
  std::mt19937_64 random(seed);
  float* value = mask.data_ptr<float>();
  for (int64_t i = 0; i < mask.numel(); ++i) {
    const double unit = static_cast<double>(random() >> 11) * 0x1p-53;  // 0..1
    *value++ = unit < kMaskedShare ? 0.0f : 1.0f;
  }
  return mask;
}

at::Tensor masked_loss(const at::Tensor& student, const at::Tensor& teacher, const at::Tensor& mask,
                       const Generator& generator) {
  const auto conv = [](const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    return at::conv2d(x, weight, bias, 1, 1);
  };
  const at::Tensor hidden =
      at::relu(conv(student * mask, generator.first_weight, generator.first_bias));
  const at::Tensor made = conv(hidden, generator.second_weight, generator.second_bias);
  const auto pictures = static_cast<double>(student.size(0));
  return at::sum(at::pow(teacher.detach() - made, 2)) * (kMaskedWeight / pictures);
}

}  // namespace shrike::train
