// shrike data convert: a data set in another format.
#include <cstdio>
#include <optional>

#include "base/excerpt.h"
#include "cli/data_commands.h"
#include "cli/dataset_option.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "data/convert.h"
#include "formats/json.h"

namespace shrike {

namespace {

struct Options {
  DatasetOption dataset;
  std::string to, out;
  bool copy = false, link = false, json = false;
};

Result<DatasetFormat> format_of(const std::string& name) {
  for (const auto format : {DatasetFormat::kYolo, DatasetFormat::kCoco, DatasetFormat::kVoc})
    if (name == format_name(format)) return format;
  return usage_error("data convert: --to is yolo, coco or voc" +
                     (name.empty() ? std::string() : ", not " + name));
}

void add_options(CLI::App& app, Options& o) {
  add_dataset_options(app, o.dataset);
  app.add_option("--to", o.to, "The format to write")->type_name("{yolo,coco,voc}");
  app.add_option("--out", o.out, "The new folder; it may be there, but empty")
      ->type_name(kFolderValue);
  app.add_flag("--link", o.link, "Link to the pictures (as it is without --copy)");
  app.add_flag("--copy", o.copy, "Copy the pictures");
  app.add_flag("--json", o.json, "Say as JSON what was written");
}

void say_losses(const Conversion& c, const std::string& format) {
  const auto tell = [](size_t count, const std::string& what) {
    if (count > 0) say(std::to_string(count) + " " + what);
  };
  tell(c.crowds_left_out, "crowds left out: " + format + " has none");
  tell(c.ignored_left_out, "difficult objects left out: " + format + " has none");
  tell(c.ignored_counted, "difficult objects count like all others in " + format);
  tell(c.areas_lost, "areas of masks lost: in " + format + " it is width times height");
}

void print_result(const Conversion& c, const Options& o) {
  if (!o.json) {
    std::printf("%s: %zu pictures with %zu objects\n", printable(o.out).c_str(), c.pictures,
                c.instances);
    return;
  }
  const Json json = {{"out", o.out},
                     {"format", o.to},
                     {"pictures", c.pictures},
                     {"instances", c.instances},
                     {"crowds_left_out", c.crowds_left_out},
                     {"ignored_left_out", c.ignored_left_out},
                     {"ignored_counted", c.ignored_counted},
                     {"areas_lost", c.areas_lost}};
  std::printf("%s\n", dump_json(json).c_str());
}

Result<int> convert(const std::filesystem::path& path, const Options& o, DatasetFormat format) {
  SHRIKE_ASSIGN(const std::vector<std::string> names, wanted_splits(path, o.dataset));
  std::vector<Dataset> datasets;
  size_t pictures = 0;
  for (const std::string& name : names) {
    SHRIKE_ASSIGN(Dataset dataset, open_split(path, name, o.dataset, false));
    say_findings(dataset);
    pictures += dataset.samples.size();
    datasets.push_back(std::move(dataset));
  }
  std::vector<SplitSource> splits;
  for (size_t i = 0; i < names.size(); ++i)
    splits.push_back({names[i].empty() ? "val" : names[i], &datasets[i]});

  ProgressBar bar(pictures, true);
  const ConvertOptions options{format, o.copy ? PictureTransfer::kCopy : PictureTransfer::kLink,
                               [&](size_t done, size_t) {
                                 bar.set(done);
                                 return interrupted() == 0;
                               }};
  const auto conversion = convert_dataset(splits, o.out, options);
  bar.clear();
  if (interrupted() != 0) return exit_code_of_signal(interrupted());
  if (!conversion) return conversion.error();
  say_losses(*conversion, o.to);
  print_result(*conversion, o);
  return kExitOk;
}

}  // namespace

Result<int> data_convert_command(const Words& words) {
  Options o;
  std::vector<std::string> shown_in_the_help;
  CLI::App app(
      "Writes a data set in another format into a new folder. The original is only read, and an "
      "interrupted conversion leaves nothing behind.",
      "shrike data convert");
  app.add_option("dataset", shown_in_the_help, "A data.yaml, a COCO .json, or a folder")
      ->type_name(kFileValue);
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  SHRIKE_ASSIGN(const auto path, dataset_word(arguments, "data convert"));
  SHRIKE_ASSIGN(const DatasetFormat format, format_of(o.to));
  if (o.out.empty()) return usage_error("data convert needs --out FOLDER");
  if (o.copy && o.link) return usage_error("data convert: --copy and --link exclude each other");
  const CatchInterrupts caught;
  return convert(path, o, format);
}

}  // namespace shrike
