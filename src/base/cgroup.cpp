#include "base/cgroup.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

namespace shrike {

namespace {

namespace fs = std::filesystem;

// Of one group, in cores; 0 for none. "max" and "-1" are no limit.
double quota_of(const fs::path& group) {
  std::string quota, period;
  if (!(std::ifstream(group / "cpu.max") >> quota >> period)) {
    std::ifstream(group / "cpu.cfs_quota_us") >> quota;
    std::ifstream(group / "cpu.cfs_period_us") >> period;
  }
  const auto number = [](const std::string& text) {
    long value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return static_cast<double>(value);
  };
  return number(quota) > 0 && number(period) > 0 ? number(quota) / number(period) : 0;
}

// Of the group `path` below `mount` and those above it, up to the mount.
double least_quota(const fs::path& mount, std::string_view path) {
  double least = 0;
  for (fs::path below = fs::path(path).relative_path();; below = below.parent_path()) {
    const double quota = quota_of(mount / below);
    if (quota > 0 && (least == 0 || quota < least)) least = quota;
    if (below.empty()) return least;
  }
}

}  // namespace

double cgroup_cores(const fs::path& mounts, std::string_view own) {
  double least = 0;
  while (!own.empty()) {
    const std::string_view line = own.substr(0, own.find('\n'));
    own.remove_prefix(std::min(line.size() + 1, own.size()));
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string controllers(line.substr(first + 1, second - first - 1));
    const bool cpu = ("," + controllers + ",").find(",cpu,") != std::string::npos;
    if (!controllers.empty() && !cpu) continue;
    std::error_code error;
    fs::path mount = mounts / controllers;
    // Several controllers of version 1 share a folder, which is not always called after both.
    if (cpu && !fs::exists(mount, error)) mount = mounts / "cpu";
    const double quota = least_quota(mount, line.substr(second + 1));
    if (quota > 0 && (least == 0 || quota < least)) least = quota;
  }
  return least;
}

}  // namespace shrike
