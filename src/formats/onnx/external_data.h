// Tensor data that a model keeps in files beside itself, read without letting a hostile model name
// any other file.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace shrike::onnx {

// Opens `relative`, a path without "..", part by part from `folder`, for reading. No part is
// followed where it is a link: whoever puts one there after the path was looked at gets an error
// (ELOOP, ENOTDIR). -1: errno says why.
FileDescriptor open_beneath(const std::filesystem::path& folder,
                            const std::filesystem::path& relative);

struct ExternalRange {
  std::span<const std::byte> bytes;
  std::shared_ptr<const MappedFile> file;  // keeps the bytes alive
};

class ExternalData {
 public:
  // `folder` of the model; empty: every read is refused.
  explicit ExternalData(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // `size` bytes from `offset` of the file `location` under the folder. Errors (kModel) name the
  // location: absolute, with "..", resolving outside the folder, a file with another hard link,
  // or shorter than offset + size.
  Result<ExternalRange> read(std::string_view location, uint64_t offset, uint64_t size);

  // What has been opened so far, links resolved.
  std::vector<std::filesystem::path> files() const;

 private:
  using File = std::shared_ptr<const MappedFile>;
  Result<File> open(std::string_view location);

  std::filesystem::path folder_;
  std::map<std::string, File, std::less<>> files_;  // by location
  std::map<std::filesystem::path, File> paths_;     // by what locations resolve to: no file twice
};

}  // namespace shrike::onnx
