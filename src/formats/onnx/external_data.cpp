#include "formats/onnx/external_data.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <system_error>

#include "base/excerpt.h"

namespace shrike::onnx {

namespace fs = std::filesystem;

namespace {

bool is_inside(const fs::path& file, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first ==
         folder.end();
}

}  // namespace

FileDescriptor open_beneath(const fs::path& folder, const fs::path& relative) {
  constexpr int kFolder = O_PATH | O_DIRECTORY | O_CLOEXEC;
  FileDescriptor at(::open(folder.c_str(), kFolder | O_NOFOLLOW));
  for (auto part = relative.begin(); part != relative.end() && at.get() >= 0; ++part) {
    const int how = std::next(part) == relative.end() ? kOpenToRead : kFolder;
    at = FileDescriptor(::openat(at.get(), part->c_str(), how | O_NOFOLLOW));
  }
  return at;
}

Result<ExternalData::File> ExternalData::open(std::string_view location) {
  const auto refuse = [&](const std::string& why) {
    return model_error("external data " + in_quotes(location) + " " + why);
  };
  const fs::path relative(location);
  if (folder_.empty()) return refuse("is not available: the model has no folder");
  if (location.empty() || location.find('\0') != std::string_view::npos || relative.is_absolute() ||
      std::find(relative.begin(), relative.end(), "..") != relative.end())
    return refuse("is not a plain path inside the model's folder");

  std::error_code error;
  const fs::path folder = fs::canonical(folder_, error);
  if (error) return refuse("cannot be found: " + error.message());
  const fs::path path = fs::canonical(folder / relative, error);
  if (error) return refuse("cannot be read: " + error.message());
  if (!is_inside(path, folder)) return refuse("is a link out of the model's folder");
  if (const auto found = paths_.find(path); found != paths_.end()) return found->second;
  FileDescriptor descriptor = open_beneath(folder, path.lexically_relative(folder));
  // A hard link may be somebody else's file under a harmless name.
  struct stat status {};
  if (descriptor.get() >= 0 && ::fstat(descriptor.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_nlink != 1)
    return refuse("has other hard links, so it may belong elsewhere");
  SHRIKE_ASSIGN(File file, MappedFile::map(std::move(descriptor), path, ErrorKind::kModel));
  return paths_.emplace(path, std::move(file)).first->second;
}

Result<ExternalRange> ExternalData::read(std::string_view location, uint64_t offset,
                                         uint64_t size) {
  auto found = files_.find(location);
  if (found == files_.end()) {
    SHRIKE_ASSIGN(File file, open(location));
    found = files_.emplace(location, std::move(file)).first;
  }
  const std::span<const std::byte> bytes = found->second->bytes();
  if (offset > bytes.size() || size > bytes.size() - offset)
    return model_error("external data " + in_quotes(location) + " has " +
                       std::to_string(bytes.size()) + " bytes; " + std::to_string(size) +
                       " from offset " + std::to_string(offset) + " are wanted");
  return ExternalRange{bytes.subspan(offset, size), found->second};
}

std::vector<fs::path> ExternalData::files() const {
  std::vector<fs::path> files;
  for (const auto& [path, file] : paths_) files.push_back(path);
  return files;
}

}  // namespace shrike::onnx
