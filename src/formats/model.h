// Reading a model whatever its format: the one entry that commands and the detector use.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// The file or files of a model.
//   one .onnx
//   one .cfg, with a .weights of the same stem beside it, or one .weights with its .cfg
//   a .cfg and a .weights, in either order
// Endings may be in capitals. Where the name's ending says nothing, the first bytes decide.
struct ModelFiles {
  std::filesystem::path path;
  std::filesystem::path second;  // may be empty
};

// The other file of a Darknet model, beside `path`: a.weights for a.cfg, a.cfg for a.weights, the
// ending in capitals where only such a file is there. Empty for other endings.
std::filesystem::path darknet_partner(const std::filesystem::path& path);

// The graph, shapes inferred and verified. What is guaranteed of it is in onnx_reader.h and
// darknet_reader.h. Errors (kModel) name the file: missing, empty, a folder, truncated, damaged, or
// another program's format with what to do about it. Thread-safe.
// `read`, where given, gets every file that the graph came from: those named, the other one of a
// Darknet model, external data.
Result<Graph> load_model(const ModelFiles& files,
                         std::vector<std::filesystem::path>* read = nullptr);

}  // namespace shrike
