#include "cli/output_names.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "pull/test_folder.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

TEST(OutputNames, EqualNamesAreNumbered) {
  EXPECT_EQ(output_stems({"a/1.jpg", "b/1.jpg", "2.jpg", "1.png"}),
            (std::vector<std::string>{"1", "1_2", "2", "1_3"}));
  EXPECT_EQ(output_stems({"a/1.jpg", "b/1.jpg", "1_2.jpg"}),
            (std::vector<std::string>{"1", "1_3", "1_2"}));
  EXPECT_TRUE(output_stems({}).empty());
}

TEST(OutputNames, AnnotatedPicturesKeepPngAndNeverReplaceTheirOriginal) {
  EXPECT_EQ(annotated_path("out", "a", "x/a.PNG", {}), "out/a.png");
  EXPECT_EQ(annotated_path("out", "a_2", "x/a.webp", {}), "out/a_2.jpg");
  const TestFolder folder;
  const fs::path picture = folder.path() / "a.jpg";
  ASSERT_TRUE(write_file(picture, std::string_view("x")));
  EXPECT_EQ(annotated_path(folder.path(), "a", picture, {picture}), folder.path() / "a_boxes.jpg");
}

TEST(OutputNames, TensorNamesBecomeFileNames) {
  EXPECT_EQ(safe_file_name("output0"), "output0");
  EXPECT_EQ(safe_file_name("/model.22/Concat_3:0"), "_model.22_Concat_3_0");
  EXPECT_EQ(safe_file_name(".."), "_.");
  EXPECT_EQ(safe_file_name(""), "_");
  EXPECT_EQ(safe_file_name("a b\n\xc3\xa4"), "a_b___");
}

}  // namespace
}  // namespace shrike
