#include "base/glob.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace shrike {
namespace {

namespace fs = std::filesystem;

class Glob : public testing::Test {
 protected:
  Glob() {
    std::string name = (fs::temp_directory_path() / "shrike-test-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~Glob() override { fs::remove_all(root_); }

  void file(const std::string& name) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << "x";
  }
  std::vector<std::string> found(const std::string& pattern) const {
    std::vector<std::string> names;
    for (const fs::path& path : matching_paths((root_ / pattern).string()))
      names.push_back(path.lexically_relative(root_).string());
    return names;
  }
  using Names = std::vector<std::string>;

  fs::path root_;
};

TEST_F(Glob, PartsOfPaths) {
  for (const char* name : {"a/2.jpg", "a/1.jpg", "a/.hidden.jpg", "a/1.png", "b/1.jpg", "c.jpg",
                           "b/below/1.jpg", "b/[x].jpg"})
    file(name);
  EXPECT_EQ(found("a/*.jpg"), (Names{"a/1.jpg", "a/2.jpg"}));
  EXPECT_EQ(found("*/1.jpg"), (Names{"a/1.jpg", "b/1.jpg"}));
  EXPECT_EQ(found("?/1.*"), (Names{"a/1.jpg", "a/1.png", "b/1.jpg"}));
  EXPECT_EQ(found("[b-c]*"), (Names{"b", "c.jpg"}));
  EXPECT_EQ(found("*/*/1.jpg"), Names{"b/below/1.jpg"});
  EXPECT_EQ(found("a/.*.jpg"), Names{"a/.hidden.jpg"});
  EXPECT_EQ(found("b/\\[x\\].jpg"), Names{"b/[x].jpg"});
  EXPECT_EQ(found("*.jpg/1"), Names{});
  EXPECT_EQ(found("none/*"), Names{});
}

TEST_F(Glob, FoldersThatManyLinksLeadToAreGoneThroughOnce) {
  constexpr int kLevels = 40;  // 2^40 paths
  std::string pattern = "l0";
  for (int level = 0; level < kLevels; ++level) {
    const fs::path next = "../l" + std::to_string(level + 1);
    fs::create_directory(root_ / ("l" + std::to_string(level)));
    for (const char* name : {"a", "b"})
      fs::create_directory_symlink(next, root_ / ("l" + std::to_string(level)) / name);
    pattern += "/*";
  }
  file("l" + std::to_string(kLevels) + "/1.jpg");
  EXPECT_EQ(found(pattern + "/*.jpg").size(), 1u);
}

}  // namespace
}  // namespace shrike
