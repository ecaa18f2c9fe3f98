// Data sets made up in a folder, for tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "data/dataset.h"
#include "formats/test_folder.h"
#include "vision/encode.h"
#include "vision/image.h"

namespace shrike {

class DataTest : public ::testing::Test {
 protected:
  std::filesystem::path at(const std::string& name) const { return folder_.path() / name; }

  // Folders are made where they are not there.
  std::filesystem::path file(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = at(name);
    EXPECT_TRUE(make_folders(path.parent_path()));
    EXPECT_TRUE(write_file(path, text));
    return path;
  }

  std::filesystem::path picture(const std::string& name, int width, int height) const {
    const std::filesystem::path path = at(name);
    EXPECT_TRUE(make_folders(path.parent_path()));
    EXPECT_TRUE(write_image(path, Image(width, height)));
    return path;
  }

  Dataset open(const std::string& name, const DatasetOptions& options = {}) const {
    auto dataset = open_dataset(at(name), options);
    EXPECT_TRUE(dataset) << dataset.error().message;
    return dataset ? *std::move(dataset) : Dataset();
  }

  // The error's message, which must be of kInput; empty where there is none.
  std::string refusal(const std::string& name, const DatasetOptions& options = {}) const {
    const auto dataset = open_dataset(at(name), options);
    if (dataset) return "";
    EXPECT_EQ(dataset.error().kind, ErrorKind::kInput);
    EXPECT_EQ(dataset.error().message.find('\n'), std::string::npos) << dataset.error().message;
    return dataset.error().message;
  }

  TestFolder folder_;
};

inline bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace shrike
