#include "validate/part_files.h"

#include <algorithm>
#include <span>
#include <system_error>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/sha256.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// Few files, and little that is done again.
constexpr size_t kMostBlocks = 256, kLeastBlock = 8;

// Of both as they are written: a digit that has changed is damage, and no other run.
std::string digest_of(const Json& run, const Json& pictures) {
  const std::string text = dump_json(run) + dump_json(pictures);
  return sha256_hex(std::as_bytes(std::span(text)));
}

// How each of them begins: other files are left alone.
constexpr std::string_view kStart = "{\"run\":";

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// What of `run` the other one does not have, or has otherwise.
std::string difference(const Json& run, const Json& other) {
  for (const auto& [key, value] : run.items()) {
    const Json* theirs = find(other, key.c_str());
    if (!theirs || *theirs != value)
      return key + " " + (theirs ? excerpt(dump_json(*theirs)) : "nothing") + ", not " +
             excerpt(dump_json(value));
  }
  return run.size() == other.size() ? "" : "more than is known";
}

}  // namespace

PartFiles::PartFiles(fs::path folder, Json run, size_t pictures)
    : folder_(std::move(folder)),
      run_(std::move(run)),
      pictures_(pictures),
      block_(std::max(kLeastBlock, (pictures + kMostBlocks - 1) / kMostBlocks)) {}

std::vector<size_t> PartFiles::pictures_of(size_t block) const {
  std::vector<size_t> pictures;
  for (size_t i = block * block_; i < std::min(pictures_, (block + 1) * block_); ++i)
    pictures.push_back(i);
  return pictures;
}

std::vector<size_t> PartFiles::share(size_t index, size_t count) const {
  std::vector<size_t> share;
  for (size_t block = index; block < blocks(); block += count) share.push_back(block);
  return share;
}

fs::path PartFiles::path_of(size_t block) const {
  return folder_ / ("part-" + std::to_string(block) + ".json");
}

Result<PartFile> PartFiles::read(size_t block) const {
  const fs::path path = path_of(block);
  std::error_code error;
  if (!fs::exists(path, error) && !error) return PartFile{};
  SHRIKE_ASSIGN(const std::shared_ptr<const MappedFile> file,
                MappedFile::open(path, ErrorKind::kRuntime));
  const std::span<const std::byte> bytes = file->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!kStart.starts_with(text.substr(0, kStart.size())))
    return usage_error(path.string() +
                       " is no part of such work; name another folder, or remove it");
  const Result<Json> json = parse_json(text, path.string());
  if (!json) return PartFile{{}, json.error().message};
  const auto damaged = [&](const std::string& why) {
    return PartFile{{}, path.string() + ": " + why};
  };
  const Json *run = find(*json, "run"), *pictures = find(*json, "pictures");
  if (!run || !run->is_object() || !pictures || !pictures->is_array())
    return damaged("what a part holds is not there");
  if (const Json* sha256 = find(*json, "sha256"); !sha256 || *sha256 != digest_of(*run, *pictures))
    return damaged("its bytes are not those that were written");
  if (const std::string differs = difference(run_, *run); !differs.empty())
    return usage_error(path.string() + " is of another run: " + differs +
                       "; name another folder, or remove it");
  if (pictures->size() != pictures_of(block).size())
    return damaged("not as many pictures as it should have");
  return PartFile{*pictures, {}};
}

Result<void> PartFiles::write(size_t block, Json pictures) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    return runtime_error("cannot make the folder " + folder_.string() + ": " + error.message());
  std::string digest = digest_of(run_, pictures);
  return write_file(
      path_of(block),
      dump_json(
          {{"run", run_}, {"sha256", std::move(digest)}, {"pictures", std::move(pictures)}}) +
          "\n");
}

}  // namespace shrike
