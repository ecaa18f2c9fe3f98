#include "base/cgroup.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace shrike {

namespace {

namespace fs = std::filesystem;

// Of one group; 0 for none.
using LimitOf = double (*)(const fs::path& group);

// 0 for "max", which is no limit, and all else that is no number.
double number(const std::string& text) {
  long value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return static_cast<double>(value);
}

double cores_of(const fs::path& group) {
  std::string quota, period;
  if (!(std::ifstream(group / "cpu.max") >> quota >> period)) {
    std::ifstream(group / "cpu.cfs_quota_us") >> quota;
    std::ifstream(group / "cpu.cfs_period_us") >> period;
  }
  return number(quota) > 0 && number(period) > 0 ? number(quota) / number(period) : 0;
}

double bytes_of(const fs::path& group) {
  std::string most;
  if (!(std::ifstream(group / "memory.max") >> most))
    std::ifstream(group / "memory.limit_in_bytes") >> most;
  return number(most);
}

double lesser(double a, double b) { return a > 0 && (b <= 0 || a < b) ? a : b; }

// Of the group `path` below `mount` and those above it, up to the mount.
double least_above(const fs::path& mount, std::string_view path, LimitOf limit_of) {
  double least = 0;
  for (fs::path below = fs::path(path).relative_path();; below = below.parent_path()) {
    least = lesser(limit_of(mount / below), least);
    if (below.empty()) return least;
  }
}

double least_limit(const fs::path& mounts, std::string_view own, const std::string& controller,
                   LimitOf limit_of) {
  double least = 0;
  while (!own.empty()) {
    const std::string_view line = own.substr(0, own.find('\n'));
    own.remove_prefix(std::min(line.size() + 1, own.size()));
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string controllers(line.substr(first + 1, second - first - 1));
    const bool named = ("," + controllers + ",").find("," + controller + ",") != std::string::npos;
    if (!controllers.empty() && !named) continue;
    std::error_code error;
    fs::path mount = mounts / controllers;
    // Several controllers of version 1 share a folder, which is not always called after both.
    if (named && !fs::exists(mount, error)) mount = mounts / controller;
    least = lesser(least_above(mount, line.substr(second + 1), limit_of), least);
  }
  return least;
}

}  // namespace

double cgroup_cores(const fs::path& mounts, std::string_view own) {
  return least_limit(mounts, own, "cpu", cores_of);
}

uint64_t cgroup_memory(const fs::path& mounts, std::string_view own) {
  return static_cast<uint64_t>(std::max(least_limit(mounts, own, "memory", bytes_of), 0.0));
}

std::string own_cgroups() {
  std::ifstream file("/proc/self/cgroup");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace shrike
