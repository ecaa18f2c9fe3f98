// shrike data stats: numbers that describe a data set.
#include <cstdio>

#include "base/excerpt.h"
#include "cli/data_commands.h"
#include "cli/dataset_option.h"
#include "cli/exit_code.h"
#include "cli/value_names.h"
#include "data/stats.h"
#include "formats/json.h"

namespace shrike {

namespace {

Json distribution_json(const Distribution& d) {
  return {{"least", d.least}, {"median", d.median}, {"mean", d.mean}, {"most", d.most}};
}

Json stats_json(const Dataset& dataset, const DatasetStats& stats) {
  Json classes = Json::array();
  for (size_t i = 0; i < stats.classes.size(); ++i)
    classes.push_back({{"class_id", i},
                       {"name", dataset.names[i]},
                       {"instances", stats.classes[i].instances},
                       {"pictures", stats.classes[i].pictures}});
  return {{"data", dataset.source.string()},
          {"format", format_name(dataset.format)},
          {"split", dataset.split},
          {"pictures", stats.pictures},
          {"background", stats.background},
          {"instances", stats.instances},
          {"crowds", stats.crowds},
          {"ignored", stats.ignored},
          {"small", stats.small},
          {"medium", stats.medium},
          {"large", stats.large},
          {"picture_width", distribution_json(stats.width)},
          {"picture_height", distribution_json(stats.height)},
          {"box_width", distribution_json(stats.box_width)},
          {"box_height", distribution_json(stats.box_height)},
          {"boxes_per_picture", distribution_json(stats.per_picture)},
          {"classes", std::move(classes)},
          {"findings", count_of(dataset.findings)}};
}

void print_distribution(const char* what, const Distribution& d) {
  std::printf("%-18s %8.6g %8.6g %8.6g %8.6g\n", what, d.least, d.median, d.mean, d.most);
}

double share(size_t part, size_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

void print_stats(const Dataset& dataset, const DatasetStats& stats) {
  std::printf("%s (%s)\n", printable(describe(dataset)).c_str(),
              std::string(format_name(dataset.format)).c_str());
  std::printf("%zu pictures, %zu of them background; %zu objects", stats.pictures, stats.background,
              stats.instances);
  if (stats.crowds > 0) std::printf(", %zu crowds", stats.crowds);
  if (stats.ignored > 0) std::printf(", %zu difficult", stats.ignored);
  std::printf("\nsmall %.1f %%, medium %.1f %%, large %.1f %%\n\n",
              share(stats.small, stats.instances), share(stats.medium, stats.instances),
              share(stats.large, stats.instances));
  std::printf("%-18s %8s %8s %8s %8s\n", "", "LEAST", "MEDIAN", "MEAN", "MOST");
  print_distribution("picture width", stats.width);
  print_distribution("picture height", stats.height);
  print_distribution("box width", stats.box_width);
  print_distribution("box height", stats.box_height);
  print_distribution("boxes a picture", stats.per_picture);
  std::printf("\n%9s %9s  %s\n", "OBJECTS", "PICTURES", "CLASS");
  for (size_t i = 0; i < stats.classes.size(); ++i)
    std::printf("%9zu %9zu  %s\n", stats.classes[i].instances, stats.classes[i].pictures,
                printable(dataset.names[i]).c_str());
}

}  // namespace

Result<int> data_stats_command(const Words& words) {
  DatasetOption option;
  bool json = false;
  std::vector<std::string> shown_in_the_help;
  CLI::App app(
      "Counts pictures, objects by class and size, and what the sizes are; small, medium and large "
      "are COCO's (32 and 96 pixels squared).",
      "shrike data stats");
  app.add_option("dataset", shown_in_the_help, "A data.yaml, a COCO .json, or a folder")
      ->type_name(kFileValue);
  add_dataset_options(app, option);
  app.add_flag("--json", json, "One JSON object a split and line");
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  SHRIKE_ASSIGN(const auto path, dataset_word(arguments, "data stats"));
  SHRIKE_ASSIGN(const std::vector<std::string> splits, wanted_splits(path, option));

  for (const std::string& split : splits) {
    SHRIKE_ASSIGN(const Dataset dataset, open_split(path, split, option, false));
    const DatasetStats stats = dataset_stats(dataset);
    if (json) {
      std::printf("%s\n", dump_json(stats_json(dataset, stats)).c_str());
    } else {
      if (&split != &splits.front()) std::puts("");
      print_stats(dataset, stats);
    }
    say_findings(dataset);
  }
  return kExitOk;
}

}  // namespace shrike
