// What the options of a run come to, once its data set is known.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "augment/loader.h"
#include "cli/train_options.h"
#include "formats/json.h"
#include "train_cli/run_data.h"
#include "train/trainer.h"
#include "train_cli/starting_network.h"

namespace shrike {

struct RunSettings {
  LoaderOptions loader;
  // Of pictures that learn from a teacher alone: then a batch of both has so many of each kind as
  // the set has, at least one.
  std::optional<LoaderOptions> unlabeled;
  train::TrainerOptions trainer;
  std::string id;  // of the run, in args.json and in each of its checkpoints
  Json arguments;  // args.json, which each checkpoint repeats
};

// `threads`: that compute; they make the pictures, too, between steps. `share`: of each batch. The
// optimiser that `auto` means, and its rate, are those that Ultralytics 8.4 documents for
// `optimizer=auto`: AdamW at 0.002 * 5 / (4 + classes), rounded to 6 digits, for runs of up to
// 10000 updates, else SGD at 0.01 (Ultralytics 8.4: MuSGD), both with momentum 0.9 and a warm-up that starts at 0 for
// biases, too.
// Errors: kInput where a batch is larger than the data set; kUsage where --freeze names nothing
// that the network has, or several ranks have fewer pictures in a batch, or a teacher.
Result<RunSettings> run_settings(const TrainOptions& options, const StartingNetwork& network,
                                 const RunData& data, int threads, const RankShare& share = {});

// The parameters that --freeze means; null: none. Errors (kUsage): no weights of the graph have such
// names.
using Frozen = std::function<bool(const std::string& name)>;
Result<Frozen> frozen_by(const std::string& freeze, const Graph& graph);

// --cls-pw: of each class (most objects / its objects)^power, scaled to a mean of 1; a class without
// objects weighs as the rarest that has some. Empty for a power of 0: all weigh the same. Requires
// labels of the data set's classes.
std::vector<float> class_weights(const Dataset& dataset, double power);

// 32 hexadecimal digits from the system's random numbers.
std::string new_run_id();

// What was chosen where the options leave it open.
Json chosen_json(const RunSettings& settings);

}  // namespace shrike
