#include "pull/process.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "pull/test_folder.h"

namespace shrike {
namespace {

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
  EXPECT_TRUE(run_program({{"sleep", "0.5"}, {}, {}}, [&] { ++calls; }));
  EXPECT_GE(calls, 1);
}

}  // namespace
}  // namespace shrike
