#include "augment/batch_maker.h"

#include <algorithm>
#include <cmath>

#include "augment/augmentation.h"
#include "augment/painter.h"

namespace shrike {

namespace {

// Pictures in use at about the same time: a window's, and those of the batches ahead of it.
size_t used_together(const LoaderOptions& options, int64_t window) {
  return static_cast<size_t>(window + options.batch * (options.prefetch + 1));
}

}  // namespace

BatchMaker::BatchMaker(const Dataset& dataset, const LoaderOptions& options, int64_t window)
    : options_(options),
      closed_(options.augment.closed()),
      window_(window),
      sampler_{static_cast<int64_t>(dataset.samples.size()), options.batch, options.shard},
      cache_(dataset, options.preprocess, options.cache_bytes, used_together(options, window)),
      source_([this](size_t sample) { return cache_.get(sample); }) {}

// One of the multiples of the stride that the longer side may have, all as likely; the other side
// in proportion.
BatchMaker::Size BatchMaker::size_of(int64_t epoch, int64_t index) const {
  const int width = options_.preprocess.width, height = options_.preprocess.height;
  if (options_.multi_scale == 0) return {width, height};
  const int stride = options_.stride, longer = std::max(width, height);
  const auto least = static_cast<int64_t>(std::ceil(longer * (1 - options_.multi_scale) / stride));
  const auto most = static_cast<int64_t>(std::floor(longer * (1 + options_.multi_scale) / stride));
  const int64_t first = std::max(least, int64_t{1}), count = std::max(most - first + 1, int64_t{1});
  const double drawn = static_cast<double>(
      (first + Draws(options_.seed, epoch, index).below(count, Draw::kBatchSize)) * stride);
  const auto side = [&](int base) {
    const auto strides = std::lround(drawn * base / longer / stride);
    return static_cast<int>(std::max(strides, 1L) * stride);
  };
  return {side(width), side(height)};
}

std::shared_ptr<const BatchMaker::Order> BatchMaker::order_of(int64_t epoch) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [known, order] : orders_)
    if (known == epoch) return order;
  if (orders_.size() == 2) orders_.erase(orders_.begin());
  auto order = std::make_shared<const Order>(epoch_order(options_.seed, epoch, sampler_.samples));
  orders_.emplace_back(epoch, order);
  return order;
}

void BatchMaker::begin(int64_t epoch, int64_t index, Batch& batch) const {
  const Size size = size_of(epoch, index);
  const Sampler::Slice slice = sampler_.slice(index);
  const auto order = order_of(epoch);
  batch.epoch = epoch;
  batch.index = index;
  batch.last = index + 1 == sampler_.batches();
  batch.width = size.width;
  batch.height = size.height;
  const auto first = order->begin() + slice.first;
  batch.samples.assign(first, first + slice.count);
  const size_t bytes = batch.pictures() * batch.picture_bytes();
  if (batch.pixels.size() < bytes) batch.pixels.resize(bytes);
  batch.targets.clear();
}

bool BatchMaker::is_closed(int64_t epoch, int64_t index) const {
  const int closed = options_.augment.close_mosaic;
  if (closed == 0) return false;
  const int64_t open = options_.open_batches.value_or((options_.epochs - closed) * sampler_.batches());
  return epoch * sampler_.batches() + index >= open;
}

Result<void> BatchMaker::make(size_t picture, Batch& batch, std::vector<Target>& targets) {
  const auto order = order_of(batch.epoch);
  const int64_t position = sampler_.slice(batch.index).first + static_cast<int64_t>(picture);
  const AugmentContext context = {is_closed(batch.epoch, batch.index) ? closed_ : options_.augment,
                                  options_.preprocess,
                                  source_,
                                  *order,
                                  position,
                                  window_,
                                  Draws(options_.seed, batch.epoch, position)};
  SHRIKE_ASSIGN(const Composition composition, compose(context));
  paint(composition, batch.width, batch.height,
        batch.pixels.data() + picture * batch.picture_bytes());

  const double x = static_cast<double>(batch.width) / composition.width;
  const double y = static_cast<double>(batch.height) / composition.height;
  targets.clear();
  for (const LabelledBox& object : composition.objects) {
    const Rect& box = object.box;
    targets.push_back({static_cast<int>(picture),
                       object.class_id,
                       {static_cast<float>(box.x1 * x), static_cast<float>(box.y1 * y),
                        static_cast<float>(box.x2 * x), static_cast<float>(box.y2 * y)}});
  }
  return {};
}

}  // namespace shrike
