// Average precision and recall of a whole set, as COCO defines them.
//
// Over the pictures' matches of one class, by falling score (equal ones in the order of pictures,
// then rank): precision(k) = TP / (TP + FP), made monotone from the right, read at the 101 recalls
// 0, 0.01 ... 1 (the first k with recall(k) >= r; 0 where there is none); AP is their mean. AR is
// the recall after at most M detections a picture and class. Classes without an object that counts
// have no number and are left out of means. https://cocodataset.org/#detection-eval
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/match.h"

namespace shrike {

inline constexpr int kRecallPoints = 101;

// Fractions 0..1; nothing where no class has an object that counts.
struct Summary {
  std::optional<double> map50_95, map50, map75;
  std::optional<double> map_small, map_medium, map_large;
  std::optional<double> ar1, ar10, ar100;
  std::optional<double> ar_small, ar_medium, ar_large;
};

// At IoU 0.50, all areas, crowds and ignored objects aside. Curves are of the class (or the mean of
// classes) over confidence.
struct OperatingPoint {
  double confidence = 0;  // where the mean F1 of the classes is highest: one for all classes
  double precision = 0, recall = 0, f1 = 0;
};

struct ClassScores {
  int class_id = 0;
  uint64_t instances = 0;  // objects that count
  uint64_t pictures = 0;   // that hold one
  Summary summary;         // of this class alone
  OperatingPoint at_best;  // at the confidence of Scores::at_best
  std::array<double, kRecallPoints> precision_at_recall{};  // IoU 0.50
};

inline constexpr int kCurvePoints = 1000;  // confidences 0, 1/999 ... 1

struct Scores {
  Summary summary;
  OperatingPoint at_best;           // means over the classes that have objects
  std::vector<ClassScores> classes; // every class 0 .. class_count - 1
  uint64_t images = 0, instances = 0;
  // By class: at kCurvePoints confidences, IoU 0.50.
  std::vector<std::vector<double>> precision_curve, recall_curve, f1_curve;
};

// `pictures` in the order of COCO's sorted image ids. Requires class_count > every class id in them.
Scores score(std::span<const PictureMatches> pictures, int class_count);

}  // namespace shrike
