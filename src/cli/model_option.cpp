#include "cli/model_option.h"

#include <filesystem>

#include "cli/memory_option.h"
#include "cli/nearest.h"
#include "cli/pull_progress.h"
#include "cli/value_names.h"
#include "formats/names_literal.h"
#include "pull/manifest.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

Result<FoundModel> pulled(const ManifestRow& row) {
  SHRIKE_ASSIGN(const PulledModel model, pull_shown(row, false));
  FoundModel found;
  for (const fs::path& path : model.files) {
    if (path.extension() == ".names") {
      SHRIKE_ASSIGN(found.names, read_names_file(path));
      continue;
    }
    (found.files.path.empty() ? found.files.path : found.files.second) = path;
    found.bytes += size_of(path);
  }
  return found;
}

}  // namespace

void add_model_options(CLI::App& app, ModelOption& option) {
  option.model = kDefaultModel;
  app.add_option("--model", option.model,
                 "A name that `shrike pull` lists, an .onnx, or a Darknet .cfg with its .weights "
                 "beside it")
      ->type_name(kModelValue)
      ->capture_default_str();
  app.add_option("--weights", option.weights, "The .weights of a .cfg, where they lie elsewhere")
      ->type_name(kFileValue);
  add_memory_option(app);
}

Result<FoundModel> find_model_files(const ModelOption& option) {
  std::error_code ignored;
  const fs::path path = option.model;
  const ManifestRow* row = find_model(option.model);
  // A folder is no model: one that is called like a model does not hide it.
  if (fs::exists(path, ignored) && !(row && fs::is_directory(path, ignored))) {
    const fs::path second =
        option.weights.empty() ? darknet_partner(path) : fs::path(option.weights);
    return FoundModel{{path, option.weights}, {}, size_of(path) + size_of(second)};
  }
  if (row) {
    if (!option.weights.empty())
      return usage_error("--weights is for a .cfg file, not for the model " + option.model);
    return pulled(*row);
  }
  std::vector<std::string> names;
  for (const ManifestRow& known : manifest()) names.emplace_back(known.name);
  return model_error("no model " + option.model + ": neither a file nor a name that pull knows" +
                     suggestion(option.model, names));
}

Result<LoadedModel> load_model_option(const ModelOption& option) {
  SHRIKE_ASSIGN(FoundModel found, find_model_files(option));
  return load_found_model(std::move(found));
}

Result<LoadedModel> load_found_model(FoundModel found) {
  std::vector<fs::path> files;
  SHRIKE_ASSIGN(Graph graph, load_model(found.files, &files));
  return LoadedModel{std::move(graph), std::move(files), std::move(found.names),
                     found.files.path.string(), found.bytes};
}

}  // namespace shrike
