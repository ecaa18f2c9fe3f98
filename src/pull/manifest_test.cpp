#include "pull/manifest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace shrike {
namespace {

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

TEST(Manifest, RowsAreWhole) {
  std::set<std::string_view> names;
  for (const ManifestRow& row : manifest()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(names.insert(row.name).second) << "twice";
    EXPECT_TRUE(row.name.find('/') == std::string_view::npos && !row.name.ends_with(".onnx") &&
                !row.name.ends_with(".cfg"))
        << "a name must not look like a path";
    EXPECT_FALSE(row.summary.empty() || row.licence.empty() || row.accuracy.empty() ||
                 row.accuracy_source.empty());
    EXPECT_GT(row.input_size[0], 0);
    EXPECT_GT(row.input_size[1], 0);
    ASSERT_FALSE(row.files.empty());
    for (const ManifestFile& file : row.files) {
      EXPECT_TRUE(is_digest(file.sha256)) << file.name;
      EXPECT_GT(file.size, 0u);
      EXPECT_EQ(file.name.find('/'), std::string_view::npos);
    }
    if (const auto* address = std::get_if<HttpsAddress>(&row.source)) {
      EXPECT_TRUE(address->base.starts_with("https://") && address->base.ends_with("/"));
    }
    if (const auto* package = std::get_if<PipPackage>(&row.source)) {
      EXPECT_TRUE(is_digest(package->sha256));
    }
  }
}

TEST(Manifest, FindsByName) {
  ASSERT_NE(find_model(kDefaultModel), nullptr);
  EXPECT_EQ(find_model(kDefaultModel)->name, kDefaultModel);
  EXPECT_EQ(find_model("yolo"), nullptr);
  EXPECT_EQ(total_size(*find_model("yolov3-tiny")), 1914u + 35434956u + 624u);
}

}  // namespace
}  // namespace shrike
