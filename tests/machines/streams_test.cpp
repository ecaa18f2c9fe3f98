// Standard streams that are closed, full, or that nobody reads.
#include <gtest/gtest.h>
#include <unistd.h>

#include "machine.h"
#include "vision/decode.h"

namespace shrike::testing {
namespace {

class Streams : public ProgramTest {
 protected:
  Streams() { picture("a.png"); }
  // A command line of every command that prints.
  std::vector<std::vector<std::string>> printing() const {
    return {{"detect", path("a.png"), "--model", model_},
            {"detect", path("a.png"), "--model", model_, "--json"},
            {"inspect", model_},
            {"inspect", model_, "--text"},
            {"convert", model_, path("o.onnx"), "--json"},
            {"bench", "--model", model_, "--runs", "1", "--warmup", "0"},
            {"pull"},
            {"version"},
            {"detect", "--help"},
            {"--help"}};
  }
};

Prepare closed(std::vector<int> streams) {
  return [streams] {
    for (const int fd : streams) ::close(fd);
  };
}

TEST_F(Streams, AFullDiskBehindStandardOutputIsNoticedByEveryCommand) {
  for (const auto& words : printing()) {
    const Outcome outcome = run_shrike(Start{words, {}, "/dev/full", {}});
    EXPECT_EQ(outcome.code, 5) << words[0];
    EXPECT_NE(outcome.err.find("cannot write to standard output"), std::string::npos) << words[0];
  }
}

TEST_F(Streams, AClosedStandardOutputIsNoticedByEveryCommand) {
  for (const auto& words : printing()) {
    const Outcome outcome = run_with(closed({STDOUT_FILENO}), words);
    EXPECT_EQ(outcome.code, 5) << words[0];
    EXPECT_NE(outcome.err.find("cannot write to standard output"), std::string::npos) << words[0];
  }
}

// What is printed must not end in a file that was opened in a closed stream's place.
TEST_F(Streams, FilesWrittenWhileStreamsAreClosedAreWhole) {
  const std::vector<std::string> save = {"detect", path("a.png"), path("none.png"), "--model",
                                         model_,   "--save",      path("out"),      "--save-txt"};
  ASSERT_EQ(run_shrike(save).code, 3);
  const std::string expected = bytes_of(at("out/a.png")), labels = bytes_of(at("out/labels/a.txt"));
  for (const std::vector<int>& streams :
       {std::vector{STDIN_FILENO}, {STDOUT_FILENO}, {STDERR_FILENO}, {0, 1, 2}}) {
    std::filesystem::remove_all(at("out"));
    const Outcome outcome = run_with(closed(streams), save);
    const bool prints = std::find(streams.begin(), streams.end(), STDOUT_FILENO) == streams.end();
    EXPECT_EQ(outcome.code, prints ? 3 : 5);
    EXPECT_EQ(bytes_of(at("out/a.png")), expected);
    EXPECT_EQ(bytes_of(at("out/labels/a.txt")), labels);
    EXPECT_EQ(names_in(at("out")).size(), 2u);
  }
}

TEST_F(Streams, APipeThatNobodyReadsEndsTheProgramQuietly) {
  for (const bool ignored : {false, true}) {
    const Outcome outcome = run_with(
        [ignored] {
          if (ignored) ::signal(SIGPIPE, SIG_IGN);
          int ends[2];
          if (::pipe(ends) != 0) ::_exit(125);
          ::close(ends[0]);
          ::dup2(ends[1], STDOUT_FILENO);
        },
        {"detect", path("a.png"), "--model", model_, "--save", path("out")});
    EXPECT_EQ(outcome.code, 128 + SIGPIPE);
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(read_image(at("out/a.png"))) << "what was done stays";
  }
}

}  // namespace
}  // namespace shrike::testing
