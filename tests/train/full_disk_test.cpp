// A disk that is full at any moment of a run: a clear end, and all that is needed to go on.
#include <sys/mount.h>
#include <sys/resource.h>

#include <cstdlib>
#include <map>

#include "squares.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPage = 4096;

// SHRIKE_DISKS=60 is the long form; 1000: every size that there is.
int disks() {
  const char* wanted = std::getenv("SHRIKE_DISKS");
  return wanted ? std::max(1, std::atoi(wanted)) : 4;
}

// A file system of its own, on a folder, for as long as this lives.
class Disk {
 public:
  Disk(fs::path folder, size_t pages) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    is_there_ = mount(pages, 0);
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk() {
    if (is_there_) ::umount2(folder_.c_str(), MNT_DETACH);
  }

  bool is_there() const { return is_there_; }
  bool grow(size_t pages) const { return mount(pages, MS_REMOUNT); }

 private:
  bool mount(size_t pages, unsigned long flags) const {
    return ::mount("shrike-test", folder_.c_str(), "tmpfs", flags,
                   ("size=" + std::to_string(kPage / 1024 * pages) + "k").c_str()) == 0;
  }

  fs::path folder_;
  bool is_there_ = false;
};

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

  // Of the files in `out` whose path there starts so.
  size_t pages_of(const std::string& out, const std::string& start) const {
    size_t pages = 0;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(at(out)))
      if (entry.is_regular_file() &&
          fs::relative(entry.path(), at(out)).native().starts_with(start))
        pages += (entry.file_size() + kPage - 1) / kPage;
    return pages;
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

// A limit of single files: args.json is larger than the first, checkpoints than the second.
TEST_F(FullDisk, FilesThatMayNotGrowAreNamed) {
  make_whole();
  const auto refused = [&](rlim_t bytes, const std::string& file) {
    const Outcome outcome = with_files_of("run", bytes);
    EXPECT_EQ(outcome.code, 5) << outcome.err;
    EXPECT_NE(outcome.err.find("cannot write"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find(file), std::string::npos) << file << " in " << outcome.err;
  };
  refused(1000, "args.json");
  refused(1000, "--out " + path("run") + ": ");
  EXPECT_FALSE(fs::exists(at("run/args.json")));
  refused(20'000, "checkpoint-0");
  EXPECT_TRUE(fs::exists(at("run/args.json")));
  expect_whole("run");
}

// One page less than all files that are written until then: each of them is the full one once. The
// run is gone on with where what it has left is of another kind: nothing; no checkpoint, or half of
// one; a checkpoint and some files of the epoch, or all of them.
TEST_F(FullDisk, WhicheverFileItIs) {
  if (!Disk(at("disk"), 1).is_there()) GTEST_SKIP() << "no file system can be mounted here";
  // Paths, which files repeat, are as long as those on the disk.
  const auto one_epoch = [&](const std::string& out) {
    if (fs::exists(at(out) / "args.json")) return run_shrike({"train", "--resume", path(out)});
    return run_shrike(words(out, {"--epochs", "1", "--save-seconds", "1000", "--tensorboard"}));
  };
  const Outcome model = one_epoch("room/run");
  ASSERT_EQ(model.code, 0) << model.err;
  size_t pages = 1;  // run.lock
  for (const auto& [file, goes_on] : std::vector<std::pair<std::string, bool>>{
           {"args.json", true}, {"checkpoints/checkpoint-0.safetensors", true},
           {"checkpoints/checkpoint-0.json", true}, {"train_batch0.png", false},
           {"train_batch1.png", false}, {"train_batch2.png", false}, {"best.onnx", false},
           {"last.onnx", true}, {"results.csv", false}, {"events.", true}}) {
    const size_t needed = pages_of("room/run", file);
    ASSERT_GT(needed, 0u) << file;
    pages += needed;
    const Disk disk(at("disk"), pages - 1);
    ASSERT_TRUE(disk.is_there()) << file;
    const Outcome full = one_epoch("disk/run");
    EXPECT_EQ(full.code, 5) << file << ": " << full.err;
    EXPECT_NE(full.err.find("disk/run/" + file), std::string::npos) << file << " in " << full.err;
    EXPECT_NE(full.err.find("No space left"), std::string::npos) << full.err;
    if (!goes_on) continue;
    ASSERT_TRUE(disk.grow(pages + 1000)) << file;
    const Outcome whole = one_epoch("disk/run");
    EXPECT_EQ(whole.code, 0) << file << ": " << whole.err;
    EXPECT_EQ(bytes_of(at("disk/run/best.onnx")), bytes_of(at("room/run/best.onnx"))) << file;
    EXPECT_EQ(rows("disk/run").size(), 2u) << file;
  }
}

// What could be kept of a teacher takes no room from models and checkpoints.
TEST_F(FullDisk, NothingIsKeptOfATeacher) {
  const Disk disk(at("disk"), 25'000);  // 100 MB
  if (!disk.is_there()) GTEST_SKIP() << "no file system can be mounted here";
  make_whole();
  const auto interrupted = [&](const std::string& out) {
    Start start;
    start.words = run(out);
    for (const char* off : {"--hsv-h", "--hsv-s", "--hsv-v", "--translate", "--scale", "--mosaic"})
      start.words.insert(start.words.end(), {off, "0"});
    start.words.insert(start.words.end(), {"--teacher", path("whole/last.onnx")});
    start.signal = SIGTERM;
    start.interrupt_when = at(out) / "results.csv";
    EXPECT_EQ(run_shrike(start).code, 128 + SIGTERM);
    return fs::exists(at(out) / "teacher-cache");
  };
  EXPECT_FALSE(interrupted("disk/run"));
  if (fs::space(at("set")).available < size_t{2} << 30) GTEST_SKIP() << "little room elsewhere, too";
  EXPECT_TRUE(interrupted("room"));
}

// As small as it may be, made larger afterwards.
TEST_F(FullDisk, AtAnyMoment) {
  if (!Disk(at("disk"), 1).is_there()) GTEST_SKIP() << "no file system can be mounted here";
  make_whole();
  const size_t pages = pages_of("whole", "");
  std::map<std::string, int> named;
  const auto many = std::min(static_cast<size_t>(disks()), pages);
  for (size_t i = 0; i < many; ++i) {
    const size_t size = 1 + i * pages / many;
    const Disk disk(at("disk"), size);
    ASSERT_TRUE(disk.is_there()) << size;
    const Outcome outcome = run_shrike(start("disk/run"));
    EXPECT_EQ(outcome.code, 5) << size << " pages: " << outcome.err;
    EXPECT_NE(outcome.err.find("No space left"), std::string::npos) << outcome.err;
    const size_t slash = outcome.err.find("disk/run/");
    ASSERT_NE(slash, std::string::npos) << size << " pages: " << outcome.err;
    const size_t name = slash + std::string("disk/run/").size();
    ++named[outcome.err.substr(name, outcome.err.find_first_of("-:", name) - name)];
    ASSERT_TRUE(disk.grow(2 * pages + 100)) << size;
    expect_whole("disk/run");
  }
  for (const auto& [file, times] : named) std::printf("%5d x %s\n", times, file.c_str());
}

}  // namespace
}  // namespace shrike::testing
