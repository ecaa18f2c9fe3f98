// File names from patterns with *, ? and [...].
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace shrike {

bool has_wildcard(const std::string& path);

// What matches as glob(3) says it, in the order of names; nothing where nothing does.
std::vector<std::filesystem::path> matching_paths(const std::string& pattern);

}  // namespace shrike
