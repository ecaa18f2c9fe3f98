#include "cli/pictures.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "pull/test_folder.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

class PicturesTest : public ::testing::Test {
 protected:
  PicturesTest() {
    for (const char* name : {"b.jpg", "a.JPEG", "c.png", "notes.txt", ".hidden.jpg",
                             "new\nline.bmp", "[x].jpg", "below/d.jpg"}) {
      fs::create_directories((root_ / name).parent_path());
      EXPECT_TRUE(write_file(root_ / name, std::string_view("x")));
    }
    fs::create_directories(root_ / "empty");
    fs::create_directories(root_ / "folder.jpg");
  }
  std::vector<std::string> names(const std::vector<std::string>& words, size_t errors = 0) {
    std::vector<std::string> absolute, result;
    for (const std::string& word : words) absolute.push_back((root_ / word).string());
    const PictureList list = find_pictures(absolute);
    EXPECT_EQ(list.errors.size(), errors);
    for (const fs::path& path : list.paths)
      result.push_back(path.lexically_normal().lexically_relative(root_).string());
    return result;
  }
  TestFolder folder_;
  const fs::path root_ = folder_.path();
};

using Names = std::vector<std::string>;

TEST_F(PicturesTest, AFolderIsItsOwnPicturesInOrder) {
  EXPECT_EQ(names({"."}), (Names{"[x].jpg", "a.JPEG", "b.jpg", "c.png", "new\nline.bmp"}));
  EXPECT_EQ(names({"below"}), (Names{"below/d.jpg"}));
  EXPECT_EQ(names({"empty"}, 1), Names{});
}

TEST_F(PicturesTest, FilesAreTakenWhateverTheirNames) {
  EXPECT_EQ(names({"notes.txt", "new\nline.bmp", "[x].jpg"}),
            (Names{"notes.txt", "new\nline.bmp", "[x].jpg"}));
}

TEST_F(PicturesTest, PatternsAreExpanded) {
  EXPECT_EQ(names({"?.jpg"}), (Names{"b.jpg"}));
  EXPECT_EQ(names({"*/*.jpg"}), (Names{"below/d.jpg"}));
  EXPECT_EQ(names({"*.gif"}, 1), Names{});
}

TEST_F(PicturesTest, OneBadWordDoesNotStopTheOthers) {
  EXPECT_EQ(names({"missing.jpg", "b.jpg"}, 1), (Names{"b.jpg"}));
  EXPECT_NE(find_pictures({"missing.jpg"}).errors[0].message.find("missing.jpg"),
            std::string::npos);
}

TEST_F(PicturesTest, EachOnce) { EXPECT_EQ(names({"b.jpg", "./b.jpg", "b.jpg"}), Names{"b.jpg"}); }

}  // namespace
}  // namespace shrike
