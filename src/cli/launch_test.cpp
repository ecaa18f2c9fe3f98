#include "cli/launch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <initializer_list>
#include <utility>

namespace shrike {
namespace {

constexpr const char* kNames[] = {
    "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
    "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "PMI_RANK",
    "PMI_SIZE", "MPI_LOCALNRANKS", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_JOB_ID",
    "SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "JOB_COMPLETION_INDEX",
    "TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RESTART_COUNT", "LOCAL_RANK",
    "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"};

class LaunchOfEnvironment : public testing::Test {
 protected:
  LaunchOfEnvironment() { clear(); }
  ~LaunchOfEnvironment() override { clear(); }

  static void clear() {
    for (const char* name : kNames) ::unsetenv(name);
  }
  static Result<std::optional<Launch>> with(
      std::initializer_list<std::pair<const char*, const char*>> variables) {
    clear();
    for (const auto& [name, value] : variables) ::setenv(name, value, 1);
    return launch_of_environment();
  }
};

TEST_F(LaunchOfEnvironment, NoLauncherOrOneProcess) {
  EXPECT_EQ(*with({}), std::nullopt);
  EXPECT_EQ(*with({{"RANK", "0"}, {"WORLD_SIZE", "1"}}), std::nullopt);
  EXPECT_EQ(*with({{"MASTER_ADDR", "h"}, {"MASTER_PORT", "1"}}), std::nullopt);
}

TEST_F(LaunchOfEnvironment, EachLauncher) {
  EXPECT_EQ(*with({{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "h"}, {"MASTER_PORT", "7"}}),
            (Launch{{1, 2}, "h", 7, false, "0"}));
  EXPECT_EQ(*with({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "h"}, {"MASTER_PORT", "7"},
                   {"TORCHELASTIC_USE_AGENT_STORE", "True"}, {"TORCHELASTIC_RESTART_COUNT", "3"}}),
            (Launch{{0, 2}, "h", 7, true, "3"}));
  EXPECT_EQ(*with({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "3"},
                   {"OMPI_COMM_WORLD_LOCAL_SIZE", "3"}}),
            (Launch{{1, 3}, "127.0.0.1", 29500, false, "0"}));
  EXPECT_EQ(*with({{"PMI_RANK", "1"}, {"PMI_SIZE", "3"}, {"MPI_LOCALNRANKS", "3"}}),
            (Launch{{1, 3}, "127.0.0.1", 29500, false, "0"}));
  EXPECT_EQ(*with({{"SLURM_PROCID", "5"}, {"SLURM_NTASKS", "8"}, {"SLURM_JOB_ID", "1234567"},
                   {"SLURM_STEP_NODELIST", "n[03-05]"}, {"SLURM_JOB_NODELIST", "n[01-05]"}}),
            (Launch{{5, 8}, "n03", 24567, false, "0"}));
  EXPECT_EQ(*with({{"JOB_COMPLETION_INDEX", "2"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "job-0.s"}}),
            (Launch{{2, 4}, "job-0.s", 29500, false, "0"}));
}

TEST_F(LaunchOfEnvironment, RankOnThisHost) {
  EXPECT_EQ(local_rank(), 0);
  for (const char* name : {"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID",
                           "SLURM_LOCALID"}) {
    clear();
    ::setenv(name, "3", 1);
    EXPECT_EQ(local_rank(), 3) << name;
    ::setenv(name, "-3", 1);
    EXPECT_EQ(local_rank(), 0) << name;
  }
}

TEST_F(LaunchOfEnvironment, WhatMakesNoSenseIsNamed) {
  const auto hosts = with({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"},
                           {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  ASSERT_FALSE(hosts);
  EXPECT_NE(hosts.error().message.find("MASTER_ADDR"), std::string::npos);
  for (const char* port : {"0", "65536", "-1", "x", "80 "}) {
    const auto launch =
        with({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "h"}, {"MASTER_PORT", port}});
    ASSERT_FALSE(launch) << port;
    EXPECT_EQ(launch.error().kind, ErrorKind::kUsage);
    EXPECT_NE(launch.error().message.find("MASTER_PORT"), std::string::npos);
  }
  EXPECT_FALSE(with({{"RANK", "2"}, {"WORLD_SIZE", "2"}}));
}

TEST(FirstHost, OfSlurmsLists) {
  EXPECT_EQ(first_host("n3"), "n3");
  EXPECT_EQ(first_host("n3,n4"), "n3");
  EXPECT_EQ(first_host("n[3-5,9],m1"), "n3");
  EXPECT_EQ(first_host("a[01-04]-x"), "a01-x");
  EXPECT_EQ(first_host("r[1,2]n[7-8]"), "r1n7");
  EXPECT_EQ(first_host("n["), "n");
  EXPECT_EQ(first_host(""), "");
}

}  // namespace
}  // namespace shrike
