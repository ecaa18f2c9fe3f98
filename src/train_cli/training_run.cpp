#include "train_cli/training_run.h"

#include <algorithm>
#include <optional>

#include "base/cpu.h"
#include "base/durable_file.h"
#include "base/excerpt.h"
#include "base/file.h"
#include "cli/dataset_option.h"
#include "cli/folder_lock.h"
#include "cli/interrupt.h"
#include "cli/out_folder.h"
#include "cli/terminal.h"
#include "train/restore_norms.h"
#include "train/run_once.h"
#include "quantize/network.h"
#include "train_cli/integer_start.h"
#include "train_cli/network_state.h"
#include "train_cli/options_json.h"
#include "train_cli/resume_point.h"
#include "train_cli/run.h"
#include "train_cli/starting_network.h"
#include "train_cli/teacher.h"

namespace shrike {

namespace {

constexpr int64_t kMomentBatches = 16;  // that folded batch norms are put back from

// Between the parts of a preparation that take long.
Result<void> go_on(Ranks& ranks) {
  return ranks.told_to_end() ? runtime_error("told to end before the run began") : Result<void>();
}

// Batch norms that the model's file has folded come back, from pictures as the network will see
// them: unchanged ones would have other statistics.
Result<void> restore_norms(StartingNetwork& network, const Dataset& dataset, LoaderOptions loading,
                           Ranks& ranks) {
  loading.multi_scale = 0;
  loading.shard = {};  // the same on all ranks
  // As the first epoch sees them, however many batches an epoch has.
  if (loading.augment.close_mosaic >= loading.epochs) loading.augment = loading.augment.closed();
  loading.augment.close_mosaic = 0;
  loading.epochs = kMomentBatches;
  SHRIKE_ASSIGN(const std::unique_ptr<Loader> loader, Loader::create(dataset, loading));
  int64_t given = 0;
  const auto next = [&]() -> Result<const Batch*> {
    SHRIKE_TRY(go_on(ranks));
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
  std::optional<NetworkState> network;
};

// What ranks say first to each other: only rank 0 needs the folder of a run that goes on.
constexpr const char* kBeginnings = "the uses of --resume";

// The network of a checkpoint, as the run that wrote it had it.
Result<StartingNetwork> network_of(const ResumePoint& from) {
  StartingNetwork network;
  network.source = from.source;
  SHRIKE_ASSIGN(network.training, network_from(from.checkpoint.state.value("network", Json()),
                                               from.checkpoint.tensors, from.source));
  network.preprocess = preprocess_of(network.training);
  return network;
}

// Where no run goes on: what the options say of how it starts.
Result<StartingNetwork> network_to_learn(const TrainOptions& options, const Dataset& dataset,
                                         int threads) {
  SHRIKE_ASSIGN(StartingNetwork network, starting_network(options, dataset.names));
  if (!options.qat.empty())
    SHRIKE_TRY(learn_in_integers(network, options, dataset, threads));
  else if (holds_integers(network.training.graph))
    return usage_error(network.source +
                       " is in integers, which learn with --qat alone: add that, or give the float "
                       "model");
  return network;
}

// What the data set's splits are: the same where data_fingerprint() is.
std::string data_text(const RunData& data) {
  const auto text = [](const Dataset& dataset) {
    return std::to_string(dataset.samples.size()) + " pictures, " +
           std::to_string(data_fingerprint(dataset));
  };
  return "train " + text(data.train) + "\nval " + text(data.val);
}

// All that is there before the first batch, and the same on all ranks. `from`: what the run goes on
// from; null: it begins.
Result<Prepared> prepare(const TrainOptions& options, const ResumePoint* from, Ranks& ranks) {
  const int threads = training_threads(options);
  train::set_threads(threads);
  Prepared prepared;
  SHRIKE_TRY(ranks.first_before_others([&]() -> Result<void> {
    SHRIKE_ASSIGN(prepared.data, open_run_data(options, threads, ranks));
    const RunData& data = prepared.data;
    if (!ranks.first()) return {};
    return check_out_folder(options.out, {&data.train, &data.val}, data.unlabeled);
  }));
  SHRIKE_TRY(ranks.expect_same("the pictures and labels", data_text(prepared.data)));
  const Dataset& dataset = prepared.data.train;
  StartingNetwork network;
  const auto choose = [&]() -> Result<void> {
    SHRIKE_TRY(go_on(ranks));
    SHRIKE_ASSIGN(network, from ? network_of(*from) : network_to_learn(options, dataset, threads));
    SHRIKE_ASSIGN(prepared.settings,
                  run_settings(options, network, prepared.data, threads, ranks.share()));
    return {};
  };
  SHRIKE_TRY(ranks.first_before_others(choose));
  prepared.settings.trainer.group = ranks.group();
  if (!options.teacher.empty()) {
    SHRIKE_ASSIGN(prepared.settings.trainer.distillation,
                  open_teacher(options, network, dataset.names, threads));
    if (options.teacher_cache_mb > 0 && options.augment.repeats_pictures())
      prepared.settings.trainer.distillation->teacher->remember(
          RunFolder(options.out).teacher_cache(),
          static_cast<size_t>(options.teacher_cache_mb) << 20);
  }
  if (options.qat.empty()) {
    if (!from)
      SHRIKE_TRY(ranks.together(
          [&] { return restore_norms(network, dataset, prepared.settings.loader, ranks); }));
  } else {
    SHRIKE_TRY(ranks.expect_same("the integers' zero points",
                                 fixed_integers(network.training.graph)));
  }
  if (network.new_head && ranks.first())
    say(printable(network.source) + " is for other classes: its head is new");
  if (!network.fixed_size.empty() && ranks.first()) say(network.fixed_size);
  const auto build = [&]() -> Result<void> {
    SHRIKE_TRY(go_on(ranks));
    Result<train::Trainer> trainer =
        train::Trainer::create(std::move(network.training), prepared.settings.trainer);
    if (!trainer) return in_context(network.source, trainer.error());
    prepared.trainer = *std::move(trainer);
    return {};
  };
  SHRIKE_TRY(ranks.first_before_others(build));
  prepared.network.emplace(prepared.trainer->network(), prepared.trainer->tensors());
  SHRIKE_TRY(ranks.expect_same("the models", prepared.network->fingerprint()));
  return prepared;
}

// What somebody reads of a run: its options, and what was chosen where they leave it open.
Json arguments_of(const TrainOptions& options, const Prepared& prepared) {
  Json json = to_json(options);
  json["chosen"] = chosen_json(prepared.settings);
  json["chosen"]["network_sha256"] = prepared.network->fingerprint();
  return json;
}

// Epochs that args.json has now, and those that were begun.
Result<void> check_enough_epochs(const RunState& state, int64_t epochs,
                                 const std::string& source) {
  const int64_t begun = state.loader.epoch + (state.loader.batch_index > 0 ? 1 : 0);
  if (begun <= epochs) return {};
  return input_error(source + ": \"epochs\" is " + std::to_string(epochs) +
                     ", and the run has begun its epoch " + std::to_string(begun) +
                     ": it cannot be shorter than " + std::to_string(begun) +
                     " any more (best.onnx and last.onnx are the models so far)");
}

// The loader looks at train alike.
Result<void> check_same_val(const RunState& state, const RunData& data) {
  if (state.judged == data.judged) return {};
  return input_error(
      "the data set is not the one that the run began with: " + describe(data.val) +
      " has other pictures, classes or labels, or some can no longer be read: its epochs could not "
      "be compared");
}

// That what the options leave open comes to what it came to when the run began: it may hang on the
// number of epochs, and on the version of this program.
Result<void> check_same_choice(const Json& arguments, const RunSettings& settings,
                               const std::string& source) {
  const Json now = chosen_json(settings), began = arguments.value("chosen", Json::object());
  for (const auto& [name, value] : now.items())
    if (const Json before = began.value(name, Json()); before != value)
      return input_error(source + ": of its options " + name + " would now be " + dump_json(value) +
                         ", and the run began with " + excerpt(dump_json(before)) +
                         ": other epochs, or another version of this program");
  return {};
}

// Of args.json.
Result<std::string> run_id(const Json& arguments, const std::string& source) {
  const Json chosen = arguments.value("chosen", Json());
  const Json id = chosen.is_object() ? chosen.value("run", Json()) : Json();
  if (id.is_string()) return id.get<std::string>();
  return input_error(source + ": it does not say which run it is of (\"chosen\", \"run\"): another "
                              "version of this program wrote it, whose runs this one cannot go on "
                              "with");
}

// The checkpoint's tensors go into the trainers of all ranks.
Result<void> take_from(const ResumePoint& from, const RunState& state, train::Trainer& trainer,
                       Ranks& ranks) {
  const Result<void> taken = ranks.by_first([&]() -> Result<void> {
    Result<void> outcome = trainer.go_on_from(state.trainer, from.checkpoint.tensors);
    return outcome ? outcome : in_context(from.source, outcome.error());
  });
  SHRIKE_TRY(taken);
  return trainer.take_from_first();
}

// The folder of a run that begins, and its args.json. `lock`: of the first rank.
Result<void> begin_folder(const RunFolder& folder, const Json& arguments,
                          std::optional<FolderLock>& lock) {
  SHRIKE_TRY(make_folders(folder.path()));
  SHRIKE_ASSIGN(lock, FolderLock::take(folder.lock()));
  SHRIKE_TRY(folder.check_free());  // still
  return write_durable_file(folder.arguments(), dump_json(arguments, 2) + "\n");
}

// An error of `work` on the folder that the option `name` gave, with both.
Result<void> with_folder(const char* name, const RunFolder& folder, const Result<void>& work) {
  const std::string option = std::string(name) + " " + shown_path(folder.path());
  if (work || work.error().message.starts_with(option)) return work;
  return in_context(option, work.error());
}

}  // namespace

int training_threads(const TrainOptions& options) {
  return options.threads > 0 ? options.threads
                             : std::max(1, usable_cores() / ranks_without_bounds());
}

Result<int> training_run(const TrainOptions& options, Ranks& ranks) {
  const RunFolder folder(options.out);
  Json same = as_given(options);
  same["out"] = options.out;
  same.erase("threads");
  SHRIKE_TRY(ranks.expect_same(kBeginnings, "a new run"));
  SHRIKE_TRY(ranks.expect_same("the options", dump_json(same, 0)));
  SHRIKE_TRY(ranks.by_first([&] { return folder.check_free(); }));
  SHRIKE_ASSIGN(Prepared prepared, prepare(options, nullptr, ranks));
  SHRIKE_TRY(prepared.trainer->take_from_first());
  prepared.settings.id = new_run_id();
  prepared.settings.arguments = arguments_of(options, prepared);
  SHRIKE_ASSIGN(Run run, Run::create(options, prepared.data, prepared.settings, ranks,
                                     *std::move(prepared.trainer), *std::move(prepared.network),
                                     std::nullopt));
  std::optional<FolderLock> lock;  // of the first rank
  SHRIKE_TRY(ranks.by_first([&] {
    return with_folder("--out", folder, begin_folder(folder, prepared.settings.arguments, lock));
  }));
  std::optional<CatchInterrupts> caught;
  if (ranks.alone()) caught.emplace();  // several catch them from where they meet
  ranks.begin();
  return run.go();
}

Result<int> resumed_run(const TrainOptions& given, Ranks& ranks) {
  const RunFolder folder(given.resume);
  const std::string source = folder.arguments().string();
  SHRIKE_TRY(ranks.expect_same(kBeginnings, "a run that goes on"));
  SHRIKE_ASSIGN(const std::string text, ranks.from_first([&]() -> Result<std::string> {
    Result<std::string> read = read_text(folder.arguments(), ErrorKind::kInput);
    return read ? read : in_context("--resume " + shown_path(folder.path()), read.error());
  }));
  SHRIKE_ASSIGN(const Json json, parse_json(text, source));
  SHRIKE_ASSIGN(TrainOptions options, train_options_from(json, source));
  SHRIKE_ASSIGN(const std::string id, run_id(json, source));
  options.out = given.resume;
  if (given.threads > 0) options.threads = given.threads;
  options.json = given.json;
  std::optional<FolderLock> lock;  // of the first rank
  SHRIKE_TRY(ranks.by_first([&]() -> Result<void> {
    SHRIKE_ASSIGN(lock, FolderLock::take(folder.lock()));
    return {};
  }));
  SHRIKE_ASSIGN(const std::optional<ResumePoint> from, resume_point(folder, json, ranks));
  std::optional<RunState> state;
  if (from) {
    SHRIKE_ASSIGN(state, run_state_from(from->checkpoint.state, from->source));
    SHRIKE_TRY(check_enough_epochs(*state, options.epochs, source));
  }
  SHRIKE_ASSIGN(Prepared prepared, prepare(options, from ? &*from : nullptr, ranks));
  prepared.settings.id = id;
  prepared.settings.arguments = json;
  SHRIKE_TRY(check_same_choice(json, prepared.settings, source));
  if (from) {
    SHRIKE_TRY(take_from(*from, *state, *prepared.trainer, ranks));
    SHRIKE_TRY(check_same_val(*state, prepared.data));
  } else {
    if (json.value("/chosen/network_sha256"_json_pointer, Json()) != prepared.network->fingerprint())
      return model_error(source + ": the run began with another model than there is now, and has no "
                                  "checkpoint yet: begin a new one");
    SHRIKE_TRY(prepared.trainer->take_from_first());
  }
  SHRIKE_ASSIGN(Run run, Run::create(options, prepared.data, prepared.settings, ranks,
                                     *std::move(prepared.trainer), *std::move(prepared.network),
                                     state));
  std::optional<CatchInterrupts> caught;
  if (ranks.alone()) caught.emplace();  // several catch them from where they meet
  ranks.begin();
  return run.go();
}

}  // namespace shrike
