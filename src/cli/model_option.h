// The --model and --weights options: from what the user wrote to a graph.
#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/model.h"
#include "ir/graph.h"

namespace shrike {

struct ModelOption {
  std::string model;    // a name of the manifest, or a file
  std::string weights;  // for a .cfg whose .weights lie elsewhere
};

void add_model_options(CLI::App& app, ModelOption& option);

struct FoundModel {
  ModelFiles files;
  std::vector<std::string> names;  // of the classes, where the manifest has them; may be empty
  uint64_t bytes = 0;              // of the files together
};

// A name of the manifest is fetched when it is not in the cache. A file of that name in the
// current folder goes before. Errors: kModel when there is neither, with the nearest name; those
// of pull.
Result<FoundModel> find_model_files(const ModelOption& option);

struct LoadedModel {
  Graph graph;
  std::vector<std::filesystem::path> files;  // that it was read from, external data among them
  std::vector<std::string> names;
  std::string source;  // the file, for messages
  uint64_t bytes = 0;
};
Result<LoadedModel> load_found_model(FoundModel found);
Result<LoadedModel> load_model_option(const ModelOption& option);

}  // namespace shrike
