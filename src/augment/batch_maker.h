// BatchMaker: what the batches of a run hold, picture by picture; no threads, no order of work.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "augment/batch.h"
#include "augment/loader.h"
#include "augment/picture_cache.h"
#include "augment/sampler.h"

namespace shrike {

class BatchMaker {
 public:
  // The dataset must outlive it. `options` with the seed and `window` with which the run started.
  BatchMaker(const Dataset& dataset, const LoaderOptions& options, int64_t window);

  const Sampler& sampler() const { return sampler_; }
  PictureCache& cache() { return cache_; }
  const PictureCache& cache() const { return cache_; }

  // Epoch, index, size and samples of a batch, and room for its pictures.
  void begin(int64_t epoch, int64_t index, Batch& batch) const;

  // Paints a picture of a batch that was begun; its objects replace `targets`. Pictures may be made
  // side by side, in any order.
  Result<void> make(size_t picture, Batch& batch, std::vector<Target>& targets);

 private:
  using Order = std::vector<uint32_t>;

  struct Size {
    int width = 0, height = 0;
  };

  // Whether a batch is one of those at the end without mosaic, mixup and cutmix.
  bool is_closed(int64_t epoch, int64_t index) const;
  Size size_of(int64_t epoch, int64_t index) const;
  std::shared_ptr<const Order> order_of(int64_t epoch) const;

  LoaderOptions options_;
  AugmentSettings closed_;
  int64_t window_;
  Sampler sampler_;
  PictureCache cache_;
  PictureSource source_;

  // Of the two epochs that are worked on.
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<int64_t, std::shared_ptr<const Order>>> orders_;
};

}  // namespace shrike
