// The floats of a Darknet .weights file, handed out in the order in which the layers take them.
//
// Layout, little-endian: major, minor, revision (int32 each); images seen in training (int64 from
// version 0.2 on, else int32); then floats without any structure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/file.h"
#include "base/tensor.h"

namespace shrike::darknet {

class Weights {
 public:
  // Errors (kModel) name the file: not readable, no whole header.
  static Result<Weights> open(const std::filesystem::path& path);
  // Of no file: zeros, as many as are asked for.
  static Weights zeros() { return Weights({}, nullptr, 0); }

  // The next floats as a tensor that borrows the file. Nothing once the file has run out; what is
  // then still asked for is counted. Requires a shape that has an element_count(), and that those of
  // all calls together stay below 2^60.
  std::optional<Tensor> take(const Shape& shape);

  // An error that says how many floats and bytes are missing or left over; of zeros (kRuntime), that
  // there was not the memory for them.
  Result<void> finish() const;

 private:
  Weights(std::filesystem::path path, std::shared_ptr<const MappedFile> file, size_t header)
      : path_(std::move(path)), file_(std::move(file)), at_(header) {}

  std::filesystem::path path_;
  std::shared_ptr<const MappedFile> file_;  // null: zeros
  size_t at_;            // bytes read so far
  int64_t wanted_ = 0;   // floats asked for
  int64_t missing_ = 0;  // of these, not in the file
};

}  // namespace shrike::darknet
