#include "data/copies.h"

#include <map>
#include <set>
#include <string>

#include "base/file.h"
#include "base/sha256.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

using Paths = std::vector<fs::path>;
using Indices = std::vector<size_t>;
// What two files with the same bytes have in common; empty for what cannot be read.
using Key = std::string (*)(const fs::path&);

std::string size_of(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  return error ? std::string() : std::to_string(size);
}

std::string middle_of(const fs::path& path) {
  constexpr size_t kBytes = 4096;
  Result<FileWindow> file = FileWindow::open(path, ErrorKind::kInput);
  if (!file) return {};
  const auto bytes = file->bytes(file->size() / 2, kBytes);
  return std::to_string(file->size()) + ' ' + sha256_hex(bytes);
}

std::string digest_of(const fs::path& path) {
  constexpr size_t kPiece = size_t{1} << 18;
  Result<FileWindow> file = FileWindow::open(path, ErrorKind::kInput);
  if (!file) return {};
  Sha256 hash;
  for (uint64_t at = 0; at < file->size();) {
    const auto bytes = file->bytes(at, kPiece);
    if (bytes.empty()) return {};
    hash.update(bytes);
    at += bytes.size();
  }
  return hash.hex_digest();
}

// Leaves those of `a` and of `b` that have a key in common.
void keep_common(const Paths& pictures, Indices& a, const Paths& others, Indices& b, Key key) {
  std::map<std::string, Indices> of_others;
  for (const size_t i : b)
    if (std::string own = key(others[i]); !own.empty()) of_others[std::move(own)].push_back(i);
  std::set<std::string> common;
  std::erase_if(a, [&](size_t i) {
    const std::string own = key(pictures[i]);
    if (!of_others.contains(own)) return true;
    common.insert(own);
    return false;
  });
  b.clear();
  for (const std::string& own : common)
    b.insert(b.end(), of_others[own].begin(), of_others[own].end());
}

Indices all_of(const Paths& paths) {
  Indices indices(paths.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  return indices;
}

}  // namespace

std::vector<bool> copies_of(const Paths& pictures, const Paths& others) {
  Indices a = all_of(pictures), b = all_of(others);
  for (const Key key : {size_of, middle_of, digest_of}) keep_common(pictures, a, others, b, key);
  std::vector<bool> copies(pictures.size(), false);
  for (const size_t i : a) copies[i] = true;
  return copies;
}

}  // namespace shrike
