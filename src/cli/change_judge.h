// What a changed model, quantised or pruned, costs in AP: beside the one before, on the same
// pictures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/validation_options.h"
#include "eval/bootstrap.h"
#include "ir/graph.h"

namespace shrike {

struct Judgement {
  size_t pictures = 0;
  std::optional<double> before, after;         // AP 0.50:0.95
  std::optional<PairedDifference> difference;  // after - before; nothing without draws
  double ms_before = 0, ms_after = 0;          // of the network, a picture, one thread
};

// AP points lost; 0 where there is no number.
double points_lost(const Judgement& judgement);

class ChangeJudge {
 public:
  // Where no picture of the set has an object, those that the float model finds with a confidence
  // of 0.25 become the truth. Errors, here and below: as validate()'s; classes that do not agree
  // are one here.
  static Result<ChangeJudge> create(Graph floats, std::string source, Dataset dataset,
                                      const ValidationOptions& options, int threads);

  bool own_truth() const { return own_truth_; }
  // False where no picture has an object, of labels or of the float model's own: AP is no number.
  bool has_objects() const;
  const Dataset& dataset() const { return dataset_; }

  // Both models side by side, so that their times are those of one load.
  Result<Judgement> judge(const Graph& changed) const;

  // The AP points that `changed` loses, without a look at times or intervals. The float model is
  // looked at once.
  Result<double> lost(const Graph& changed);

 private:
  ChangeJudge() = default;
  Result<Detector> detector(const Graph& graph) const;

  Graph floats_;
  std::string source_;
  Dataset dataset_;
  ValidationOptions options_;
  int threads_ = 1;
  bool own_truth_ = false;
  std::optional<double> before_;  // once lost() has looked
  bool looked_ = false;
};

}  // namespace shrike
