// Average precision and recall of a whole set, as COCO defines them.
//
// Over the pictures' matches of one class, by falling confidence (equal ones in the order of
// pictures, then rank): precision(k) = TP / (TP + FP), made monotone from the right, read at the
// 101 recalls 0, 0.01 ... 1 (the first k with recall(k) >= r; 0 where there is none); AP is their
// mean. AR is the recall after at most M detections a picture and class. Classes without an object
// that counts have no number and are left out of means. https://cocodataset.org/#detection-eval
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/match.h"

namespace shrike {

// 0, 0.01 ... 1, as numpy.linspace rounds them.
inline constexpr int kRecallPoints = 101;
constexpr double recall_at_point(int i) { return i == 100 ? 1 : i * 0.01; }

// COCO's twelve numbers, or what belongs to each of them; nothing where no class has an object that
// counts. `map50_95` is the mean over IoU thresholds and classes; ar1 is AR at M = 1; small, medium
// and large are area ranges of match.h at M = 100.
template <typename T>
struct Headlines {
  std::optional<T> map50_95, map50, map75;
  std::optional<T> map_small, map_medium, map_large;
  std::optional<T> ar1, ar10, ar100;
  std::optional<T> ar_small, ar_medium, ar_large;
};

using Summary = Headlines<double>;  // fractions 0..1

// The twelve in COCO's order, under the names that files have for them.
inline constexpr int kHeadlines = 12;
inline constexpr std::array<const char*, kHeadlines> kHeadlineNames{
    "map50_95", "map50", "map75", "map_small", "map_medium", "map_large",
    "ar1",      "ar10",  "ar100", "ar_small",  "ar_medium",  "ar_large"};

// all.*kHeadlineFields<T>[i]
template <typename T>
inline constexpr std::array<std::optional<T> Headlines<T>::*, kHeadlines> kHeadlineFields{
    &Headlines<T>::map50_95,  &Headlines<T>::map50,      &Headlines<T>::map75,
    &Headlines<T>::map_small, &Headlines<T>::map_medium, &Headlines<T>::map_large,
    &Headlines<T>::ar1,       &Headlines<T>::ar10,       &Headlines<T>::ar100,
    &Headlines<T>::ar_small,  &Headlines<T>::ar_medium,  &Headlines<T>::ar_large};
// The area range (match.h) of each.
inline constexpr std::array<int, kHeadlines> kHeadlineRange{0, 0, 0, 1, 2, 3, 0, 0, 0, 1, 2, 3};

// At IoU 0.50, all areas, crowds and ignored objects aside: what is left when detections below a
// confidence are thrown away. Precision of a class that has no detection of that confidence is 1,
// of a class that is never detected 0; f1 = 2 precision recall / (precision + recall).
struct OperatingPoint {
  double confidence = 0;
  double precision = 0, recall = 0, f1 = 0;
};

// Confidences 0, 1/999 ... 1, as numpy.linspace rounds them.
inline constexpr int kCurvePoints = 1000;
constexpr double confidence_at_point(int i) { return i == 999 ? 1 : i * (1.0 / 999); }

struct ConfidenceCurves {
  std::vector<double> precision, recall, f1;  // kCurvePoints each
};

struct ClassScores {
  int class_id = 0;
  uint64_t instances = 0;                                   // objects that count
  uint64_t pictures = 0;                                    // that hold one
  Summary summary;                                          // of this class alone
  OperatingPoint at_best;                                   // at the confidence of Scores::at_best
  std::array<double, kRecallPoints> precision_at_recall{};  // IoU 0.50
  ConfidenceCurves curves;  // empty for a class without an object that counts
};

struct Scores {
  Summary summary;
  // Means over the classes that have objects, at one confidence for all: the lowest at which their
  // mean F1, smoothed by a moving average a tenth of the confidences wide, is highest (within
  // 1e-9). The smoothing keeps the choice from hanging on single detections; it is Ultralytics'.
  OperatingPoint at_best;
  ConfidenceCurves curves;           // means over the same classes, not smoothed; empty if none
  std::vector<ClassScores> classes;  // every class 0 .. class_count - 1
  uint64_t images = 0, instances = 0;
};

// `pictures` in the order of COCO's sorted image ids. Requires class_count > every class id in
// them.
Scores score(std::span<const PictureMatches> pictures, int class_count);

}  // namespace shrike
