#include "base/glob.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <system_error>

namespace shrike {

namespace fs = std::filesystem;

namespace {

// The names in `folder` that one part of a pattern means, sorted. A leading period is matched by a
// period alone.
std::vector<fs::path> matches_in(const fs::path& folder, const std::string& part) {
  std::vector<fs::path> names;
  std::error_code error;
  fs::directory_iterator it(folder.empty() ? fs::path(".") : folder, error);
  for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
    const fs::path name = it->path().filename();
    if (::fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// One step down: what of `folders` has what `part` means. Of paths that lead to one folder the
// first is kept, or folders that links lead to often would be gone through each time.
std::vector<fs::path> below(const std::vector<fs::path>& folders, const std::string& part,
                            bool last) {
  std::vector<fs::path> found;
  std::set<fs::path> places;
  for (const fs::path& folder : folders) {
    const bool plain = part.find_first_of("*?[\\") == std::string::npos;
    for (const fs::path& name : plain ? std::vector<fs::path>{part} : matches_in(folder, part)) {
      const fs::path path = folder / name;
      std::error_code error;
      if (last ? !fs::exists(fs::symlink_status(path, error)) : !fs::is_directory(path, error))
        continue;
      if (!last && !places.insert(fs::canonical(path, error)).second) continue;
      found.push_back(path);
    }
  }
  return found;
}

}  // namespace

bool has_wildcard(const std::string& path) {
  return path.find_first_of("*?[") != std::string::npos;
}

std::vector<fs::path> matching_paths(const std::string& pattern) {
  std::vector<fs::path> paths = {pattern.starts_with('/') ? fs::path("/") : fs::path()};
  std::string_view rest = pattern;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string part(rest.substr(0, slash));
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    if (!part.empty()) paths = below(paths, part, slash == std::string_view::npos);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace shrike
