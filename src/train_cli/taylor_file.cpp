#include "train_cli/taylor_file.h"

#include <algorithm>

#include "augment/loader.h"
#include "base/excerpt.h"
#include "base/file.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "formats/json.h"
#include "train/run_once.h"
#include "train/taylor.h"
#include "train_cli/run_data.h"
#include "train_cli/starting_network.h"
#include "train_cli/training_run.h"

namespace shrike {

namespace {

constexpr int64_t kPictures = 64, kBatch = 8;

}  // namespace

Result<int> write_taylor_file(const TrainOptions& options) {
  const int threads = training_threads(options);
  train::set_threads(threads);
  SHRIKE_ASSIGN(const Dataset dataset, open_training_pictures(options, threads));
  SHRIKE_ASSIGN(const StartingNetwork network, starting_network(options, dataset.names));
  if (network.new_head)
    return input_error(network.source + " is for other classes than those of " +
                       shown_path(dataset.source) + ": its loss on them says nothing");
  LoaderOptions loading;
  loading.preprocess = network.preprocess;
  loading.augment = AugmentSettings::none();
  loading.epochs = 1;
  loading.batch = std::min(kBatch, static_cast<int64_t>(dataset.samples.size()));
  loading.seed = options.seed;
  loading.threads = threads - 1;
  loading.prefetch = 0;
  SHRIKE_ASSIGN(const std::unique_ptr<Loader> loader, Loader::create(dataset, loading));
  const CatchInterrupts caught;
  int64_t pictures = 0;
  const auto next = [&]() -> Result<const Batch*> {
    if (interrupted() != 0) return runtime_error("interrupted");
    if (pictures >= kPictures || loader->finished()) return static_cast<const Batch*>(nullptr);
    SHRIKE_ASSIGN(const Batch* const batch, loader->next());
    pictures += static_cast<int64_t>(batch->pictures());
    return batch;
  };
  const auto scores = train::taylor_scores(network.training, network.preprocess, next);
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  if (!scores) return in_context(network.source, scores.error());
  Json layers = Json::object();
  for (const auto& [name, values] : *scores) layers[name] = values;
  SHRIKE_TRY(
      write_file(options.taylor, dump_json({{"pictures", pictures}, {"layers", layers}}) + "\n"));
  return kExitOk;
}

}  // namespace shrike
