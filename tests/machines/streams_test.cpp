// Standard streams that are closed, full, or that nobody reads.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <set>

#include "cli/commands.h"
#include "formats/npy.h"
#include "machine.h"
#include "vision/decode.h"

namespace shrike::testing {
namespace {

class Streams : public ProgramTest {
 protected:
  Streams() {
    picture("a.png");
    picture("set/images/train/a.png");
    picture("set/images/val/b.png");
    for (const char* name : {"set/labels/train/a.txt", "set/labels/val/b.txt"})
      file(name, "0 0.25 0.5 0.15625 0.625\n");
    file("set/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n");
    EXPECT_TRUE(save_npy(Tensor(DType::kF32, Shape{1, 3, 32, 64}), at("x.npy")));
  }
  // Command lines that print, at least one of every command.
  std::vector<std::vector<std::string>> printing() const {
    const std::string set = path("set/data.yaml");
    return {
        {"detect", path("a.png"), "--model", model_},
        {"detect", path("a.png"), "--model", model_, "--json"},
        {"val", "--model", model_, "--data", set},
        {"val", "--model", model_, "--data", set, "--json"},
        {"compare", model_, model_, "--data", set, "--bootstrap", "10"},
        {"inspect", model_},
        {"inspect", model_, "--text"},
        {"convert", model_, path("o.onnx"), "--json"},
        {"prune", "--model", wide_model(), "--data", set, "--ratio", "0.1", "-o", path("p.onnx"),
         "--bootstrap", "10"},
        {"quantize", "--model", model_, "--data", set, "-o", path("q.onnx"), "--bootstrap", "10"},
        {"run", "--model", model_, "--input", path("x.npy"), "--output", path("arrays")},
        {"bench", "--model", model_, "--runs", "1", "--warmup", "0"},
        {"pull"},
        {"data", "check", set},
        {"data", "stats", set},
        {"data", "convert", set, "--to", "coco", "--out", path("new set")},
        {"train", "--help"},  // shrike-train is not built everywhere: tests/train
        {"distill", "--help"},
        {"version"},
        {"completions", "bash"},
        {"completions", "zsh"},
        {"completions", "fish"},
        {"manual"},
        {"detect", "--help"},
        {"--help"}};
  }
};

Prepare closed(std::vector<int> streams) {
  return [streams] {
    for (const int fd : streams) ::close(fd);
  };
}

TEST_F(Streams, OfEveryCommandSomethingIsTried) {
  std::set<std::string, std::less<>> tried;
  for (const auto& words : printing()) tried.insert(words[0]);
  for (const CommandRow& command : kCommands) EXPECT_TRUE(tried.contains(command.name));
}

void expect_noticed(const Outcome& outcome, const std::vector<std::string>& words) {
  const std::string command = words[0] + " " + (words.size() > 1 ? words[1] : "");
  EXPECT_EQ(outcome.code, 5) << command << ": " << outcome.err;
  EXPECT_NE(outcome.err.find("cannot write to standard output"), std::string::npos)
      << command << ": " << outcome.err;
}

TEST_F(Streams, AFullDiskBehindStandardOutputIsNoticedByEveryCommand) {
  for (const auto& words : printing()) {
    expect_noticed(run_shrike(Start{words, {}, "/dev/full", {}}), words);
    std::filesystem::remove_all(at("new set"));
  }
}

TEST_F(Streams, AClosedStandardOutputIsNoticedByEveryCommand) {
  for (const auto& words : printing()) {
    expect_noticed(run_with(closed({STDOUT_FILENO}), words), words);
    std::filesystem::remove_all(at("new set"));
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
