#include "checkpoint/checkpoint.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/file.h"
#include "formats/test_folder.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

Checkpoint made(int64_t step) {
  const auto value = static_cast<float>(step);
  return {step,
          {{"rate", 0.1 / static_cast<double>(step + 1)}, {"seed", uint64_t{1} << 63}},
          {{"model/w", Tensor::from<float>(Shape{2, 2}, {value, 1, 2, 3})},
           {"step", Tensor::scalar<int64_t>(step)}}};
}

void expect_equal(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.state, b.state);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t i = 0; i < a.tensors.size(); ++i) {
    EXPECT_EQ(a.tensors[i].name, b.tensors[i].name);
    EXPECT_EQ(a.tensors[i].tensor, b.tensors[i].tensor);
  }
}

FoundCheckpoint newest(const CheckpointFolder& folder) {
  Result<FoundCheckpoint> found = folder.newest();
  EXPECT_TRUE(found) << found.error().message;
  return found ? *std::move(found) : FoundCheckpoint{};
}

std::vector<std::string> files(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

void flip_byte(const fs::path& path, int64_t from_end) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-from_end, std::ios::end);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(-from_end, std::ios::end);
  file.put(byte);
}

class CheckpointTest : public testing::Test {
 protected:
  TestFolder temporary_;
  const fs::path path_ = temporary_ / "a" / "checkpoints";
  const CheckpointFolder folder_{path_};
};

TEST_F(CheckpointTest, TheNewestIsFoundAndTheOneBeforeKept) {
  EXPECT_FALSE(newest(folder_).checkpoint);
  for (const int64_t step : {0, 9, 10, 100}) {
    ASSERT_TRUE(folder_.write(made(step)));
    const FoundCheckpoint found = newest(folder_);
    ASSERT_TRUE(found.checkpoint);
    expect_equal(*found.checkpoint, made(step));
    EXPECT_TRUE(found.damaged.empty());
  }
  EXPECT_EQ(files(path_),
            (std::vector<std::string>{"checkpoint-10.json", "checkpoint-10.safetensors",
                                      "checkpoint-100.json", "checkpoint-100.safetensors"}));
}

TEST_F(CheckpointTest, ADamagedOneIsNamedAndTheOneBeforeUsed) {
  ASSERT_TRUE(folder_.write(made(1)));
  ASSERT_TRUE(folder_.write(made(2)));
  for (const char* name : {"checkpoint-2.safetensors", "checkpoint-2.json"}) {
    const auto size = static_cast<int64_t>(fs::file_size(path_ / name));
    // Every byte counts, but for blanks of JSON between its words.
    for (int64_t from_end = 1; from_end <= size; from_end += 7) {
      flip_byte(path_ / name, from_end);
      const FoundCheckpoint found = newest(folder_);
      ASSERT_TRUE(found.checkpoint);
      if (found.checkpoint->step == 1) {
        ASSERT_EQ(found.damaged.size(), 1u);
        EXPECT_NE(found.damaged[0].find("checkpoint-2."), std::string::npos) << found.damaged[0];
      } else {
        expect_equal(*found.checkpoint, made(2));
        EXPECT_STREQ(name, "checkpoint-2.json");
      }
      flip_byte(path_ / name, from_end);
    }
  }
  fs::resize_file(path_ / "checkpoint-2.safetensors", 20);
  EXPECT_EQ(newest(folder_).checkpoint->step, 1);
  fs::remove(path_ / "checkpoint-2.safetensors");
  EXPECT_EQ(newest(folder_).checkpoint->step, 1);
  fs::remove(path_ / "checkpoint-2.json");
  EXPECT_TRUE(newest(folder_).damaged.empty());
}

TEST_F(CheckpointTest, AWholeOneIsAmongThoseThatAreKept) {
  for (const int64_t step : {1, 2}) ASSERT_TRUE(folder_.write(made(step)));
  flip_byte(path_ / "checkpoint-2.safetensors", 1);
  ASSERT_TRUE(folder_.write(made(3)));
  flip_byte(path_ / "checkpoint-3.safetensors", 1);
  ASSERT_TRUE(newest(folder_).checkpoint);
  expect_equal(*newest(folder_).checkpoint, made(1));
  // Going on from there, the steps that were done before are done again.
  ASSERT_TRUE(folder_.write(made(2)));
  EXPECT_EQ(newest(folder_).checkpoint->step, 2);
  EXPECT_EQ(files(path_).size(), 4u);
}

TEST_F(CheckpointTest, TheNewestBeforeAStep) {
  for (const int64_t step : {3, 7}) ASSERT_TRUE(folder_.write(made(step)));
  for (const auto& [before, step] : {std::pair{8, 7}, {7, 3}, {4, 3}}) {
    const Result<FoundCheckpoint> found = folder_.newest(before);
    ASSERT_TRUE(found && found->checkpoint) << before;
    EXPECT_EQ(found->checkpoint->step, step) << before;
  }
  const Result<FoundCheckpoint> none = folder_.newest(3);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->checkpoint);
}

TEST_F(CheckpointTest, AFullDiskLeavesTheOneBefore) {
  ASSERT_TRUE(folder_.write(made(1)));
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};  // bytes of a file
    setrlimit(RLIMIT_FSIZE, &limit);
    const Result<void> result = folder_.write(made(2));
    const bool named = !result && result.error().kind == ErrorKind::kRuntime &&
                       result.error().message.find("checkpoint-2") != std::string::npos;
    _exit(named ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(files(path_).size(), 2u);
  expect_equal(*newest(folder_).checkpoint, made(1));
}

TEST_F(CheckpointTest, KilledAtAnyMoment) {
  ASSERT_TRUE(folder_.write(made(0)));
  int64_t last = 0;
  for (int i = 0; i < 20 || last == 0; ++i) {  // a busy disk takes longer, and so does this
    const pid_t child = fork();
    if (child == 0) {
      for (int64_t step = last + 1;; ++step)
        if (!folder_.write(made(step))) _exit(1);
    }
    usleep(static_cast<useconds_t>(500 + 701 * i));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const FoundCheckpoint found = newest(folder_);
    ASSERT_TRUE(found.checkpoint);
    EXPECT_GE(found.checkpoint->step, last);
    EXPECT_TRUE(found.damaged.empty());
    last = found.checkpoint->step;
    expect_equal(*found.checkpoint, made(last));
  }
  // What the killed ones left goes with the next.
  ASSERT_TRUE(folder_.write(made(last + 1)));
  EXPECT_EQ(files(path_).size(), 4u);
}

}  // namespace
}  // namespace shrike
