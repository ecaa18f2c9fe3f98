// Little of what a process needs: memory, threads, open files.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "machine.h"
#include "vision/decode.h"

namespace shrike::testing {
namespace {

class Little : public ProgramTest {
 protected:
  Little() { picture("a.png"); }
};

constexpr size_t kMega = 1 << 20;

// However little there is: either it is enough, or that is what is said.
TEST_F(Little, MemoryThatIsTooLittleIsSaid) {
  int refused = 0, done = 0;
  for (size_t mega = 16; mega <= 160; mega += 4) {
    const Outcome outcome =
        run_with(limited(RLIMIT_AS, mega * kMega),
                 {"detect", path("a.png"), "--model", model_, "--save", path("out"), "--json"});
    // Below what the loader needs for the libraries, the program has not begun.
    if (outcome.err.find("shared librar") != std::string::npos) continue;
    if (outcome.code == 0) {
      ++done;
      EXPECT_TRUE(read_image(at("out/a.png")));
      continue;
    }
    ++refused;
    EXPECT_TRUE(outcome.code == 4 || outcome.code == 5)
        << mega << " MB: " << outcome.code << " " << outcome.err;
    EXPECT_NE(outcome.err.find("emory"), std::string::npos) << mega << " MB: " << outcome.err;
  }
  EXPECT_GT(done, 0);
  std::printf("%d limits were too little, %d enough\n", refused, done);
}

TEST_F(Little, AModelOfRealSizeIn512Megabytes) {
  const char* shared = ::getenv("SHRIKE_SHARED");
  const std::filesystem::path folder = std::filesystem::path(shared ? shared : "../shared");
  const std::filesystem::path model = folder / "models/yolo11n-random.onnx";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "no " << model;
  const Outcome outcome =
      run_with(limited(RLIMIT_AS, 512 * kMega),
               {"detect", path("a.png"), "--model", model.string(), "--threads", "2", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(json_lines(outcome.out).size(), 1u);
}

TEST_F(Little, ThreadsThatAreRefused) {
  std::filesystem::permissions(root_, std::filesystem::perms(0755));
  const Outcome outcome = run_with(
      [] {
        as_nobody()();
        limited(RLIMIT_NPROC, 0)();
      },
      {"detect", path("a.png"), "--model", model_, "--threads", "8", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(json_lines(outcome.out).size(), 1u);
}

TEST_F(Little, FilesThatMayBeOpen) {
  const Outcome outcome = run_with(
      limited(RLIMIT_NOFILE, 5),
      {"detect", path("a.png"), path("a.png"), "--model", model_, "--save", path("out"), "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

}  // namespace
}  // namespace shrike::testing
