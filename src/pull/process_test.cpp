#include "pull/process.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "base/file.h"
#include "pull/test_folder.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

TEST(Process, WordsArriveUntouched) {
  const TestFolder folder;
  const auto out = folder.path() / "out put";
  ASSERT_TRUE(run_program({{"printf", "%s|", "a b", "$(id)", "-x", "new\nline", ""}, {}, out}));
  EXPECT_EQ(*read_text(out, ErrorKind::kInput), "a b|$(id)|-x|new\nline||");
}

TEST(Process, EnvironmentIsAddedTo) {
  const TestFolder folder;
  const auto out = folder.path() / "out";
  ASSERT_TRUE(
      run_program({{"sh", "-c", "echo \"$SHRIKE_X ${PATH:+path}\""}, {"SHRIKE_X=1 2"}, out}));
  EXPECT_EQ(*read_text(out, ErrorKind::kInput), "1 2 path\n");
}

TEST(Process, FailuresSayWhichProgramAndWhy) {
  const auto missing = run_program({{"shrike-no-such-program"}, {}, {}});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("shrike-no-such-program"), std::string::npos);

  const auto failed = run_program({{"sh", "-c", "echo first >&2; echo last >&2; exit 7"}, {}, {}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "sh failed (exit status 7): last");

  const auto killed = run_program({{"sh", "-c", "kill -9 $$"}, {}, {}});
  ASSERT_FALSE(killed);
  EXPECT_NE(killed.error().message.find("Killed"), std::string::npos);
}

TEST(Process, ALotOnStandardErrorDoesNotBlock) {
  EXPECT_TRUE(run_program({{"sh", "-c", "head -c 300000 /dev/zero >&2"}, {}, {}}));
}

TEST(Process, WaitsAndTells) {
  int calls = 0;
  EXPECT_TRUE(run_program({{"sleep", "0.5"}, {}, {}}, [&] { return ++calls > 0; }));
  EXPECT_GE(calls, 1);
}

TEST(Process, IsEndedWithWhatItStarted) {
  const TestFolder folder;
  const std::string script = "sleep 600 & echo $! > '" + (folder.path() / "pid").string() +
                             "'; trap '' TERM; while :; do sleep 1; done";
  const auto begin = std::chrono::steady_clock::now();
  const auto ended = run_program({{"sh", "-c", script}, {}, {}}, [&] {
    std::error_code error;
    return fs::file_size(folder.path() / "pid", error) == 0 || error;
  });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "sh was interrupted");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
  const Result<std::string> pid = read_text(folder.path() / "pid", ErrorKind::kInput);
  ASSERT_TRUE(pid);
  // Nobody waits for the grandchild but the system: it may be there a moment longer, ended.
  std::string state;
  std::ifstream("/proc/" + std::to_string(std::stol(*pid)) + "/stat") >> state >> state >> state;
  EXPECT_TRUE(state.empty() || state == "Z") << state;
}

TEST(Process, AnOutputThatCannotBeWrittenIsNamed) {
  const auto refused = run_program({{"true"}, {}, "/nonexistent/file"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("/nonexistent/file"), std::string::npos);
}

TEST(Process, HasTheTimeToEndThatItIsGiven) {
  const TestFolder folder;
  const auto saved = folder.path() / "saved";
  const std::string script = "trap 'sleep 3; echo done > \"" + saved.string() +
                             "\"; exit 1' TERM; echo begun >&2; while :; do sleep 0.1; done";
  Command command{{"sh", "-c", script}, {}, {}};
  command.patience = std::chrono::seconds(30);
  int asked = 0;
  EXPECT_FALSE(run_program(command, [&] { return ++asked < 3; }));
  EXPECT_EQ(*read_text(saved, ErrorKind::kInput), "done\n");
}

TEST(Process, WhatItSaysIsShown) {
  Command command{{"sh", "-c", "echo one >&2; echo two >&2; exit 3"}, {}, {}};
  command.shown = true;
  ::testing::internal::CaptureStderr();
  const auto failed = run_program(command);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "one\ntwo\n");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "sh failed (exit status 3): two");
}

}  // namespace
}  // namespace shrike
