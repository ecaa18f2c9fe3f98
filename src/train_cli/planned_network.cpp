#include "train_cli/planned_network.h"

#include "cli/out_folder.h"
#include "train_cli/ranks.h"
#include "train_cli/run_folder.h"
#include "train_cli/run_settings.h"

namespace shrike {

namespace {

Result<std::optional<RunData>> planned_data(const TrainOptions& options, int threads) {
  if (options.data.empty()) return std::optional<RunData>();
  Ranks alone;
  SHRIKE_ASSIGN(RunData data, open_run_data(options, threads, alone));
  if (!options.out.empty())
    SHRIKE_TRY(check_out_folder(options.out, {&data.train, &data.val}, data.unlabeled));
  return std::optional(std::move(data));
}

Result<train::TrainerOptions> trainer_options(const TrainOptions& options,
                                              const StartingNetwork& network,
                                              const std::optional<RunData>& data, int threads) {
  if (data) {
    SHRIKE_ASSIGN(RunSettings settings, run_settings(options, network, *data, threads));
    return std::move(settings.trainer);
  }
  train::TrainerOptions trainer;
  trainer.preprocess = network.preprocess;
  trainer.device = options.device;
  SHRIKE_ASSIGN(trainer.frozen, frozen_by(options.freeze, network.training.graph));
  return trainer;
}

}  // namespace

Result<StartingNetwork> planned_network(const TrainOptions& options, int threads) {
  if (!options.out.empty()) SHRIKE_TRY(RunFolder(options.out).check_free());
  SHRIKE_ASSIGN(const std::optional<RunData> data, planned_data(options, threads));
  using Classes = std::optional<std::vector<std::string>>;
  SHRIKE_ASSIGN(StartingNetwork network,
                starting_network(options, data ? Classes(data->train.names) : Classes()));
  SHRIKE_ASSIGN(const train::TrainerOptions trainer,
                trainer_options(options, network, data, threads));
  const Result<train::Trainer> made = train::Trainer::create(network.training, trainer);
  if (!made) return in_context(network.source, made.error());
  return network;
}

}  // namespace shrike
