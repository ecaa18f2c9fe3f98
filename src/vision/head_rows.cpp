#include <algorithm>
#include <cassert>

#include "vision/head.h"
#include "vision/score.h"

namespace shrike {

namespace {

constexpr float kMostClasses = 1 << 20;

// The best score of every anchor. Class by class, because that is how the tensor lies in memory.
std::vector<float> best_scores(const float* scores, int classes, size_t anchors) {
  std::vector<float> best(anchors, 0.0f);
  for (int c = 0; c < classes; ++c, scores += anchors)
    for (size_t a = 0; a < anchors; ++a) best[a] = scores[a] > best[a] ? scores[a] : best[a];
  return best;
}

}  // namespace

void decode_v8_output(const float* data, int classes, int64_t anchors,
                      const CandidateOptions& options, std::vector<Detection>& out) {
  assert(classes >= 1 && anchors >= 0);
  const auto count = static_cast<size_t>(anchors);
  const float* scores = data + 4 * count;
  const std::vector<float> best = best_scores(scores, classes, count);
  std::vector<float> of_anchor(static_cast<size_t>(classes));
  for (size_t a = 0; a < count; ++a) {
    if (!(best[a] > options.confidence)) continue;
    for (size_t c = 0; c < of_anchor.size(); ++c) of_anchor[c] = scores[c * count + a];
    const auto box = [&] {
      return to_box({data[a], data[count + a], data[2 * count + a], data[3 * count + a]});
    };
    add_labels<Probabilities>(of_anchor.data(), classes, 1.0f, options, box, out);
  }
}

void decode_v5_output(const float* data, int64_t anchors, int classes,
                      const CandidateOptions& options, std::vector<Detection>& out) {
  assert(classes >= 1 && anchors >= 0);
  for (int64_t a = 0; a < anchors; ++a, data += 5 + classes) {
    const float objectness = data[4];
    if (!(objectness > options.confidence)) continue;
    const auto box = [&] { return to_box({data[0], data[1], data[2], data[3]}); };
    add_labels<Probabilities>(data + 5, classes, objectness, options, box, out);
  }
}

void decode_end_to_end_output(const float* data, int64_t rows, float confidence,
                              std::vector<Detection>& out) {
  for (int64_t r = 0; r < rows; ++r, data += 6) {
    const float score = data[4], label = data[5];
    const bool is_class = label >= 0 && label < kMostClasses && label == std::floor(label);
    if (score > confidence && is_class)
      add_candidate(out, {data[0], data[1], data[2], data[3]}, score, static_cast<int>(label));
  }
}

}  // namespace shrike
