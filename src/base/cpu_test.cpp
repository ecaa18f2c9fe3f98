#include "base/cpu.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace shrike {
namespace {

CpuFeatures everything() {
  return {true, true, true, true, true, true, true, true, true, true, true};
}

// Of what is asked for, and not of the processor that asks.
TEST(Cpu, EveryFeatureHasItsName) {
  EXPECT_TRUE(feature_names({}).empty());
  EXPECT_EQ(feature_names(everything()),
            (std::vector<std::string>{"avx2+fma", "avx-vnni", "avx512", "avx512-vnni",
                                      "avx512-vbmi", "avx512-bf16", "amx-bf16", "fast-avx512-bf16",
                                      "separate-adders", "whole-avx512", "far-l3"}));
  CpuFeatures vnni;
  vnni.avx2_fma = vnni.avx_vnni = true;
  EXPECT_EQ(feature_names(vnni), (std::vector<std::string>{"avx2+fma", "avx-vnni"}));
  vnni.avx_vnni = false;
  EXPECT_EQ(feature_names(vnni), (std::vector<std::string>{"avx2+fma"}));
}

TEST(Cpu, LevelsHideWhatIsPastThem) {
  EXPECT_TRUE(feature_names(limited(everything(), "plain")).empty());
  EXPECT_EQ(feature_names(limited(everything(), "avx2")),
            (std::vector<std::string>{"avx2+fma", "separate-adders", "far-l3"}));
  for (const char* level : {"", "avx3", "AVX2", "avx2 ", "portable"})
    EXPECT_EQ(feature_names(limited(everything(), level)), feature_names(everything())) << level;
}

TEST(Cpu, UnknownLevelsAreTold) {
  const char* before = std::getenv("SHRIKE_CPU");
  const std::string kept = before ? before : "";
  for (const char* level : {"", "plain", "avx2"}) {
    ::setenv("SHRIKE_CPU", level, 1);
    EXPECT_EQ(unknown_cpu_level(), std::nullopt) << level;
  }
  for (const char* level : {"avx3", "AVX2", " plain"}) {
    ::setenv("SHRIKE_CPU", level, 1);
    EXPECT_EQ(unknown_cpu_level(), level);
  }
  ::unsetenv("SHRIKE_CPU");
  EXPECT_EQ(unknown_cpu_level(), std::nullopt);
  if (before) ::setenv("SHRIKE_CPU", kept.c_str(), 1);
}

}  // namespace
}  // namespace shrike
