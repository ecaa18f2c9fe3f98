#include "base/glob.h"

#include <glob.h>

namespace shrike {

bool has_wildcard(const std::string& path) {
  return path.find_first_of("*?[") != std::string::npos;
}

std::vector<std::filesystem::path> matching_paths(const std::string& pattern) {
  glob_t matches = {};
  std::vector<std::filesystem::path> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &matches) == 0)
    paths.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  ::globfree(&matches);
  return paths;
}

}  // namespace shrike
