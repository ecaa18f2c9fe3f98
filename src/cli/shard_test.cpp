#include "cli/shard.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace shrike {
namespace {

TEST(ShardOption, Shares) {
  EXPECT_EQ(*parse_shard("0/4"), (Shard{0, 4}));
  EXPECT_EQ(*parse_shard("3/4"), (Shard{3, 4}));
  EXPECT_EQ(*parse_shard("0/1"), (Shard{0, 1}));
  for (const char* text : {"", "4/4", "1", "/4", "1/", "-1/4", "1/0", "0/0", "1/4/2", "a/b", " 1/4",
                           "1/4 ", "0/1000001", "99999999999999999999/4"}) {
    const Result<Shard> shard = parse_shard(text);
    ASSERT_FALSE(shard) << text;
    EXPECT_EQ(shard.error().kind, ErrorKind::kUsage);
    EXPECT_NE(shard.error().message.find("--shard"), std::string::npos);
  }
}

class ShardOfEnvironment : public testing::Test {
 protected:
  ShardOfEnvironment() { clear(); }
  ~ShardOfEnvironment() override { clear(); }
  static void clear() {
    for (const char* name : kNames) ::unsetenv(name);
    ::unsetenv("JOB_COMPLETION_INDEX");
  }
  static constexpr const char* kNames[] = {
      "RANK",     "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
      "PMI_RANK", "PMI_SIZE",   "SLURM_PROCID",         "SLURM_NTASKS"};
};

TEST_F(ShardOfEnvironment, EachLauncher) {
  EXPECT_EQ(*shard_of_environment(), std::nullopt);
  for (size_t i = std::size(kNames); i > 0; i -= 2) {
    ::setenv(kNames[i - 2], std::to_string(i).c_str(), 1);
    EXPECT_EQ(*shard_of_environment(),
              i == std::size(kNames) ? std::nullopt : std::optional(Shard{i + 2, 9 + i + 2}));
    ::setenv(kNames[i - 1], std::to_string(9 + i).c_str(), 1);
    EXPECT_EQ(*shard_of_environment(), std::optional(Shard{i, 9 + i})) << kNames[i - 2];
  }
}

TEST_F(ShardOfEnvironment, AnIndexedJob) {
  ::setenv("JOB_COMPLETION_INDEX", "1", 1);
  EXPECT_EQ(*shard_of_environment(), std::nullopt);
  ::setenv("WORLD_SIZE", "4", 1);
  EXPECT_EQ(*shard_of_environment(), std::optional(Shard{1, 4}));
  ::setenv("RANK", "3", 1);
  EXPECT_EQ(*shard_of_environment(), std::optional(Shard{3, 4}));
}

TEST_F(ShardOfEnvironment, WhatMakesNoSense) {
  ::setenv("RANK", "2", 1);
  ::setenv("WORLD_SIZE", "2", 1);
  const Result<std::optional<Shard>> shard = shard_of_environment();
  ASSERT_FALSE(shard);
  for (const char* part : {"RANK", "WORLD_SIZE", "'2'"})
    EXPECT_NE(shard.error().message.find(part), std::string::npos) << shard.error().message;
}

TEST_F(ShardOfEnvironment, HalfOfAPairNamesTheOtherHalf) {
  const auto refused = [](const char* there, const char* missing) {
    const Result<std::optional<Shard>> shard = shard_of_environment();
    ASSERT_FALSE(shard) << there;
    EXPECT_EQ(shard.error().kind, ErrorKind::kUsage);
    EXPECT_NE(shard.error().message.find(there), std::string::npos) << shard.error().message;
    EXPECT_NE(shard.error().message.find(missing), std::string::npos) << shard.error().message;
  };
  ::setenv("RANK", "0", 1);
  refused("RANK '0'", "no WORLD_SIZE");
  ::setenv("JOB_COMPLETION_INDEX", "1", 1);
  refused("RANK '0'", "no WORLD_SIZE");
  // Another launcher's pair counts.
  ::setenv("SLURM_PROCID", "2", 1);
  ::setenv("SLURM_NTASKS", "3", 1);
  EXPECT_EQ(*shard_of_environment(), std::optional(Shard{2, 3}));
  clear();
  ::setenv("WORLD_SIZE", "2", 1);
  refused("WORLD_SIZE '2'", "neither RANK");
  ::setenv("WORLD_SIZE", "1", 1);
  EXPECT_EQ(*shard_of_environment(), std::nullopt);
}

// Jobs that have a number each and nothing else in common.
TEST_F(ShardOfEnvironment, ANumberOfAJobAloneIsNoRank) {
  for (const char* name : {"JOB_COMPLETION_INDEX", "SLURM_PROCID"}) {
    clear();
    ::setenv(name, "1", 1);
    EXPECT_EQ(*shard_of_environment(), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace shrike
