#include "train_cli/run_settings.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>

#include "base/excerpt.h"
#include "cli/dataset_option.h"
#include "cli/launch.h"
#include "cli/values.h"
#include "formats/json.h"

namespace shrike {

namespace {

constexpr int64_t kLongRun = 10'000;  // updates
constexpr double kAutoMomentum = 0.9;
constexpr double kIntegerRate = 0.1;  // share of the usual one, of what learns in integers

double adam_rate(int64_t classes) {
  return std::round(0.002 * 5 / static_cast<double>(4 + classes) * 1e6) / 1e6;
}

bool wants_adam(const TrainOptions& o, int64_t samples) {
  if (o.optimiser != "auto") return o.optimiser == "AdamW";
  const int64_t together = std::max(o.batch, o.nominal);
  return (samples + together - 1) / together * o.epochs <= kLongRun;
}

// `batch`: pictures with labels of one that has o.batch.
train::ScheduleOptions schedule_of(const TrainOptions& o, bool adam, int64_t classes,
                                   const Sampler& sampler) {
  const bool chosen = o.optimiser == "auto";
  train::ScheduleOptions schedule;
  schedule.epochs = o.epochs;
  schedule.batches = sampler.batches();
  schedule.batch = o.batch;
  schedule.nominal = o.nominal;
  const double usual = adam ? adam_rate(classes) : schedule.rate;
  schedule.rate = o.rate.value_or(o.qat.empty() ? usual : kIntegerRate * usual);
  schedule.final_share = o.final_share;
  schedule.cosine = o.cosine;
  schedule.momentum =
      o.momentum.value_or(adam || chosen ? kAutoMomentum : schedule.momentum);
  schedule.warmup_epochs = o.warmup_epochs;
  if (chosen || adam) schedule.warmup_bias_rate = 0;
  // What AdamW calls so does not warm up.
  if (adam) schedule.warmup_momentum = schedule.momentum;
  return schedule;
}

// Of a batch the pictures with labels: as many as of the set, at least one.
int64_t labelled_batch(int64_t batch, const RunData& data) {
  if (data.unlabeled.samples.empty()) return batch;
  const auto count = [](const Dataset& dataset) {
    return static_cast<double>(dataset.samples.size());
  };
  const double share = count(data.train) / (count(data.train) + count(data.unlabeled));
  return std::clamp(std::llround(share * static_cast<double>(batch)), 1LL,
                    static_cast<long long>(batch) - 1);
}

// The other pictures' part of each batch, through all batches that have labels; memory by share.
LoaderOptions share_batch(LoaderOptions& labelled, int64_t batch, const RunData& data) {
  LoaderOptions other = labelled;
  other.labels = false;
  other.batch = batch - labelled.batch;
  const auto batches = [](const Dataset& dataset, int64_t of) {
    return (static_cast<int64_t>(dataset.samples.size()) + of - 1) / of;
  };
  const int64_t all = labelled.epochs * batches(data.train, labelled.batch);
  const int64_t own = batches(data.unlabeled, other.batch);
  other.epochs = (all + own - 1) / own;
  other.open_batches =
      (labelled.epochs - labelled.augment.close_mosaic) * batches(data.train, labelled.batch);
  other.seed = ~labelled.seed;
  const size_t part = labelled.cache_bytes / static_cast<size_t>(batch);
  labelled.cache_bytes = part * static_cast<size_t>(labelled.batch);
  other.cache_bytes = part * static_cast<size_t>(other.batch);
  return other;
}

int largest_stride(const Head& head) {
  return static_cast<int>(*std::max_element(head.strides.begin(), head.strides.end()));
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// The starts of the names that --freeze means: "model.0." to "model.9." for 10, the layers of
// Ultralytics' models and of the built-in families.
std::vector<std::string> frozen_starts(const std::string& freeze) {
  if (!is_number(freeze)) return split_list(freeze);
  std::vector<std::string> starts;
  const int64_t layers = std::min(std::atoll(freeze.c_str()), 1000LL);
  for (int64_t i = 0; i < layers; ++i) starts.push_back("model." + std::to_string(i) + ".");
  return starts;
}

// A number is not cut: "model.1" is no start of "model.10.conv.weight".
bool is_start_of(const std::string& start, const std::string& name) {
  const auto digit_at = [&](size_t i) {
    return i < name.size() && std::isdigit(static_cast<unsigned char>(name[i])) != 0;
  };
  return name.starts_with(start) && !(digit_at(start.size() - 1) && digit_at(start.size()));
}

}  // namespace

std::vector<float> class_weights(const Dataset& dataset, double power) {
  if (power == 0) return {};
  std::vector<double> counts(dataset.names.size(), 0);
  for (const Sample& sample : dataset.samples)
    for (const Truth& truth : sample.truth)
      if (truth.counts()) ++counts[static_cast<size_t>(truth.class_id)];
  double least = std::numeric_limits<double>::max();
  for (const double count : counts)
    if (count > 0) least = std::min(least, count);
  double sum = 0;
  std::vector<float> weights;
  for (const double count : counts) {
    const double weight = std::pow(1 / std::max(count, least), power);
    weights.push_back(static_cast<float>(weight));
    sum += weight;
  }
  for (float& weight : weights)
    weight *= static_cast<float>(static_cast<double>(counts.size()) / sum);
  return weights;
}

Result<Frozen> frozen_by(const std::string& freeze, const Graph& graph) {
  const std::vector<std::string> starts = frozen_starts(freeze);
  if (starts.empty()) return Frozen();
  const Frozen frozen = [starts](const std::string& name) {
    return std::any_of(starts.begin(), starts.end(),
                       [&](const std::string& start) { return is_start_of(start, name); });
  };
  const auto is_start = [&](const std::string& start) {
    return std::any_of(graph.values.begin(), graph.values.end(), [&](const Value& value) {
      return value.constant && is_start_of(start, value.name);
    });
  };
  const auto missing = std::find_if_not(starts.begin(), starts.end(), is_start);
  if (missing == starts.end()) return frozen;
  // Of a number of layers those that there are.
  if (is_number(freeze) && std::any_of(starts.begin(), starts.end(), is_start)) return frozen;
  return usage_error(
      "--freeze " + in_quotes(freeze) + ": no weights of the network have names that start with " +
      in_quotes(*missing) +
      (is_start("w1") ? "; a file in integers calls them w1, b1, w2, ... in the order "
                        "of its convolutions, by which they can be given"
                      : ""));
}

Result<RunSettings> run_settings(const TrainOptions& o, const StartingNetwork& network,
                                 const RunData& data, int threads, const RankShare& share) {
  if (o.batch < share.ranks)
    return usage_error("--batch " + std::to_string(o.batch) + " is fewer pictures than the " +
                       std::to_string(share.ranks) + " processes that share them");
  if (share.ranks > 1 && !o.teacher.empty())
    return usage_error("a teacher teaches one process: train by several, or with --teacher");
  const Dataset& dataset = data.train;
  const auto samples = static_cast<int64_t>(dataset.samples.size());
  if (labelled_batch(o.batch, data) > samples)
    return input_error("--batch " + std::to_string(o.batch) + " is more than the " +
                       std::to_string(samples) + " pictures of " + describe(dataset) +
                       (o.holdout > 0 ? " that --holdout " + dump_json(o.holdout) + " leaves" : ""));
  const Head& head = network.training.head.head;
  RunSettings settings;
  LoaderOptions& loader = settings.loader;
  loader.preprocess = network.preprocess;
  loader.augment = o.augment;
  loader.epochs = o.epochs;
  loader.batch = labelled_batch(o.batch, data);
  loader.multi_scale = o.multi_scale;
  loader.stride = largest_stride(head);
  loader.seed = o.seed;
  loader.shard = share;
  loader.threads = threads - 1;
  // All cores compute the step: pictures are made by all of them in between.
  if (o.device == "cpu") loader.prefetch = 0;
  loader.cache_bytes = static_cast<size_t>(o.cache_mb) << 20;
  if (!data.unlabeled.samples.empty()) settings.unlabeled = share_batch(loader, o.batch, data);

  train::TrainerOptions& trainer = settings.trainer;
  const bool adam =
      wants_adam(o, samples + static_cast<int64_t>(data.unlabeled.samples.size()));
  trainer.preprocess = network.preprocess;
  trainer.optimiser = adam ? train::OptimiserKind::kAdamW : train::OptimiserKind::kSgd;
  trainer.schedule =
      schedule_of(o, adam, head.num_classes, {samples, loader.batch, share});
  trainer.weight_decay = o.weight_decay;
  trainer.most_norm = o.most_norm;
  trainer.last_epochs = o.augment.close_mosaic;
  trainer.sparsity = o.sparsity;
  trainer.keep_zeros = o.keep_zeros;
  trainer.step_rate = o.qat_step_rate;
  trainer.class_weights = class_weights(dataset, o.class_power);
  for (const train::PrecisionName& known : train::kPrecisions)
    if (known.name == o.precision) trainer.precision = known.value;
  trainer.device = o.device;
  if (share.ranks > 1) trainer.local_rank = local_rank();
  SHRIKE_ASSIGN(trainer.frozen, frozen_by(o.freeze, network.training.graph));
  return settings;
}

std::string new_run_id() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    char part[9];
    std::snprintf(part, sizeof part, "%08x", random());
    id += part;
  }
  return id;
}

Json chosen_json(const RunSettings& settings) {
  const train::TrainerOptions& trainer = settings.trainer;
  const Preprocess& input = settings.loader.preprocess;
  return {{"run", settings.id},
          {"imgsz", {input.height, input.width}},
          {"optimizer", train::kOptimisers[static_cast<size_t>(trainer.optimiser)].name},
          {"lr0", trainer.schedule.rate},
          {"momentum", trainer.schedule.momentum},
          {"warmup-bias-lr", trainer.schedule.warmup_bias_rate}};
}

}  // namespace shrike
