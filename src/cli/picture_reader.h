// Pictures one after the other, the next one read while the caller is at work on the one before.
#pragma once

#include <filesystem>
#include <future>
#include <memory>
#include <vector>

#include "base/result.h"
#include "vision/image.h"

namespace shrike {

class PictureReader {
 public:
  // Borrows the paths.
  explicit PictureReader(const std::vector<std::filesystem::path>& paths);
  PictureReader(const PictureReader&) = delete;
  PictureReader& operator=(const PictureReader&) = delete;

  // The pictures in order, one a call. Errors: those of read_image().
  Result<Image> next();

 private:
  void start();

  const std::vector<std::filesystem::path>& paths_;
  size_t at_ = 0;
  std::unique_ptr<Result<Image>> image_;  // of pending_, which goes first
  std::future<void> pending_;
};

}  // namespace shrike
