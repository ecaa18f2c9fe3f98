// A folder with a tiny detector and pictures, made by the test itself.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "formats/json.h"
#include "program.h"
#include "pull/test_folder.h"

namespace shrike::testing {

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest();

  std::filesystem::path at(const std::string& name) const { return root_ / name; }
  std::string path(const std::string& name) const { return at(name).string(); }

  // A plain 64x32 picture, another one for each name; the name's ending says the format.
  std::string picture(const std::string& name) const;
  std::string file(const std::string& name, const std::string& bytes) const;

  // A second model, "wide.onnx": YOLOv8n with random weights, for pictures of 64x64 pixels and the
  // same classes.
  std::string wide_model() const;

  // "open.onnx": that model, the height and width of its pictures left open and told as
  // that of its export.
  std::string with_open_size(const std::string& model) const;

  // detect with the tiny model, which finds a "cat" of 10x20 pixels in each half of any 64x32
  // picture, at confidence 0.99.
  Outcome detect(std::vector<std::string> words) const;

  // The JSON objects on standard output, one a line.
  static std::vector<Json> json_lines(const std::string& text);

  TestFolder folder_;
  const std::filesystem::path root_;
  const std::string model_;  // an .onnx
};

// Names of the entries of a folder, sorted.
std::vector<std::string> names_in(const std::filesystem::path& folder);

std::string bytes_of(const std::filesystem::path& path);

}  // namespace shrike::testing
