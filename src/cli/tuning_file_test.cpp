#include "cli/tuning_file.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/file.h"
#include "pull/test_folder.h"

namespace shrike {
namespace {

const KernelTimes kTimes = {{"80x80x64 > 80x80x64", {{"igemm", 0.5}, {"winograd_4x4", 0.25}}},
                            {"1x1x3 > 1x1x8", {{"igemm", 1e-3}}}};

TEST(TuningFile, KeepsWhatWasMeasured) {
  const TestFolder folder;
  const std::filesystem::path path = folder.path() / "made/for/it/cpu.json";
  EXPECT_EQ(read_times(path, "build")->size(), 0u) << "none there";
  ASSERT_TRUE(keep_times(path, "build", kTimes));
  EXPECT_EQ(*read_times(path, "build"), kTimes);
  ASSERT_TRUE(keep_times(path, "build", {{"1x1x3 > 1x1x8", {{"igemm", 2}, {"reference", 9}}}}));
  KernelTimes both = kTimes;
  both["1x1x3 > 1x1x8"] = {{"igemm", 2}, {"reference", 9}};
  EXPECT_EQ(*read_times(path, "build"), both);
}

TEST(TuningFile, AnotherBuildStartsAnew) {
  const TestFolder folder;
  const std::filesystem::path path = folder.path() / "cpu.json";
  ASSERT_TRUE(keep_times(path, "before", kTimes));
  EXPECT_TRUE(read_times(path, "after")->empty());
  const KernelTimes one = {{"p", {{"igemm", 1}}}};
  ASSERT_TRUE(keep_times(path, "after", one));
  EXPECT_EQ(*read_times(path, "after"), one);
}

TEST(TuningFile, DamageIsNamedAndReplaced) {
  const TestFolder folder;
  const std::filesystem::path path = folder.path() / "cpu.json";
  ASSERT_TRUE(keep_times(path, "b", kTimes));
  const std::string whole = *read_text(path, ErrorKind::kInput);
  std::vector<std::string> texts = {
      "[]",
      "{}",
      R"({"format": 1, "program": "b"})",
      R"({"format": 1, "program": "b", "times": 3})",
      R"({"format": 1, "program": "b", "times": {"p": 3}})",
      R"({"format": 1, "program": "b", "times": {"p": {"k": "fast"}}})",
      R"({"format": 1, "program": "b", "times": {"p": {"k": 0}}})",
      R"({"format": 1, "program": "b", "times": {"p": {"k": -1}}})",
      R"({"format": 1, "program": "b", "times": {"p": {"k": 1e999}}})",
      R"({"format": 1, "program": "b", "times": {"p": {"k": null}}})",
  };
  for (size_t length = 0; length + 2 < whole.size(); length += 7)
    texts.push_back(whole.substr(0, length));
  for (const std::string& text : texts) {
    SCOPED_TRACE(text);
    ASSERT_TRUE(write_file(path, text));
    const Result<KernelTimes> times = read_times(path, "b");
    ASSERT_FALSE(times);
    EXPECT_NE(times.error().message.find("cpu.json"), std::string::npos) << times.error().message;
    ASSERT_TRUE(keep_times(path, "b", kTimes));
    EXPECT_EQ(*read_times(path, "b"), kTimes);
  }
}

TEST(TuningFile, NamesAFolderThatCannotBe) {
  const TestFolder folder;
  ASSERT_TRUE(write_file(folder.path() / "file", "in the way"));
  const Result<void> kept = keep_times(folder.path() / "file/cpu.json", "b", kTimes);
  ASSERT_FALSE(kept);
  EXPECT_NE(kept.error().message.find("file"), std::string::npos);
}

TEST(TuningFile, WritersDoNotLoseEachOthersTimes) {
  const TestFolder folder;
  const std::filesystem::path path = folder.path() / "cpu.json";
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer)
    writers.emplace_back([&path, writer] {
      for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(keep_times(
            path, "b", {{std::to_string(writer) + " " + std::to_string(i), {{"igemm", i + 1}}}}));
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(read_times(path, "b")->size(), 20u);
}

TEST(TuningFile, NamesAreSafe) {
  CpuFeatures features;
  EXPECT_EQ(tuning_file_name("AMD EPYC 7763 64-Core Processor", features),
            "amd-epyc-7763-64-core-processor.json");
  features.avx2_fma = features.avx512 = true;
  EXPECT_EQ(tuning_file_name("../Intel(R)/x\n", features), "intel-r-x-.avx2-fma.avx512.json");
  features.avx512 = false;
  features.avx_vnni = true;
  EXPECT_EQ(tuning_file_name("x", features), "x.avx2-fma.avx-vnni.json");
}

}  // namespace
}  // namespace shrike
