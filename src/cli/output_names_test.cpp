#include "cli/output_names.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "pull/test_folder.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

// A folder to save to, "col", and others beside it.
class OutputNames : public ::testing::Test {
 protected:
  fs::path file(const std::string& name) {
    fs::create_directories((root_ / name).parent_path());
    EXPECT_TRUE(write_file(root_ / name, std::string_view("x")));
    return root_ / name;
  }
  // Names of the annotated pictures, all in "col".
  Names saved(const std::vector<fs::path>& pictures) {
    fs::create_directories(root_ / "col");
    Names names;
    for (const OutputPaths& paths : output_paths(pictures, root_ / "col", {})) {
      EXPECT_EQ(paths.picture.parent_path(), root_ / "col");
      EXPECT_TRUE(paths.labels.empty());
      names.push_back(paths.picture.filename().string());
    }
    return names;
  }
  TestFolder folder_;
  const fs::path root_ = folder_.path();
};

Names labels(const std::vector<fs::path>& pictures) {
  Names names;
  for (const OutputPaths& paths : output_paths(pictures, {}, "labels")) {
    EXPECT_TRUE(paths.picture.empty());
    names.push_back(paths.labels.string());
  }
  return names;
}

TEST_F(OutputNames, EqualNamesAreNumbered) {
  EXPECT_EQ(labels({"a/1.jpg", "b/1.jpg", "2.jpg", "1.png"}),
            (Names{"labels/1.txt", "labels/1_2.txt", "labels/2.txt", "labels/1_3.txt"}));
  EXPECT_EQ(labels({"a/1.jpg", "b/1.jpg", "1_2.jpg"}),
            (Names{"labels/1.txt", "labels/1_3.txt", "labels/1_2.txt"}));
  EXPECT_TRUE(labels({}).empty());
  EXPECT_EQ(saved({"a/1.jpg", "b/1.jpg", "b/1_2.bmp", "1.PNG"}),
            (Names{"1.jpg", "1_3.jpg", "1_2.jpg", "1_4.png"}));
}

TEST_F(OutputNames, FilesOfAnEarlierRunAreReplaced) {
  const fs::path a = file("in/a.webp");
  file("col/a.jpg");
  EXPECT_EQ(saved({a}), Names{"a.jpg"});
}

TEST_F(OutputNames, NothingIsReplacedWhereThePicturesLie) {
  const fs::path a = file("col/a.jpg"), boxes = file("col/a_boxes.jpg"), b = file("E/b.jpg");
  EXPECT_EQ(saved({a, boxes}), (Names{"a_boxes_2.jpg", "a_boxes_boxes.jpg"}));
  EXPECT_EQ(saved({a}), Names{"a_boxes_2.jpg"}) << "it may be the person's own";
  file("col/b.jpg");
  EXPECT_EQ(saved({a, b}), (Names{"a_boxes_2.jpg", "b_boxes.jpg"}));
  EXPECT_EQ(saved({b}), Names{"b.jpg"}) << "no picture lies there";
}

TEST_F(OutputNames, MadeUpNamesAreNoOtherPictures) {
  const fs::path a = file("col/a.jpg"), boxes = file("E/a_boxes.jpg");
  EXPECT_EQ(saved({a, boxes}), (Names{"a_boxes_2.jpg", "a_boxes.jpg"}));
  EXPECT_EQ(saved({boxes, a}), (Names{"a_boxes.jpg", "a_boxes_2.jpg"}));
  EXPECT_EQ(saved({a, boxes, "F/a.jpg", "F/a_2.jpg", "F/a_boxes_2.jpg"}),
            (Names{"a_boxes_3.jpg", "a_boxes.jpg", "a_3.jpg", "a_2.jpg", "a_boxes_2.jpg"}));
}

TEST_F(OutputNames, LinksAndFoldersAreLeftAlone) {
  const fs::path target = file("col/a.jpg");
  fs::create_directories(root_ / "E");
  fs::create_symlink(target, root_ / "E/a.jpg");
  EXPECT_EQ(saved({root_ / "E/a.jpg"}), Names{"a_boxes.jpg"}) << "the original lies there";
  const fs::path b = file("E/b.jpg");
  fs::create_symlink(b, root_ / "col/b.jpg");
  EXPECT_EQ(saved({b}), Names{"b_boxes.jpg"});
  fs::create_directories(root_ / "col/c.jpg");
  EXPECT_EQ(saved({file("E/c.jpg")}), Names{"c_boxes.jpg"});
}

TEST_F(OutputNames, LabelsAreNoPictures) {
  const fs::path picture = file("a.txt");
  EXPECT_EQ(output_paths({picture}, {}, root_)[0].labels, root_ / "a_2.txt");
}

TEST_F(OutputNames, LabelsOfADataSetAreNotReplaced) {
  const auto label = [&](const fs::path& picture, const char* folder) {
    return fs::relative(output_paths({picture}, {}, root_ / folder)[0].labels, root_).string();
  };
  const fs::path beside = file("p/a.jpg"), set = file("set/images/val/b.jpg");
  file("set/labels/val/notes.txt");
  EXPECT_EQ(label(beside, "p"), "p/a.txt");
  EXPECT_EQ(label(set, "set/labels/val"), "set/labels/val/b.txt");
  file("p/a.txt");
  file("set/labels/val/b.txt");
  EXPECT_EQ(label(beside, "p"), "p/a_boxes.txt");
  EXPECT_EQ(label(set, "set/labels/val"), "set/labels/val/b_boxes.txt");
  file("p/a_boxes.txt");
  EXPECT_EQ(label(beside, "p"), "p/a_boxes_2.txt");
  file("out/a.txt");
  EXPECT_EQ(label(beside, "out"), "out/a.txt") << "of an earlier run";
}

TEST(SafeFileName, TensorNamesBecomeFileNames) {
  EXPECT_EQ(safe_file_name("output0"), "output0");
  EXPECT_EQ(safe_file_name("/model.22/Concat_3:0"), "_model.22_Concat_3_0");
  EXPECT_EQ(safe_file_name(".."), "_.");
  EXPECT_EQ(safe_file_name(""), "_");
  EXPECT_EQ(safe_file_name("a b\n\xc3\xa4"), "a_b___");
}

}  // namespace
}  // namespace shrike
