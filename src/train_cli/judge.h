// A network in training, judged as `shrike val` does: the project's engine, COCO's scores.
#pragma once

#include <optional>

#include "data/dataset.h"
#include "ir/graph.h"
#include "validate/validate.h"

namespace shrike {

// What judges a network: trained_graph() with weights. Errors: those of Detector::create.
Result<Detector> judged_detector(Graph network);

// `network`: trained_graph() with weights. Pictures go through it on `threads` streams. Errors:
// those of Detector::create and validate(); kRuntime where an interrupt ended it. Whether what it
// says are numbers is looked at (Validation::not_finite).
Result<Validation> judge(Graph network, const Dataset& dataset, int threads, bool keep_detections);

// What the best epoch has most of: AP at IoU 0.50:0.95, as in Ultralytics 8.4; 0 where there is no
// object to find.
double fitness(const Scores& scores);

}  // namespace shrike
