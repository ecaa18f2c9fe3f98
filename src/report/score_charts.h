// The charts of a model's scores. Classes without an object that counts are in none of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "eval/confusion.h"
#include "eval/scores.h"
#include "report/page.h"

namespace shrike {

// More classes than this are drawn as one grey crowd, without their names.
inline constexpr size_t kMostNamedCurves = 20;

// Precision over recall at IoU 0.50: each class thin, their mean thick.
Figure precision_recall_figure(const Scores& scores, std::span<const std::string> names);

// F1, precision and recall over confidence.
Figure f1_figure(const Scores& scores, std::span<const std::string> names);
Figure precision_figure(const Scores& scores, std::span<const std::string> names);
Figure recall_figure(const Scores& scores, std::span<const std::string> names);

// AP of each class, the best on top; and how many objects there are of it.
Figure class_scores_figure(const Scores& scores, std::span<const std::string> names);
Figure class_instances_figure(const Scores& scores, std::span<const std::string> names);

// More classes than this: those of most mistakes are drawn, the rest counts together.
inline constexpr int kMostConfusionClasses = 80;

Figure confusion_figure(const ConfusionMatrix& matrix, const ConfusionOptions& options,
                        std::span<const std::string> names);

// The mean precision-recall curves of several models over each other.
struct NamedScores {
  std::string name;
  const Scores* scores = nullptr;
};
Figure precision_recall_comparison(const std::vector<NamedScores>& models);

}  // namespace shrike
