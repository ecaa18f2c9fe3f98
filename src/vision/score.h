// Thresholds and labels, shared by the head decoders of this folder.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "vision/box.h"
#include "vision/head.h"

namespace shrike {

inline float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

// How raw score values become probabilities, and the raw value below which a probability can not
// reach a threshold. The floor may let a little too much through, never too little: the exact
// comparison is made on probabilities.
struct Logits {
  static float probability(float raw) { return sigmoid(raw); }
  static float floor(float probability) {
    constexpr float kSlack = 1e-3f;
    if (!(probability > 0)) return -std::numeric_limits<float>::infinity();
    if (probability >= 1) return std::numeric_limits<float>::infinity();
    return std::log(probability / (1 - probability)) - kSlack;
  }
};

struct Probabilities {
  static float probability(float raw) { return raw; }
  static float floor(float probability) {
    constexpr float kSlack = 1e-6f;
    return probability - kSlack;
  }
};

// Whether any of `count` values is greater than `floor`. Counts rather than stops early: that is
// what compilers turn into vector code, and nearly always the answer is no.
inline bool any_over(const float* values, int count, float floor) {
  int over = 0;
  for (int i = 0; i < count; ++i) over += values[i] > floor ? 1 : 0;
  return over > 0;
}

// The position of the largest value, the first of equals; 0 where all are NaN.
inline int argmax(const float* values, int count) {
  int best = 0;
  float top = -std::numeric_limits<float>::infinity();
  for (int i = 0; i < count; ++i)
    if (values[i] > top) {
      top = values[i];
      best = i;
    }
  return best;
}

inline void add_candidate(std::vector<Detection>& out, const Box& box, float score, int label) {
  if (is_finite(box)) out.push_back({box, score, label});
}

// Appends `make_box()` once for every label whose score factor * probability is over the
// threshold; make_box is not called where there is none.
template <typename Form, typename MakeBox>
void add_labels(const float* classes, int count, float factor, const CandidateOptions& options,
                const MakeBox& make_box, std::vector<Detection>& out) {
  if (!(factor > options.confidence)) return;
  const float floor = Form::floor(options.confidence / factor);
  if (!any_over(classes, count, floor)) return;
  if (!options.multi_label) {
    const int label = argmax(classes, count);
    const float score = factor * Form::probability(classes[label]);
    if (score > options.confidence) add_candidate(out, make_box(), score, label);
    return;
  }
  const Box box = make_box();
  for (int label = 0; label < count; ++label) {
    if (!(classes[label] > floor)) continue;
    const float score = factor * Form::probability(classes[label]);
    if (score > options.confidence) add_candidate(out, box, score, label);
  }
}

}  // namespace shrike
