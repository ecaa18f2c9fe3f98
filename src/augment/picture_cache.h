// PictureCache: the pictures of a data set, decoded and shrunk to the network's input once, and
// kept in memory within a limit.
//
// Where all fit, all stay. Else a part of the limit holds the pictures used last, as many as
// neighbours of one epoch use together (`window`), and the rest the ones that came first, which
// stay for good: whoever goes through the set again and again finds those there.
//
// A picture that cannot be decoded, or has not the size that the data set knows, is left out: it
// is a finding, and the next sample whose picture can be read stands in for it, always the same.
// All functions are safe to call from several threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "augment/augmentation.h"
#include "base/result.h"
#include "data/dataset.h"
#include "vision/letterbox.h"

namespace shrike {

struct CacheCounts {
  int64_t found = 0, decoded = 0;  // pictures asked for that were there, and that were not
  size_t bytes = 0;                // held now
};

class PictureCache {
 public:
  // The dataset must outlive it. `window`: pictures that are used at about the same time.
  PictureCache(const Dataset& dataset, const Preprocess& preprocess, size_t limit_bytes,
               size_t window);

  // Bytes that all pictures of the set take, by their headers.
  static size_t bytes_of_all(const Dataset& dataset, const Preprocess& preprocess);

  // The picture of `sample`, or what stands in for it, as place() sizes it; it lives as long as
  // somebody holds it, beyond the limit, too. Errors: kInput where no sample of the set can be
  // read, kRuntime where memory or open files do not suffice.
  Result<SourcePicture> get(size_t sample);

  CacheCounts counts() const;
  // What was found since the last call, in the order of the samples.
  std::vector<Finding> take_findings();

 private:
  enum class Condition : uint8_t { kUnknown, kSound, kBroken };

  struct Entry {
    std::shared_ptr<const Image> image;  // null: not held
    Condition condition = Condition::kUnknown;
    bool loading = false;
    bool recent = false;  // then, where it stands in recent_
    std::list<size_t>::iterator place;
  };

  using Lock = std::unique_lock<std::mutex>;

  // The sample's own picture; null where it is broken.
  Result<std::shared_ptr<const Image>> picture_of(size_t sample);
  std::shared_ptr<const Image> held(Entry& entry);
  // What stands in the file, sized; kInput where it is broken.
  Result<std::shared_ptr<const Image>> load(size_t sample) const;
  void keep(size_t sample, const std::shared_ptr<const Image>& image);

  const Dataset& dataset_;
  const Preprocess preprocess_;
  size_t kept_limit_, recent_limit_;  // bytes

  mutable std::mutex mutex_;
  std::condition_variable loaded_;
  std::vector<Entry> entries_;
  std::list<size_t> recent_;  // the one used last at the end
  size_t kept_bytes_ = 0, recent_bytes_ = 0;
  CacheCounts counts_;
  std::vector<std::pair<size_t, Finding>> findings_;
};

}  // namespace shrike
