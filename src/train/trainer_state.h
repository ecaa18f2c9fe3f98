// What a trainer holds: for trainer.cpp and trainer_state.cpp.
#pragma once

#include <map>
#include <utility>

#include "train/ema.h"
#include "train/flat_parameters.h"
#include "train/objective.h"
#include "train/trainer.h"

namespace shrike::train {

class Trainer::State {
 public:
  State(TrainingGraph training, TrainerOptions options, Parameters parameters, c10::Device device);

  // The objective for pictures of that size, built when first asked for.
  Result<Objective*> objective(int height, int width);
  // Gradients to weights, where enough batches are in them. Says whether they were finite.
  StepReport finish_step(const Rates& rates);
  RunMode mode() const;
  bool scales_loss() const { return options_.precision == Precision::kF16; }
  Rates rates() const;
  Result<Graph> graph_with(std::span<const float> values) const;

  // Blocks that lie as the entries of FlatParameters do, by the name that tensors start with.
  struct Block {
    std::string name;
    std::span<float> values;
  };
  std::vector<Block> blocks(bool gradients);

  // Notes which of the weights are zero, where these are to stay so.
  void find_zeros();

  TrainingGraph training_;
  TrainerOptions options_;
  Parameters parameters_;
  c10::Device device_;
  FlatParameters flat_;
  Optimiser optimiser_;
  MovingAverage average_;
  LossOptions loss_options_;
  std::vector<bool> zeros_;  // by element of what decays; empty: none is kept
  TrainerPlace place_;
  std::map<std::pair<int, int>, Objective> objectives_;
};

}  // namespace shrike::train
