#include "formats/onnx/external_data.h"

#include <algorithm>
#include <system_error>

namespace shrike::onnx {

namespace fs = std::filesystem;

namespace {

bool is_inside(const fs::path& file, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first ==
         folder.end();
}

}  // namespace

Result<ExternalData::File> ExternalData::open(std::string_view location) {
  const auto refuse = [&](const std::string& why) {
    return model_error("external data '" + std::string(location) + "' " + why);
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
  // A hard link may be somebody else's file under a harmless name.
  const uintmax_t links = fs::hard_link_count(path, error);
  if (error || (links != 1 && fs::is_regular_file(path, error)))
    return refuse("has other hard links, so it may belong elsewhere");
  if (const auto found = paths_.find(path); found != paths_.end()) return found->second;
  SHRIKE_ASSIGN(File file, MappedFile::open(path, ErrorKind::kModel));
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
    return model_error("external data '" + std::string(location) + "' has " +
                       std::to_string(bytes.size()) + " bytes; " + std::to_string(size) +
                       " from offset " + std::to_string(offset) + " are wanted");
  return ExternalRange{bytes.subspan(offset, size), found->second};
}

}  // namespace shrike::onnx
