// A disk that is full at any moment of a run: a clear end, and all that is needed to go on.
#include <sys/mount.h>
#include <sys/resource.h>

#include <cstdlib>
#include <map>

#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

// SHRIKE_DISKS=1000 is the long form: every size that there is.
int disks() {
  const char* wanted = std::getenv("SHRIKE_DISKS");
  return wanted ? std::max(1, std::atoi(wanted)) : 4;
}

class FullDisk : public SquaresTest {
 protected:
  std::vector<std::string> run(const std::string& out) const {
    return words(out, {"--epochs", "3", "--save-seconds", "0", "--tensorboard"});
  }

  // The run in `out`, begun or gone on with.
  Start start(const std::string& out) const {
    Start start;
    start.words = run(out);
    if (fs::exists(at(out) / "args.json")) start.words = {"train", "--resume", path(out)};
    return start;
  }

  Outcome with_files_of(const std::string& out, rlim_t bytes) const {
    Start limited = start(out);
    limited.prepare = [bytes] {
      const rlimit limit{bytes, bytes};
      setrlimit(RLIMIT_FSIZE, &limit);
    };
    return run_shrike(limited);
  }

  void make_whole() const {
    const Outcome outcome = run_shrike(run("whole"));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }

  // Ends well, as if nothing had been.
  void expect_whole(const std::string& out) const {
    const Outcome outcome = run_shrike(start(out));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (const char* file : {"checkpoints/checkpoint-9.safetensors", "best.onnx", "last.onnx"})
      EXPECT_EQ(bytes_of(at("whole") / file), bytes_of(at(out) / file)) << file;
    EXPECT_EQ(rows(out).size(), 4u);
    for (size_t row = 1; row < 4; ++row)
      EXPECT_EQ(cell("whole", row, "map50_95"), cell(out, row, "map50_95")) << row;
    for (const std::string& name : names_in(at(out)))
      EXPECT_FALSE(name.starts_with(".shrike.")) << name;
  }
};

// Sizes of files grow from args.json over the models to checkpoints.
TEST_F(FullDisk, EachFileIsNamed) {
  make_whole();
  std::string out = "run";
  const auto refused = [&](rlim_t bytes, const std::string& file) {
    const Outcome outcome = with_files_of(out, bytes);
    EXPECT_EQ(outcome.code, 5) << outcome.err;
    EXPECT_NE(outcome.err.find("cannot write"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find(file), std::string::npos) << file << " in " << outcome.err;
  };
  refused(1000, "args.json");
  EXPECT_FALSE(fs::exists(at("run/args.json")));
  refused(20'000, "checkpoint-0");
  EXPECT_TRUE(fs::exists(at("run/args.json")));
  expect_whole("run");
}

// A file system of its own, as small as it may be, that is made larger afterwards.
TEST_F(FullDisk, AtAnyMoment) {
  fs::create_directories(at("disk"));
  const auto mounted = [&](size_t pages, unsigned long flags) {
    return ::mount("shrike-test", at("disk").c_str(), "tmpfs", flags,
                   ("size=" + std::to_string(4 * pages) + "k").c_str()) == 0;
  };
  if (!mounted(1, 0)) GTEST_SKIP() << "no file system can be mounted here";
  ::umount(at("disk").c_str());
  make_whole();
  size_t pages = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(at("whole")))
    if (entry.is_regular_file()) pages += (entry.file_size() + 4095) / 4096;
  std::map<std::string, int> named;
  const auto many = std::min(static_cast<size_t>(disks()), pages);
  for (size_t i = 0; i < many; ++i) {
    const size_t size = 1 + i * pages / many;
    ASSERT_TRUE(mounted(size, 0)) << size;
    const Outcome outcome = run_shrike(start("disk/run"));
    EXPECT_EQ(outcome.code, 5) << size << " pages: " << outcome.err;
    EXPECT_NE(outcome.err.find("No space left"), std::string::npos) << outcome.err;
    const size_t slash = outcome.err.find("disk/run/");
    ASSERT_NE(slash, std::string::npos) << size << " pages: " << outcome.err;
    const size_t name = slash + std::string("disk/run/").size();
    ++named[outcome.err.substr(name, outcome.err.find_first_of("-:", name) - name)];
    ASSERT_TRUE(mounted(2 * pages + 100, MS_REMOUNT)) << size;
    expect_whole("disk/run");
    ASSERT_EQ(::umount(at("disk").c_str()), 0);
  }
  for (const auto& [file, times] : named) std::printf("%5d x %s\n", times, file.c_str());
}

}  // namespace
}  // namespace shrike::testing
