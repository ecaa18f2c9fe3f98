#include "base/temporary.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace shrike {
namespace {

namespace fs = std::filesystem;

class Temporary : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/shrike-temporary-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The number at the end of the name that is next but one.
  static int coming() {
    const std::string name = next_temporary_name();
    return std::stoi(name.substr(name.rfind('.') + 1)) + 1;
  }

  static size_t entries(const fs::path& folder) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), {}));
  }

  fs::path folder_;
};

TEST_F(Temporary, FolderGoesWithAllThatIsInIt) {
  {
    const auto folder = TemporaryFolder::create_in(folder_);
    ASSERT_TRUE(folder) << folder.error().message;
    EXPECT_EQ(folder->path().parent_path(), folder_);
    EXPECT_TRUE(folder->path().filename().string().starts_with(".shrike."));
    fs::create_directories(folder->path() / "a/b");
    std::ofstream(folder->path() / "a/b/c") << "x";
  }
  EXPECT_EQ(entries(folder_), 0u);
}

TEST_F(Temporary, WhatAKilledProcessLeftIsNotInTheWay) {
  const std::string mine = ".shrike." + std::to_string(::getpid()) + ".";
  const int next = coming();
  for (int i = 0; i < 200; i += 2) {
    fs::create_directory(folder_ / (mine + std::to_string(next + i)));
    std::ofstream(folder_ / (mine + std::to_string(next + i + 1))) << "x";
  }
  const auto folder = TemporaryFolder::create_in(folder_);
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(folder->path(), folder_ / (mine + std::to_string(next + 200)));
  EXPECT_EQ(entries(folder_), 201u);
}

TEST_F(Temporary, FoldersMadeForItGoUnlessSomethingCameIntoThem) {
  for (const char* parent : {"a/b", "a/b/"}) {
    { ASSERT_TRUE(TemporaryFolder::create_in(folder_ / parent)); }
    EXPECT_EQ(entries(folder_), 0u) << parent;
  }
  {
    ASSERT_TRUE(TemporaryFolder::create_in(folder_ / "a/b"));
    const auto folder = TemporaryFolder::create_in(folder_ / "a/b");
    std::ofstream(folder_ / "a/b/file") << "x";
  }
  EXPECT_TRUE(fs::exists(folder_ / "a/b/file"));
  fs::create_directories(folder_ / "empty before");
  { ASSERT_TRUE(TemporaryFolder::create_in(folder_ / "empty before")); }
  EXPECT_TRUE(fs::exists(folder_ / "empty before"));
  fs::create_symlink("nowhere", folder_ / "dangling");
  EXPECT_FALSE(TemporaryFolder::create_in(folder_ / "dangling"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "dangling"));
}

TEST_F(Temporary, FolderTakesTheNameOfNothingOrOfAnEmptyFolder) {
  const std::string longest(255, 'n');
  fs::create_directory(folder_ / "full");
  std::ofstream(folder_ / "full/file") << "x";
  fs::create_directory(folder_ / "empty");
  for (const std::string& name : {std::string("new"), std::string("empty"), longest}) {
    auto folder = TemporaryFolder::create_in(folder_);
    std::ofstream(folder->path() / "file") << name;
    const auto renamed = folder->rename_to(folder_ / name);
    EXPECT_TRUE(renamed) << renamed.error().message;
  }
  for (const std::string& name : {std::string("new"), std::string("empty"), longest})
    EXPECT_TRUE(fs::exists(folder_ / name / "file")) << name;
  auto folder = TemporaryFolder::create_in(folder_);
  const auto refused = folder->rename_to(folder_ / "full");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRuntime);
  EXPECT_NE(refused.error().message.find("full"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder->path()));
}

TEST_F(Temporary, ErrorsNameTheFilesPlace) {
  const auto folder = TemporaryFolder::create_in(folder_);
  const std::string here = folder->path().string();
  const Error error = folder->at_its_place(
      runtime_error("cannot put " + here + "/a at " + here + "/b: no"), "/a place");
  EXPECT_EQ(error.message, "cannot put /a place/a at /a place/b: no");
  EXPECT_EQ(error.kind, ErrorKind::kRuntime);

  const auto nowhere = TemporaryFolder::create_in("/dev/null");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, ErrorKind::kRuntime);
  EXPECT_NE(nowhere.error().message.find("/dev/null"), std::string::npos);
}

}  // namespace
}  // namespace shrike
