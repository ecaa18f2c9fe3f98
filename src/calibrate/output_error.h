// What a plan of integers changes of a network's outputs, on a few pictures.
#pragma once

#include <vector>

#include "calibrate/calibration.h"
#include "calibrate/observer.h"
#include "vision/image.h"

namespace shrike {

// The network that gives the raw maps, which its head decodes; all of it where there is no head.
Graph up_to_maps(Graph network);

class OutputError {
 public:
  // Of the raw maps, on at most `most` of the pictures, which lie evenly among them. Keeps what the
  // network gives in floats. Errors, here and below: as show()'s.
  static Result<OutputError> create(const Graph& network, const CalibrationOptions& options,
                                    size_t most);

  // The mean over the maps of sum (y - y_float)^2 / sum (y_float - mean)^2: 0 where nothing
  // changes.
  Result<double> of(const IntegerPlan& plan) const;

 private:
  Result<std::vector<std::vector<Tensor>>> run(Graph prepared) const;

  Graph network_;  // cut at the raw maps
  Preprocess preprocess_;
  int threads_ = 1;
  std::function<bool()> proceed_;
  std::vector<Image> pictures_;            // as the network's input has them
  std::vector<std::vector<Tensor>> real_;  // by picture, by output
};

}  // namespace shrike
