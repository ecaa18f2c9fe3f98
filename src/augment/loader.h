// Loader: the batches of a training run, made ahead by threads of its own.
//
// What a batch holds is a function of the data set, the options and the start: not of threads,
// prefetch, the cache's state or how long anything took, so that there is nothing to save but where
// it is (LoaderState).
//
// Threads share the work by picture, so that the next batch is done first; who calls next() and
// would wait helps. With prefetch = 0 nothing is made between the calls, and next() makes its batch
// with all threads at once: for a machine whose cores all work on the step in between.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "augment/batch.h"
#include "augment/picture_cache.h"
#include "augment/sampler.h"
#include "augment/settings.h"
#include "base/result.h"
#include "data/dataset.h"
#include "data/finding.h"
#include "vision/letterbox.h"

namespace shrike {

struct LoaderOptions {
  Preprocess preprocess = Preprocess::ultralytics(640, 640);  // base size, fit, fill
  AugmentSettings augment;
  int64_t epochs = 100;
  // Batches before mosaics are closed, where augment.close_mosaic has them close at all; without it
  // all but those of the last close_mosaic epochs.
  std::optional<int64_t> open_batches;
  int64_t batch = 16;      // of all ranks together
  double multi_scale = 0;  // 0..0.9: sides change by up to this share from batch to batch ...
  int stride = 32;         // ... and stay multiples of this
  uint64_t seed = 0;
  RankShare shard;
  int threads = 1;   // in the background, at least 0
  int prefetch = 2;  // batches that are made ahead, at least 0
  size_t cache_bytes = size_t{2} << 30;
  bool labels = true;  // wanted: a set without any object is an error
};

// Where a run is: all that it takes to go on with the same bits.
struct LoaderState {
  uint64_t seed = 0;
  int64_t epoch = 0, batch_index = 0;  // of the batch that comes next
  // What must not have changed meanwhile.
  int64_t batch = 0;
  int64_t samples = 0;
  uint64_t data = 0;   // data_fingerprint()
  int64_t window = 0;  // AugmentContext::window: it depends on the cache's limit at the start

  bool operator==(const LoaderState&) const = default;
};

struct LoaderCounts {
  double waited = 0;  // seconds in next(), all together
  double worked = 0;  // seconds that threads spent making pictures, all together
  CacheCounts cache;
};

// Of the classes' names, the pictures' without folders, sizes and labels: not of their pixels.
uint64_t data_fingerprint(const Dataset& dataset);

class Loader {
 public:
  // From `start`, or from the beginning; then options.seed and the cache's influence on partners
  // are those of the start. The dataset must outlive the loader.
  // Errors: kUsage for options outside their range; kInput for a set without samples or without any
  // object, with fewer samples than a batch, or another than that of the start.
  static Result<std::unique_ptr<Loader>> create(const Dataset& dataset,
                                                const LoaderOptions& options,
                                                const std::optional<LoaderState>& start = {});
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  // Of an epoch.
  int64_t batches() const;
  // True after the last batch of the last epoch.
  bool finished() const;

  // The next batch, of this epoch or the one after it: valid until the next call. From one thread
  // at a time. Errors: those of PictureCache::get; the loader is of no use then. Requires
  // !finished().
  Result<const Batch*> next();

  // Where next() goes on: a loader that starts there gives the batches that this one will give.
  LoaderState state() const;
  LoaderCounts counts() const;
  // Pictures that were left out, since the last call; each is told once.
  std::vector<Finding> take_findings();

 private:
  class Pipeline;
  explicit Loader(std::unique_ptr<Pipeline> pipeline);
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace shrike
