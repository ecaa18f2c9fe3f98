// Where models, pictures and golden numbers are that the repository does not hold: in
// $SHRIKE_SHARED, or in ../shared beside the repository, and yolov3-tiny in the cache of `shrike
// pull`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace shrike {

std::filesystem::path shared_folder();

// The model's file, .onnx or .cfg.
std::optional<std::filesystem::path> find_model(const std::string& name);

// `name` with '_' for all that a test's name may not hold.
std::string test_name(std::string name);

}  // namespace shrike
