#include "augment/picture_cache.h"

#include <algorithm>
#include <new>

#include "base/excerpt.h"
#include "data/sample_list.h"
#include "vision/decode.h"
#include "vision/resize.h"

namespace shrike {

namespace {

size_t bytes_of(const Sample& sample, const Preprocess& preprocess) {
  const Placement placement = place(preprocess, sample.width, sample.height);
  return static_cast<size_t>(placement.width) * static_cast<size_t>(placement.height) *
         kImageChannels;
}

std::string size_text(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

}  // namespace

size_t PictureCache::bytes_of_all(const Dataset& dataset, const Preprocess& preprocess) {
  size_t bytes = 0;
  for (const Sample& sample : dataset.samples) bytes += bytes_of(sample, preprocess);
  return bytes;
}

PictureCache::PictureCache(const Dataset& dataset, const Preprocess& preprocess, size_t limit_bytes,
                           size_t window)
    : dataset_(dataset),
      preprocess_(preprocess),
      kept_limit_(limit_bytes),
      recent_limit_(0),
      entries_(dataset.samples.size()) {
  if (bytes_of_all(dataset, preprocess) <= limit_bytes) return;
  size_t largest = 0;
  for (const Sample& sample : dataset.samples)
    largest = std::max(largest, bytes_of(sample, preprocess));
  recent_limit_ = std::min(limit_bytes, window * largest);
  kept_limit_ = limit_bytes - recent_limit_;
}

Result<SourcePicture> PictureCache::get(size_t sample) {
  const size_t count = dataset_.samples.size();
  for (size_t step = 0; step < count; ++step) {
    const size_t one = (sample + step) % count;
    SHRIKE_ASSIGN(std::shared_ptr<const Image> image, picture_of(one));
    const Sample& known = dataset_.samples[one];
    if (image) return SourcePicture{std::move(image), known.width, known.height, known.truth};
  }
  return input_error("no picture of " + shown_path(dataset_.source) + " can be read");
}

Result<std::shared_ptr<const Image>> PictureCache::picture_of(size_t sample) {
  Entry& entry = entries_[sample];
  Lock lock(mutex_);
  loaded_.wait(lock, [&] { return !entry.loading; });
  if (entry.condition == Condition::kBroken) return std::shared_ptr<const Image>();
  if (auto image = held(entry)) return image;
  entry.loading = true;
  ++counts_.decoded;
  lock.unlock();
  Result<std::shared_ptr<const Image>> image = load(sample);
  lock.lock();
  entry.loading = false;
  loaded_.notify_all();
  if (image) {
    entry.condition = Condition::kSound;
    keep(sample, *image);
    return image;
  }
  if (image.error().kind != ErrorKind::kInput) return image;
  entry.condition = Condition::kBroken;
  const std::filesystem::path& path = dataset_.samples[sample].picture;
  findings_.push_back(
      {sample, {FindingKind::kCorruptPicture, path, 0, reason_of(image.error(), path)}});
  return std::shared_ptr<const Image>();
}

std::shared_ptr<const Image> PictureCache::held(Entry& entry) {
  if (!entry.image) return nullptr;
  ++counts_.found;
  if (entry.recent) recent_.splice(recent_.end(), recent_, entry.place);
  return entry.image;
}

Result<std::shared_ptr<const Image>> PictureCache::load(size_t sample) const {
  const Sample& known = dataset_.samples[sample];
  SHRIKE_ASSIGN(Image image, read_image(known.picture));
  if (image.width() != known.width || image.height() != known.height)
    return input_error("its header said " + size_text(known.width, known.height) + ", now it is " +
                       size_text(image.width(), image.height()));
  const Placement placement = place(preprocess_, known.width, known.height);
  try {
    if (placement.width == image.width() && placement.height == image.height())
      return std::make_shared<const Image>(std::move(image));
    return std::make_shared<const Image>(resize(image, placement.width, placement.height));
  } catch (const std::bad_alloc&) {
    return runtime_error("cannot read " + shown_path(known.picture) + ": not enough memory");
  }
}

void PictureCache::keep(size_t sample, const std::shared_ptr<const Image>& image) {
  Entry& entry = entries_[sample];
  const size_t bytes = image->bytes().size();
  if (kept_bytes_ + bytes <= kept_limit_) {
    entry.image = image;
    kept_bytes_ += bytes;
    return;
  }
  if (bytes > recent_limit_) return;
  while (recent_bytes_ + bytes > recent_limit_) {
    Entry& oldest = entries_[recent_.front()];
    recent_bytes_ -= oldest.image->bytes().size();
    oldest.image = nullptr;
    oldest.recent = false;
    recent_.pop_front();
  }
  entry.image = image;
  entry.recent = true;
  entry.place = recent_.insert(recent_.end(), sample);
  recent_bytes_ += bytes;
}

CacheCounts PictureCache::counts() const {
  const std::lock_guard lock(mutex_);
  CacheCounts counts = counts_;
  counts.bytes = kept_bytes_ + recent_bytes_;
  return counts;
}

std::vector<Finding> PictureCache::take_findings() {
  const std::lock_guard lock(mutex_);
  std::stable_sort(findings_.begin(), findings_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Finding> findings;
  for (auto& [sample, finding] : findings_) findings.push_back(std::move(finding));
  findings_.clear();
  return findings;
}

}  // namespace shrike
