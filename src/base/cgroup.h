// What a control group (a container, a service) lets its processes have of the processors.
#pragma once

#include <filesystem>
#include <string_view>

namespace shrike {

// The least quota, in cores, of a process's control groups: its own and all above it, for any of
// them may be the limit. 0 where none has one. `mounts` is where control groups are mounted
// (/sys/fs/cgroup) and `own` the text of /proc/PID/cgroup: lines "ID:CONTROLLERS:PATH", where the
// unified hierarchy (cpu.max, "QUOTA PERIOD") has no controllers and version 1's (cpu.cfs_quota_us
// and cpu.cfs_period_us) names cpu among them. A path that is not there, as in a container that
// sees only its own part, counts from the first folder above it that is. Source: the kernel's
// Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst.
double cgroup_cores(const std::filesystem::path& mounts, std::string_view own);

}  // namespace shrike
