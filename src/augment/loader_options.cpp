#include "augment/loader_options.h"

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>

#include "base/excerpt.h"

namespace shrike {

namespace {

// Of the partners' window where not all pictures fit into memory: batches.
constexpr int64_t kWindowBatches = 8;

std::string name_of(const Dataset& dataset) {
  return shown_path(dataset.source) + (dataset.split.empty() ? "" : ", split " + dataset.split);
}

// 64-bit FNV-1a.
class Hash {
 public:
  void add(std::string_view bytes) {
    add(bytes.size());
    for (const char c : bytes) add_byte(static_cast<uint8_t>(c));
  }
  void add(double value) { add(std::bit_cast<uint64_t>(value)); }
  void add(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<uint8_t>(value >> shift));
  }
  uint64_t value() const { return hash_; }

 private:
  void add_byte(uint8_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }
  uint64_t hash_ = 0xcbf29ce484222325;
};

Result<void> check_range(std::string_view name, double value, double least, double most) {
  if (value >= least && value <= most) return {};
  const auto text = [](double number) { return std::to_string(static_cast<int64_t>(number)); };
  return usage_error(std::string(name) + " must lie in " + text(least) + ".." + text(most) +
                     ", not be " + text(value));
}

}  // namespace

uint64_t data_fingerprint(const Dataset& dataset) {
  Hash hash;
  hash.add(uint64_t{dataset.names.size()});
  for (const std::string& name : dataset.names) hash.add(name);
  for (const Sample& sample : dataset.samples) {
    hash.add(sample.picture.filename().native());
    hash.add(static_cast<uint64_t>(sample.width));
    hash.add(static_cast<uint64_t>(sample.height));
    hash.add(uint64_t{sample.truth.size()});
    for (const Truth& t : sample.truth) {
      for (const double value : {t.x, t.y, t.width, t.height}) hash.add(value);
      hash.add(static_cast<uint64_t>(t.class_id));
      hash.add(uint64_t{!t.counts()});
    }
  }
  return hash.value();
}

Result<void> check(const LoaderOptions& options) {
  SHRIKE_TRY(check(options.augment));
  constexpr double kMany = 1 << 30;
  SHRIKE_TRY(check_range("the input's width", options.preprocess.width, 1, kMostSide));
  SHRIKE_TRY(check_range("the input's height", options.preprocess.height, 1, kMostSide));
  SHRIKE_TRY(check_range("epochs", static_cast<double>(options.epochs), 1, kMany));
  SHRIKE_TRY(check_range("batch", static_cast<double>(options.batch), 1, kMany));
  SHRIKE_TRY(check_range("stride", options.stride, 1, kMostSide));
  SHRIKE_TRY(check_range("threads", options.threads, 0, 1024));
  SHRIKE_TRY(check_range("prefetch", options.prefetch, 0, 1024));
  SHRIKE_TRY(check_range("ranks", options.shard.ranks, 1, static_cast<double>(options.batch)));
  SHRIKE_TRY(check_range("rank", options.shard.rank, 0, options.shard.ranks - 1));
  if (!(options.multi_scale >= 0 && options.multi_scale <= 0.9))
    return usage_error("multi_scale must lie in 0..0.9");
  return {};
}

Result<void> check_data(const Dataset& dataset, const LoaderOptions& options) {
  if (dataset.samples.empty()) return input_error("no pictures to learn from: " + name_of(dataset));
  const bool has_objects =
      std::any_of(dataset.samples.begin(), dataset.samples.end(), [](const Sample& sample) {
        return std::any_of(sample.truth.begin(), sample.truth.end(),
                           [](const Truth& t) { return t.counts(); });
      });
  if (options.labels && !has_objects) return input_error("no labels at all: " + name_of(dataset));
  if (options.batch > static_cast<int64_t>(dataset.samples.size()))
    return input_error("a batch of " + std::to_string(options.batch) + " is more than the " +
                       std::to_string(dataset.samples.size()) + " pictures of " + name_of(dataset));
  return {};
}

LoaderState first_state(const Dataset& dataset, const LoaderOptions& options) {
  const auto samples = static_cast<int64_t>(dataset.samples.size());
  const bool all_fit =
      PictureCache::bytes_of_all(dataset, options.preprocess) <= options.cache_bytes;
  return {options.seed,
          0,
          0,
          options.batch,
          samples,
          data_fingerprint(dataset),
          all_fit ? 0 : std::min(kWindowBatches * options.batch, samples)};
}

Result<void> check_start(const LoaderState& start, const Dataset& dataset,
                         const LoaderOptions& options) {
  if (start.samples != static_cast<int64_t>(dataset.samples.size()) ||
      start.data != data_fingerprint(dataset))
    return input_error("the data set is not the one that the run began with: " + name_of(dataset) +
                       " has " + std::to_string(dataset.samples.size()) +
                       " pictures, then it had " + std::to_string(start.samples) +
                       (start.samples == static_cast<int64_t>(dataset.samples.size())
                            ? " with other names, classes or labels"
                            : ""));
  if (start.batch != options.batch)
    return usage_error("the run began with a batch of " + std::to_string(start.batch) + ", not " +
                       std::to_string(options.batch));
  const Sampler sampler = {start.samples, start.batch, options.shard};
  if (start.epoch < 0 || start.epoch > options.epochs || start.batch_index < 0 ||
      start.batch_index >= sampler.batches() || start.window < 0)
    return usage_error("the run cannot go on at epoch " + std::to_string(start.epoch) + ", batch " +
                       std::to_string(start.batch_index) + " of " + std::to_string(options.epochs) +
                       " epochs of " + std::to_string(sampler.batches()) + " batches");
  return {};
}

}  // namespace shrike
