#include "report/together.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <map>

#include "base/file.h"
#include "formats/test_folder.h"

namespace {

bool can_swap = true;               // else as on a file system that cannot
std::function<void()> before_swap;  // called each time

}  // namespace

// In front of the C library's.
extern "C" int renameat2(int from_folder, const char* from, int to_folder, const char* to,
                         unsigned flags) noexcept {
  if (before_swap) before_swap();
  if (can_swap)
    return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
  errno = EINVAL;
  return -1;
}

namespace shrike {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

class Together : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    can_swap = GetParam();
    fs::create_directory(out_);
    for (const char* name : {"a", "c", "other"})
      EXPECT_TRUE(write_file(out_ / name, std::string("old ") + name));
  }
  void TearDown() override {
    can_swap = true;
    before_swap = {};
  }

  // What is in a folder; of folders in it nothing.
  static Files read_all(const fs::path& folder) {
    Files files;
    for (const auto& entry : fs::directory_iterator(folder))
      files[entry.path().filename()] =
          entry.is_directory() ? "a folder" : *read_text(entry.path(), ErrorKind::kInput);
    return files;
  }

  // "a" and "c", which are there, "b" and "last", which are not.
  Result<void> write_four() const {
    return write_together(out_, "last", [](const fs::path& folder) -> Result<void> {
      for (const char* name : {"last", "c", "b", "a"})
        SHRIKE_TRY(write_file(folder / name, std::string("new ") + name));
      return {};
    });
  }

  const Files before_{{"a", "old a"}, {"c", "old c"}, {"other", "old other"}};
  const Files after_{
      {"a", "new a"}, {"b", "new b"}, {"c", "new c"}, {"last", "new last"}, {"other", "old other"}};
  TestFolder folder_;
  const fs::path out_ = folder_ / "out";
};

TEST_P(Together, ReplacesFilesOfTheseNames) {
  ASSERT_TRUE(write_four());
  EXPECT_EQ(read_all(out_), after_);
}

// Whichever of them cannot be moved.
TEST_P(Together, AFailureTakesBackWhatWasMoved) {
  for (const char* name : {"a", "b", "c", "last"}) {
    Files expected = before_;
    expected[name] = "a folder";
    fs::remove(out_ / name);
    fs::create_directory(out_ / name);
    const auto refused = write_four();
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::kRuntime);
    EXPECT_NE(refused.error().message.find((out_ / name).string() + ": "), std::string::npos)
        << refused.error().message;
    EXPECT_EQ(read_all(out_), expected) << name;
    fs::remove(out_ / name);
    if (!before_.contains(name)) continue;
    ASSERT_TRUE(write_file(out_ / name, before_.at(name)));
  }
  EXPECT_EQ(read_all(out_), before_);
}

TEST_P(Together, ASignalBetweenTwoFilesWaitsForTheLast) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    SetUp();
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(signal, SIG_DFL);
      before_swap = [signal, calls = 0]() mutable {
        if (++calls == 2) ::raise(signal);
      };
      ::_exit(write_four() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;
    EXPECT_EQ(read_all(out_), after_);
    fs::remove_all(out_);
  }
}

INSTANTIATE_TEST_SUITE_P(OnFileSystems, Together, testing::Bool(),
                         [](const auto& of) { return of.param ? "ThatSwap" : "ThatDoNot"; });

}  // namespace
}  // namespace shrike
