// What a control group (a container, a service) lets its processes have of the processors and of
// the memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace shrike {

// Each is the least limit of a process's control groups: its own and all above it, for any of them
// may be the one that counts. 0 where none has one. `mounts` is where control groups are mounted
// (/sys/fs/cgroup) and `own` the text of /proc/PID/cgroup: lines "ID:CONTROLLERS:PATH", where the
// unified hierarchy has no controllers and version 1's names cpu or memory among them. A path that
// is not there, as in a container that sees only its own part, counts from the first folder above
// it that is. Source: the kernel's Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst
// and scheduler/sched-bwc.rst.

// In cores: cpu.max, "QUOTA PERIOD"; of version 1 cpu.cfs_quota_us and cpu.cfs_period_us.
double cgroup_cores(const std::filesystem::path& mounts, std::string_view own);

// In bytes: memory.max; of version 1 memory.limit_in_bytes, where a huge number is no limit.
uint64_t cgroup_memory(const std::filesystem::path& mounts, std::string_view own);

// The text of /proc/self/cgroup; empty where there is none.
std::string own_cgroups();

}  // namespace shrike
