// shrike pull: models by name.
#include <algorithm>
#include <cstdio>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/nearest.h"
#include "cli/pull_progress.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "formats/json.h"
#include "pull/cache.h"
#include "pull/manifest.h"

namespace shrike {

namespace {

struct Options {
  bool list = false, json = false;
  std::string from;
};

Json row_json(const ManifestRow& row, const std::filesystem::path& cache) {
  Json files = Json::array();
  for (const ManifestFile& file : row.files)
    files.push_back({{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}});
  return {{"name", row.name},
          {"about", row.summary},
          {"source", describe(row.source)},
          {"size", total_size(row)},
          {"licence", row.licence},
          {"input_size", {row.input_size[0], row.input_size[1]}},
          {"accuracy", row.accuracy},
          {"accuracy_source", row.accuracy_source},
          {"files", std::move(files)},
          {"pulled", is_pulled(row, cache)}};
}

void print_table(const std::filesystem::path& cache) {
  std::printf("%-20s %8s  %-9s %-14s %s\n", "NAME", "MB", "INPUT", "LICENCE", "ACCURACY, SOURCE");
  for (const ManifestRow& row : manifest()) {
    const std::string size =
        std::to_string(row.input_size[0]) + "x" + std::to_string(row.input_size[1]);
    std::printf("%-20s %8.1f  %-9s %-14s %s%s\n", std::string(row.name).c_str(),
                static_cast<double>(total_size(row)) / 1e6, size.c_str(),
                std::string(row.licence).c_str(), std::string(row.accuracy).c_str(),
                is_pulled(row, cache) ? "  (fetched)" : "");
    std::printf("%-20s %8s  %s; %s\n", "", "", std::string(row.summary).c_str(),
                describe(row.source).c_str());
  }
}

Result<int> list_models(bool json) {
  SHRIKE_ASSIGN(const std::filesystem::path cache, cache_folder());
  if (!json) {
    print_table(cache);
    return kExitOk;
  }
  Json rows = Json::array();
  for (const ManifestRow& row : manifest()) rows.push_back(row_json(row, cache));
  std::printf("%s\n", dump_json(rows, 2).c_str());
  return kExitOk;
}

Result<void> pull_one(const std::string& name, const Options& o) {
  const ManifestRow* known = find_model(name);
  if (!known) {
    std::vector<std::string> names;
    for (const ManifestRow& row : manifest()) names.emplace_back(row.name);
    return usage_error("pull: no model " + name + suggestion(name, names));
  }
  ManifestRow row = *known;
  std::vector<ManifestFile> flat(row.files.begin(), row.files.end());
  if (!o.from.empty()) {
    for (ManifestFile& file : flat) file.from = file.name;
    row.files = flat;
    row.source = LocalFolder{o.from};
  }
  SHRIKE_ASSIGN(const PulledModel model, pull_shown(row, true));
  if (!o.json) {
    for (const auto& file : model.files) std::printf("%s\n", file.c_str());
    return {};
  }
  Json files = Json::array();
  for (const auto& file : model.files) files.push_back(file.string());
  std::printf("%s\n", dump_json({{"name", name}, {"files", std::move(files)}}).c_str());
  return {};
}

}  // namespace

Result<int> pull_command(const Words& words) {
  Options o;
  std::vector<std::string> shown_in_the_help;
  CLI::App app(
      "Fetches models into the cache and prints where their files are; without a name, "
      "lists what there is.",
      "shrike pull");
  app.add_option("names", shown_in_the_help, "Models to fetch")->type_name(kNameValue);
  app.add_flag("--list", o.list, "List the models");
  app.add_flag("--json", o.json, "As JSON");
  app.add_option("--from", o.from,
                 "Take the files from this folder instead (a machine without a network)")
      ->type_name(kFolderValue);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (arguments.words.empty() && !o.from.empty())
    return usage_error("--from is about one model: name it, as in pull yolov3-tiny --from FOLDER");
  std::error_code error;
  if (!o.from.empty() && !std::filesystem::is_directory(o.from, error))
    return usage_error("--from " + o.from + ": no such folder");
  if (o.list && !arguments.words.empty())
    return usage_error("--list takes no names: " + arguments.words.front());
  if (arguments.words.empty()) return list_models(o.json);
  for (const std::string& name : arguments.words) SHRIKE_TRY(pull_one(name, o));
  return kExitOk;
}

}  // namespace shrike
