#include "base/cgroup.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/file.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

class Cgroup : public testing::Test {
 protected:
  Cgroup() {
    std::string pattern = testing::TempDir() + "/shrike-cgroup-XXXXXX";
    mounts_ = ::mkdtemp(pattern.data());
  }
  ~Cgroup() override { fs::remove_all(mounts_); }

  void put(const fs::path& name, const std::string& text) {
    ASSERT_TRUE(make_folders((mounts_ / name).parent_path()));
    ASSERT_TRUE(write_file(mounts_ / name, std::string_view(text)));
  }
  double cores(std::string_view own) const { return cgroup_cores(mounts_, own); }
  uint64_t memory(std::string_view own) const { return cgroup_memory(mounts_, own); }

  fs::path mounts_;
};

TEST_F(Cgroup, UnifiedTakesTheLeastOfAllAbove) {
  EXPECT_EQ(cores("0::/\n"), 0) << "no files";
  put("cpu.max", "max 100000\n");
  EXPECT_EQ(cores("0::/\n"), 0);
  put("a/cpu.max", "400000 100000\n");
  put("a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(cores("0::/a/b\n"), 4);
  put("a/b/cpu.max", "50000 100000\n");
  EXPECT_EQ(cores("0::/a/b\n"), 0.5);
  EXPECT_EQ(cores("0::/a\n"), 4);
  EXPECT_EQ(cores("0::/other/below\n"), 0);
}

TEST_F(Cgroup, APathThatIsNotSeenCountsFromAbove) {
  put("cpu.max", "150000 100000\n");
  EXPECT_EQ(cores("0::/system.slice/docker-1.scope\n"), 1.5);
}

TEST_F(Cgroup, VersionOneNamesItsControllers) {
  put("cpu/mine/cpu.cfs_quota_us", "200000\n");
  put("cpu/mine/cpu.cfs_period_us", "100000\n");
  put("cpu/cpu.cfs_quota_us", "-1\n");
  put("cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cores("9:cpuset:/\n4:cpu:/mine\n1:memory:/mine\n"), 2);
  EXPECT_EQ(cores("4:cpu,cpuacct:/mine\n"), 2) << "the folder is called cpu all the same";
  EXPECT_EQ(cores("4:cpuset:/mine\n4:cpu:/\n"), 0);
  put("cpu,cpuacct/mine/cpu.cfs_quota_us", "300000\n");
  put("cpu,cpuacct/mine/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cores("4:cpu,cpuacct:/mine\n0::/\n"), 3);
}

TEST_F(Cgroup, MemoryIsTheLeastOfAllAbove) {
  EXPECT_EQ(memory("0::/\n"), 0u) << "no files";
  put("memory.max", "max\n");
  EXPECT_EQ(memory("0::/\n"), 0u);
  put("a/memory.max", "536870912\n");
  put("a/b/memory.max", "max\n");
  EXPECT_EQ(memory("0::/a/b\n"), uint64_t{512} << 20);
  EXPECT_EQ(memory("0::/\n"), 0u);
  put("memory/mine/memory.limit_in_bytes", "1048576\n");
  put("memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(memory("4:cpu:/mine\n1:memory:/mine\n"), uint64_t{1} << 20);
  EXPECT_GE(memory("1:memory:/\n"), uint64_t{1} << 62);
}

TEST_F(Cgroup, WhatIsNotUnderstoodIsNoLimit) {
  put("cpu.max", "lots of it\n");
  for (const char* own : {"", "\n", "0", "0:", "::", "garbage\n\n:::\n", "0::/../..\n"})
    EXPECT_EQ(cores(own), 0) << own;
}

}  // namespace
}  // namespace shrike
