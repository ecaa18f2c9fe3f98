// ./shrikew where it cannot write, and on a machine that has nothing yet.
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

// A machine on which no package is installed, whose apt-get, cmake and ninja write down what they
// were told, and whose build makes a program that says what it was called with.
class BareMachine : public Wrapper {
 protected:
  BareMachine() : path_of_programs_("PATH", path("bin") + ":" + ::getenv("PATH")) {
    fs::copy_file(fs::path(SHRIKE_CLONE) / "CMakePresets.json", at("clone dir/CMakePresets.json"));
    const std::string log = "echo \"${0##*/} $*\" >> '" + path("log") + "'\n";
    program("dpkg-query", "exit 1\n");
    program("sudo", "shift\nexec \"$@\"\n");
    program("apt-get", log);
    program("cmake", log + "mkdir -p build/release && touch build/release/build.ninja\n");
    program("ninja", log +
                         "printf '#!/bin/sh\\necho \"called with $*\"\\n' > \"$2/shrike\"\n"
                         "chmod +x \"$2/shrike\"\n");
  }

  void program(const std::string& name, const std::string& text) {
    file("bin/" + name, "#!/bin/sh\n" + text);
    fs::permissions(at("bin") / name, fs::perms::owner_all);
  }

  Outcome wrapper(const std::vector<std::string>& words) {
    fs::remove(at("log"));
    Start start;  // the test's program is $0, and so of no account
    start.through = {"bash", "-c", "exec '" + path("clone dir/shrikew") + "' \"$@\""};
    start.words = words;
    return run_shrike(start);
  }

  bool logged(const std::string& text) const {
    return bytes_of(at("log")).find(text) != std::string::npos;
  }

  Variable path_of_programs_;
};

TEST_F(BareMachine, OnlyTrainingBringsLibTorch) {
  const Variable no_other("Torch_DIR", std::nullopt);
  const Outcome detect = wrapper({"detect", "a.jpg"});
  EXPECT_EQ(detect.code, 0) << detect.err;
  EXPECT_EQ(detect.out, "called with detect a.jpg\n");
  EXPECT_TRUE(logged("apt-get install")) << bytes_of(at("log"));
  EXPECT_FALSE(logged("torch")) << bytes_of(at("log"));
  EXPECT_FALSE(logged("SHRIKE_TRAIN")) << bytes_of(at("log"));
  EXPECT_FALSE(logged("shrike-train")) << bytes_of(at("log"));

  const Outcome train = wrapper({"train", "--help"});
  EXPECT_EQ(train.code, 0) << train.err;
  EXPECT_EQ(train.out, "called with train --help\n");
  EXPECT_TRUE(logged("libtorch-dev")) << bytes_of(at("log"));
  EXPECT_TRUE(logged("-DSHRIKE_TRAIN=ON")) << bytes_of(at("log"));
  EXPECT_TRUE(logged("shrike shrike-train")) << bytes_of(at("log"));
}

TEST_F(BareMachine, AnotherLibTorchIsTaken) {
  const Variable other("Torch_DIR", "/somewhere/share/cmake/Torch");
  EXPECT_EQ(wrapper({"train", "--help"}).code, 0);
  EXPECT_TRUE(logged("-DSHRIKE_TRAIN=ON")) << bytes_of(at("log"));
  EXPECT_FALSE(logged("libtorch-dev")) << bytes_of(at("log"));
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
