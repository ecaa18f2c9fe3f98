#include "shared_files.h"

#include <cctype>
#include <cstdlib>
#include <vector>

#include "pull/cache.h"

namespace shrike {

namespace fs = std::filesystem;

fs::path shared_folder() {
  const char* given = std::getenv("SHRIKE_SHARED");
  return given ? fs::path(given) : fs::path(SHRIKE_SOURCE_DIR) / ".." / "shared";
}

std::optional<fs::path> find_model(const std::string& name) {
  std::vector<fs::path> folders = {shared_folder() / "models"};
  if (const Result<fs::path> cache = cache_folder()) folders.push_back(*cache / "models" / name);
  for (const fs::path& folder : folders)
    for (const char* ending : {".onnx", ".cfg"})
      if (fs::exists(folder / (name + ending))) return folder / (name + ending);
  return std::nullopt;
}

std::string test_name(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

}  // namespace shrike
