// The model that quantize starts from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/model_option.h"
#include "ir/graph.h"
#include "vision/letterbox.h"

namespace shrike {

// In floats as the file has it, and what is needed to run it on pictures.
struct FloatModel {
  std::string source;
  uint64_t bytes = 0;
  Graph graph;    // its size fixed
  Graph network;  // to be quantised (quantize/network.h)
  Preprocess preprocess;
  std::vector<std::string> names;
};

struct FloatModelOptions {
  ModelOption model;
  std::string size, names_file;  // --imgsz, --names; empty: the model's own
  std::filesystem::path output;  // what will be written, which must not be the model
};

// Where the model leaves its size open and none is given, the one that it gets is told on standard
// error. Errors name the model.
Result<FloatModel> load_float_model(const FloatModelOptions& options);

}  // namespace shrike
