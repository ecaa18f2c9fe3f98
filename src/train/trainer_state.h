// What a trainer holds: for trainer.cpp and trainer_state.cpp.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "train/ema.h"
#include "train/flat_parameters.h"
#include "train/gradient_buckets.h"
#include "train/objective.h"
#include "train/trainer.h"

namespace shrike::train {

class Trainer::State {
 public:
  State(TrainingGraph training, TrainerOptions options, Parameters parameters, c10::Device device);

  // trainer_ranks.cpp: with the options' group, once parameters are there.
  void join_ranks();
  struct Sums {
    double total = 0;
    int64_t pictures = 0;
    std::vector<double> parts;
  };
  Sums over_ranks(const LossValue& loss, const Batch& batch) const;
  // Gradients, of all ranks where an update will be made of them.
  void backward(const at::Tensor& total);

  // The objective for pictures of that size, built when first asked for.
  Result<Objective*> objective(int height, int width);
  // Whether the batch that comes is the last of an update.
  bool completes_update(const Rates& rates) const {
    return place_.batches - place_.last_update >= rates.accumulate;
  }
  // True where it is on each of them.
  bool on_all_ranks(bool here) const;
  // Gradients to weights, where enough batches are in them. Says whether they are finite.
  StepReport finish_step(const Rates& rates);
  bool between_updates() const { return place_.batches - 1 > place_.last_update; }
  RunMode mode() const;
  // Whether anything of the network does.
  bool learns() const;
  bool scales_loss() const { return options_.precision == Precision::kF16; }
  Rates rates() const;

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
  std::unique_ptr<GradientBuckets> buckets_;  // where there is a group
  TrainerPlace place_;
  std::map<std::pair<int, int>, Objective> objectives_;
};

}  // namespace shrike::train
