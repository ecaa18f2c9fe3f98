// ./shrikew where it cannot write.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "machine.h"
#include "pull/process.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class Wrapper : public ProgramTest {
 protected:
  Wrapper() {
    fs::create_directories(at("clone dir/scripts"));
    fs::copy_file(fs::path(SHRIKE_CLONE) / "shrikew", at("clone dir/shrikew"));
    fs::copy(fs::path(SHRIKE_CLONE) / "scripts", at("clone dir/scripts"),
             fs::copy_options::recursive);
  }
};

TEST_F(Wrapper, AReadOnlyCloneSaysSo) {
  make_read_only(at("clone dir"));
  // The test's program is replaced by the wrapper, as nobody.
  Start start;
  start.through = {path("clone dir/shrikew")};
  start.prepare = as_nobody();
  const Outcome outcome = run_shrike(start);
  EXPECT_EQ(outcome.code, 5);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("cannot write to " + path("clone dir/build")), std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("copy"), std::string::npos) << "what to do: " << outcome.err;
  EXPECT_EQ(names_in(at("clone dir")), (std::vector<std::string>{"scripts", "shrikew"}));
}

TEST_F(Wrapper, ABuildFolderOfSomebodyElseSaysSo) {
  fs::create_directory(at("clone dir/build"));
  make_read_only(at("clone dir/build"));
  make_read_only(at("clone dir"));
  Start start;
  start.through = {path("clone dir/shrikew")};
  start.prepare = as_nobody();
  const Outcome outcome = run_shrike(start);
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  EXPECT_NE(outcome.err.find("cannot write to " + path("clone dir/build")), std::string::npos)
      << outcome.err;
}

// What ctest's own summary does not have: cases of a program that passes.
TEST_F(Wrapper, TellsWhichCasesWereSkippedAndWhy) {
  file("LastTest.log",
       "[ RUN      ] A.Passes\n[       OK ] A.Passes (1 ms)\n"
       "[ RUN      ] B.NeedsRoot\n/x/b_test.cpp:9: Skipped\nno root: here\n\n"
       "[  SKIPPED ] B.NeedsRoot (0 ms)\n[  SKIPPED ] 2 tests, listed below:\n"
       "[  SKIPPED ] B.NeedsRoot\n[ RUN      ] C/D.e/0\nc_test.cpp:1: Skipped\nno model\n\n"
       "[  SKIPPED ] C/D.e/0, where GetParam() = 2 (12 ms)\n");
  Start start;
  start.through = {"bash", "-euo", "pipefail", "-c",
                   "source '" + path("clone dir/scripts/test.sh") + "'; skipped_cases '" +
                       path("LastTest.log") + "'"};
  const Outcome outcome = run_shrike(start);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "SKIPPED: B.NeedsRoot: no root: here\nSKIPPED: C/D.e/0: no model\n");
}

}  // namespace
}  // namespace shrike::testing
