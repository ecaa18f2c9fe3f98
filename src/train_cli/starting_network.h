// The network that a run starts from: one with random weights, or somebody's model with
// its own, made for the data set's classes.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/train_options.h"
#include "passes/training_graph.h"
#include "vision/letterbox.h"

namespace shrike {

struct StartingNetwork {
  TrainingGraph training;
  Preprocess preprocess;   // as the network's family has it
  std::string source;      // for messages
  bool new_head = false;   // the model was for other classes
  std::string fixed_size;  // fixed_size_note() (cli/network.h), where no size was asked for
};

// `classes`: the data set's names, which the network's metadata gets. Absent: the model's own
// classes stay (of one from scratch, COCO's 80). Errors name the source: those of the model's
// reader, of check_finite_weights(), of zoo/scratch.h, of prepare_for_training() and change_classes().
Result<StartingNetwork> starting_network(
    const TrainOptions& options, const std::optional<std::vector<std::string>>& classes = {});

// As the network's family has it.
Preprocess preprocess_of(const TrainingGraph& training);

}  // namespace shrike
