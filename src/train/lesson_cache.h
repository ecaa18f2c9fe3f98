// LessonCache: what a teacher said of a picture, on disk, for when the same pixels come again. That is where
// augmentation leaves them as they are, or makes few pictures of one.
//
// A file a picture, named by the SHA-256 of the network, the size and the pixels: a digest of name and floats,
// and the floats as they were, so that what is learned has the same bits with and without the cache.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "augment/batch.h"
#include "base/tensor.h"
#include "ir/graph.h"

namespace shrike::train {

class LessonCache {
 public:
  // Files of this network that lie in `folder` are found again; it is made with the first one. All files there
  // count towards `most_bytes`, after which none is added; nor is one that leaves less than `spared_bytes` on the
  // disk: room for checkpoints and models.
  LessonCache(std::filesystem::path folder, const Graph& network, size_t most_bytes,
              size_t spared_bytes = size_t{1} << 30);

  // Of a picture of a batch.
  std::string key(const Batch& batch, size_t picture) const;

  // f32 tensors of those shapes, or none: not there, or not whole. Thread-safe.
  std::vector<Tensor> find(const std::string& key, std::span<const Shape> shapes) const;

  // After one that could not be written none is added, and all are removed: others need the disk.
  // Thread-safe.
  void keep(const std::string& key, std::span<const Tensor> outputs);

  // Why one could not be written, said once; empty where all were. Thread-safe.
  std::string take_trouble();

 private:
  std::filesystem::path folder_;
  std::string network_;
  size_t spared_;             // bytes
  std::atomic<size_t> left_;  // bytes
  std::mutex mutex_;  // of what follows
  bool failed_ = false;
  std::string trouble_;
};

}  // namespace shrike::train
