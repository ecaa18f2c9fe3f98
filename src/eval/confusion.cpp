#include "eval/confusion.h"

#include <algorithm>
#include <cassert>

#include "eval/coco_box.h"

namespace shrike {

namespace {

struct Pair {
  double overlap;
  uint32_t detection, object;
};

bool before(const Pair& a, const Pair& b) {
  if (a.overlap != b.overlap) return a.overlap > b.overlap;
  return a.detection != b.detection ? a.detection < b.detection : a.object < b.object;
}

// In confusion, neither right nor wrong.
bool set_aside(const Truth& truth) { return truth.crowd || truth.ignore; }

}  // namespace

ConfusionMatrix::ConfusionMatrix(int classes)
    : classes_(classes), cells_((static_cast<size_t>(classes) + 1) * (classes + size_t{1})) {}

void ConfusionMatrix::add(std::span<const Detection> detections, std::span<const Truth> truth,
                          const ConfusionOptions& options) {
  std::vector<Pair> pairs;
  std::vector<bool> excused(detections.size()), found(truth.size());
  for (uint32_t d = 0; d < detections.size(); ++d) {
    if (!(detections[d].confidence > options.confidence)) continue;
    const CocoBox box = coco_box(detections[d].box);
    for (uint32_t g = 0; g < truth.size(); ++g) {
      const double shared = overlap(box, coco_box(truth[g]), truth[g].crowd);
      if (!(shared > options.iou)) continue;
      if (set_aside(truth[g]))
        excused[d] = true;
      else
        pairs.push_back({shared, d, g});
    }
  }
  std::sort(pairs.begin(), pairs.end(), before);
  std::vector<bool> used(detections.size());
  for (const Pair& pair : pairs) {
    if (used[pair.detection] || found[pair.object]) continue;
    used[pair.detection] = found[pair.object] = true;
    ++cells_[index(truth[pair.object].class_id, detections[pair.detection].class_id)];
  }
  for (uint32_t d = 0; d < detections.size(); ++d)
    if (detections[d].confidence > options.confidence && !used[d] && !excused[d])
      ++cells_[index(classes_, detections[d].class_id)];
  for (uint32_t g = 0; g < truth.size(); ++g)
    if (!found[g] && !set_aside(truth[g])) ++cells_[index(truth[g].class_id, classes_)];
}

void ConfusionMatrix::add(const ConfusionMatrix& other) {
  assert(other.classes_ == classes_);
  for (size_t i = 0; i < cells_.size(); ++i) cells_[i] += other.cells_[i];
}

}  // namespace shrike
