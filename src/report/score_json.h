// A model's scores as JSON: report.json, and what `shrike val --json` may print.
#pragma once

#include <span>
#include <string>

#include "eval/confusion.h"
#include "formats/json.h"
#include "report/report.h"

namespace shrike {

// null for none and for what is not finite.
Json json_value(std::optional<double> value);

// {"map50_95", "map50", "map75", "map_small", ... "ar100", ..., "precision", "recall", "f1",
// "confidence", "images", "instances", "interval95": {"map50_95": [low, high], ...}, "speed_ms":
// {"read", "preprocess", "inference", "postprocess"}, "per_class": [{"class_id", "name",
// "instances", "images", "map50_95", ..., "precision", "recall", "f1"}, ...]}; fractions 0..1.
Json scores_json(const ReportModel& model, std::span<const std::string> names);

// {"precision_recall": {"recall": [...], "precision": [...]}, "confidence": [...], "f1": [...],
// "precision": [...], "recall": [...]}: means of the classes that have objects.
Json curves_json(const Scores& scores);

// {"names": [..., "background"], "confidence", "iou", "counts": [[...], ...]}:
// counts[truth][predicted].
Json confusion_json(const ConfusionMatrix& matrix, const ConfusionOptions& options,
                    std::span<const std::string> names);

// {"title", "data", "date", "machine", "program", "facts": [[name, value], ...], "notes": [...]}
Json head_json(const ReportHead& head);

}  // namespace shrike
