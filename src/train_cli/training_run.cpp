#include "train_cli/training_run.h"

#include "base/cpu.h"
#include "base/durable_file.h"
#include "base/excerpt.h"
#include "base/file.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "train/restore_norms.h"
#include "train/run_once.h"
#include "train_cli/network_state.h"
#include "train_cli/options_json.h"
#include "train_cli/run.h"
#include "train_cli/starting_network.h"
#include "train_cli/teacher.h"

namespace shrike {

namespace {

constexpr int64_t kMomentBatches = 16;  // that folded batch norms are put back from

// Batch norms that the model's file has folded come back, from pictures as the network will see
// them: unchanged ones would have other statistics.
Result<void> restore_norms(StartingNetwork& network, const Dataset& dataset,
                           LoaderOptions loading) {
  loading.multi_scale = 0;
  loading.epochs = kMomentBatches;
  SHRIKE_ASSIGN(const std::unique_ptr<Loader> loader, Loader::create(dataset, loading));
  int64_t given = 0;
  const auto next = [&]() -> Result<const Batch*> {
    if (given++ == kMomentBatches || loader->finished()) return static_cast<const Batch*>(nullptr);
    return loader->next();
  };
  const auto restored = train::restore_norms(network.training, network.preprocess, next);
  if (!restored) return in_context(network.source, restored.error());
  return {};
}

struct Prepared {
  RunData data;
  RunSettings settings;
  std::optional<train::Trainer> trainer;
};

// The network of a checkpoint, as the run that wrote it had it.
Result<StartingNetwork> network_of(const Checkpoint& checkpoint, const std::string& source) {
  StartingNetwork network;
  network.source = source;
  SHRIKE_ASSIGN(network.training,
                network_from(checkpoint.state.value("network", Json()), checkpoint.tensors, source));
  network.preprocess = preprocess_of(network.training);
  return network;
}

// All that is there before the first batch. `checkpoint`: what the run goes on from, said to be
// `source`; null: it begins.
Result<Prepared> prepare(const TrainOptions& options, const Checkpoint* checkpoint,
                         const std::string& source) {
  const int threads = training_threads(options);
  train::set_threads(threads);
  Prepared prepared;
  SHRIKE_ASSIGN(prepared.data, open_run_data(options, threads));
  const Dataset& dataset = prepared.data.train;
  SHRIKE_ASSIGN(StartingNetwork network, checkpoint ? network_of(*checkpoint, source)
                                                    : starting_network(options, dataset.names));
  SHRIKE_ASSIGN(prepared.settings, run_settings(options, network, prepared.data, threads));
  if (!options.teacher.empty()) {
    SHRIKE_ASSIGN(prepared.settings.trainer.distillation,
                  open_teacher(options, network, dataset.names, threads));
  }
  if (!checkpoint) SHRIKE_TRY(restore_norms(network, dataset, prepared.settings.loader));
  if (network.new_head)
    say(printable(network.source) + " is for other classes: its head is new");
  Result<train::Trainer> trainer =
      train::Trainer::create(std::move(network.training), prepared.settings.trainer);
  if (!trainer) return in_context(network.source, trainer.error());
  prepared.trainer = *std::move(trainer);
  return prepared;
}

// What somebody reads of a run: its options, and what was chosen where they leave it open.
Json arguments_of(const TrainOptions& options, const Prepared& prepared) {
  Json json = to_json(options);
  json["chosen"] = chosen_json(prepared.settings);
  const NetworkState network(prepared.trainer->network(), prepared.trainer->tensors());
  json["chosen"]["network_sha256"] = network.fingerprint();
  return json;
}

// The newest checkpoint; nothing where none was written yet. What a run has come to is not begun
// anew over: one is written before anything else is.
Result<std::optional<Checkpoint>> found_checkpoint(const RunFolder& folder) {
  SHRIKE_ASSIGN(FoundCheckpoint found, CheckpointFolder(folder.checkpoints()).newest());
  const bool begun = !found.damaged.empty() || std::filesystem::exists(folder.results());
  if (!found.checkpoint && begun)
    return input_error(
        shown_path(folder.checkpoints()) + ": no whole checkpoint to go on from" +
        (found.damaged.empty() ? "" : " (" + printable(found.damaged.front()) + ")") +
        "; the results of the run are left as they are");
  for (const std::string& damaged : found.damaged)
    say(printable(damaged) + "; the one before is used");
  return std::move(found.checkpoint);
}

// Checkpoints may have been brought from another folder.
Result<void> check_belongs(const Checkpoint& checkpoint, const Json& arguments,
                           const std::string& source) {
  const Json wanted = arguments.value("/chosen/network_sha256"_json_pointer, Json());
  if (checkpoint.state.value("/network/sha256"_json_pointer, Json()) == wanted) return {};
  return model_error(source + ": it is a checkpoint of another model than the run's args.json is for");
}

// The run's place; its tensors go into the trainer.
Result<RunState> state_of(const Checkpoint& checkpoint, const std::string& source,
                          train::Trainer& trainer) {
  SHRIKE_ASSIGN(const RunState state, run_state_from(checkpoint.state, source));
  const Result<void> taken = trainer.go_on_from(state.trainer, checkpoint.tensors);
  if (!taken) return in_context(source, taken.error());
  return state;
}

}  // namespace

int training_threads(const TrainOptions& options) {
  return options.threads > 0 ? options.threads : usable_cores();
}

Result<int> training_run(const TrainOptions& options) {
  const RunFolder folder(options.out);
  SHRIKE_TRY(folder.check_free());
  SHRIKE_ASSIGN(Prepared prepared, prepare(options, nullptr, ""));
  const Json arguments = arguments_of(options, prepared);
  SHRIKE_ASSIGN(Run run, Run::create(options, prepared.data, prepared.settings,
                                     *std::move(prepared.trainer), std::nullopt));
  SHRIKE_TRY(make_folders(folder.path()));
  SHRIKE_TRY(write_durable_file(folder.arguments(), dump_json(arguments, 2) + "\n"));
  const CatchInterrupts caught;
  return run.go();
}

Result<int> resumed_run(const TrainOptions& given) {
  const RunFolder folder(given.resume);
  const std::string source = folder.arguments().string();
  SHRIKE_ASSIGN(const std::string text, read_text(folder.arguments(), ErrorKind::kInput));
  SHRIKE_ASSIGN(const Json json, parse_json(text, source));
  SHRIKE_ASSIGN(TrainOptions options, train_options_from(json, source));
  options.out = given.resume;
  if (given.threads > 0) options.threads = given.threads;
  options.json = given.json;
  SHRIKE_ASSIGN(const std::optional<Checkpoint> checkpoint, found_checkpoint(folder));
  const std::string origin =
      checkpoint ? shown_path(folder.checkpoints() / CheckpointFolder::name_of(checkpoint->step))
                 : "";
  if (checkpoint) SHRIKE_TRY(check_belongs(*checkpoint, json, origin));
  SHRIKE_ASSIGN(Prepared prepared, prepare(options, checkpoint ? &*checkpoint : nullptr, origin));
  std::optional<RunState> state;
  if (checkpoint) {
    SHRIKE_ASSIGN(state, state_of(*checkpoint, origin, *prepared.trainer));
  }
  SHRIKE_ASSIGN(Run run, Run::create(options, prepared.data, prepared.settings,
                                     *std::move(prepared.trainer), state));
  const CatchInterrupts caught;
  return run.go();
}

}  // namespace shrike
