// Trainer: a network that learns, batch by batch. Without files, data sets or output: who drives it
// brings batches, and takes the weights away.
//
//   batch -> objective -> gradients, added up over `accumulate` batches
//         -> clipped to a norm -> optimiser -> moving average
//
// Everything that the next step depends on is in place() and tensors(): a trainer of the same graph
// and options that is given them goes on with the same bits on a CPU with as many threads. On a GPU
// the network computes there; optimiser and average stay on the CPU.
//
// With a group the batches of its ranks together are one: losses, batch norms and gradients are what
// they are of all pictures in one process, but for the order of additions, and all ranks have the
// same weights. What says "all ranks" is to be called by all, in the same order. It learns on CPUs.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "augment/batch.h"
#include "base/result.h"
#include "formats/safetensors.h"
#include "passes/training_graph.h"
#include "train/distillation.h"
#include "train/loss_scaler.h"
#include "train/optimiser.h"
#include "train/schedule.h"
#include "vision/letterbox.h"

namespace shrike::train {

class ProcessGroup;

// What convolutions before a batch norm multiply in; other layers, weights, averages, optimiser and
// losses are f32 in each.
enum class Precision : uint8_t { kF32, kBf16, kF16 };
struct PrecisionName {
  std::string_view name;
  Precision value;
};
inline constexpr PrecisionName kPrecisions[] = {
    {"fp32", Precision::kF32}, {"bf16", Precision::kBf16}, {"fp16", Precision::kF16}};

struct TrainerOptions {
  Preprocess preprocess;  // of what reads batches: values' divisor and order
  ScheduleOptions schedule;
  OptimiserKind optimiser = OptimiserKind::kAdamW;
  double weight_decay = 0.0005;  // for updates of schedule.nominal pictures
  double most_norm = 10;         // that gradients are clipped to
  int64_t last_epochs = 0;       // at the end, for which some losses have a part (loss.h)
  std::function<bool(const std::string& name)> frozen = nullptr;  // parameters that do not learn
  std::vector<float> class_weights = {};                          // one a class, or none
  // Weight of the sum of the magnitudes of batch norms' scales, which is added to the loss of each
  // update (Liu et al. 2017, arXiv 1708.06519): scales of what is not needed go to zero.
  double sparsity = 0;
  bool keep_zeros = false;  // weights that are zero at the start stay zero: pruned ones
  double step_rate = 1;     // of the rate of weights, what that of integers' steps is
  std::optional<Distillation> distillation = {};                  // a teacher beside the labels
  // kF16: the loss is scaled; on CPUs, where LibTorch multiplies no halves, that is all.
  Precision precision = Precision::kF32;
  std::string device = "cpu";                                     // device.h
  int local_rank = 0;                                             // of this process, there
  ProcessGroup* group = nullptr;  // borrowed: who learns the same, without a teacher; null: nobody
};

// Where a run is, beside its tensors.
struct TrainerPlace {
  int64_t batches = 0;       // done, through all epochs
  int64_t last_update = -1;  // the batch that it was made behind
  int64_t updates = 0;
  double slower = 1;  // what rates are multiplied with, after losses that were not finite
  LossScaler scaler;  // in half precision
};

struct StepReport {
  std::vector<double> parts;  // of the loss, in loss_names()' order; means over pictures or objects
  int64_t pictures = 0;       // of the batch, of all ranks together
  // False where loss or gradients are infinite or not a number. Nothing was updated then, but
  // running statistics may be spoilt: go on from a state that was saved.
  bool finite = true;
  bool updated = false;
};

class Trainer {
 public:
  // Errors: those of Parameters, Module and device_of(); kUsage where all that learns is frozen, and
  // for a teacher without a stride in common.
  static Result<Trainer> create(TrainingGraph training, const TrainerOptions& options);
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;
  ~Trainer();

  // A batch of any size that the graph can be brought to (multi-scale); the first of a size takes
  // longer. All ranks, at one size, some of them without a picture. Behind the first `labelled` ones,
  // one or more, come some that nobody has labelled: the losses of labels do not see them, and a
  // teacher does. Errors: kModel where it cannot be, kRuntime.
  Result<StepReport> step(const Batch& batch, size_t labelled);
  Result<StepReport> step(const Batch& batch) { return step(batch, batch.pictures()); }

  // As it was given, but for its weights.
  const TrainingGraph& network() const;
  // All ranks: what rank 0 has becomes everybody's. Before the first step, and after go_on_from() on
  // rank 0.
  Result<void> take_from_first();
  // All ranks: what is added up between updates goes to rank 0, so that its tensors() are all that
  // there is.
  Result<void> bring_gradients_to_first();

  std::vector<std::string> loss_names() const;
  Rates rates() const;  // of the next step

  // The graph for detection, with the average's weights.
  Result<Graph> average() const;

  const TrainerPlace& place() const;
  // "weights/NAME", "average/NAME", "momentum/NAME" or "first/NAME" and "second/NAME", and between
  // updates "gradients/NAME". What distillation has beside the network is called
  // "distill.KIND.STRIDE". Copies.
  std::vector<NamedTensor> tensors() const;
  // Errors (kModel): tensors are missing, or of other shapes: the state is another network's, and
  // the trainer is as it was.
  Result<void> go_on_from(const TrainerPlace& place, const std::vector<NamedTensor>& tensors);

 private:
  class State;
  explicit Trainer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shrike::train
