// shrike data check: what is wrong with a data set.
#include <array>
#include <cstdio>
#include <map>

#include "base/excerpt.h"
#include "cli/data_commands.h"
#include "cli/dataset_option.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "data/check.h"
#include "formats/json.h"

namespace shrike {

namespace {

// What was found, over all splits; printed as it comes, or kept as JSON.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  void add(const Dataset& dataset) {
    size_t instances = 0;
    for (const Sample& sample : dataset.samples) instances += sample.truth.size();
    pictures_ += dataset.samples.size();
    instances_ += instances;
    Json rows = Json::array();
    for (const Finding& finding : dataset.findings) {
      counts_[finding_name(finding.kind)] += finding.count;
      if (json_)
        rows.push_back(finding_json(finding));
      else
        std::printf("%s\n", printable(finding_text(finding)).c_str());
    }
    splits_.push_back({{"data", dataset.source.string()},
                       {"format", format_name(dataset.format)},
                       {"split", dataset.split},
                       {"pictures", dataset.samples.size()},
                       {"instances", instances},
                       {"findings", std::move(rows)}});
  }

  // A split that cannot be opened at all.
  void add(const Error& error) {
    ++counts_["unreadable_split"];
    say(printable(error.message));
    splits_.push_back({{"error", error.message}});
  }

  int finish() const {
    if (json_) {
      Json counts = Json::object();
      for (const auto& [name, count] : counts_) counts[name] = count;
      std::printf("%s\n", dump_json({{"splits", splits_}, {"counts", std::move(counts)}}).c_str());
    } else {
      std::printf("%zu pictures with %zu objects can be used", pictures_, instances_);
      for (const auto& [name, count] : counts_) std::printf(", %s: %zu", name.c_str(), count);
      std::puts(counts_.empty() ? ", nothing is wrong" : "");
    }
    return counts_.empty() ? kExitOk : kExitInput;
  }

 private:
  static Json finding_json(const Finding& finding) {
    return {{"kind", finding_name(finding.kind)},
            {"file", finding.file.string()},
            {"row", finding.row == 0 ? Json() : Json(finding.row)},
            {"detail", finding.detail}};
  }

  bool json_;
  size_t pictures_ = 0, instances_ = 0;
  std::map<std::string, size_t> counts_;  // by finding_name
  Json splits_ = Json::array();
};

}  // namespace

Result<int> data_check_command(const Words& words) {
  DatasetOption option;
  bool json = false;
  std::vector<std::string> shown_in_the_help;
  CLI::App app(
      "Lists what is wrong with a data set, one finding a line: missing and damaged pictures, "
      "label rows "
      "that are no box, out of range, there twice or of an unknown class. Changes nothing. "
      "Exit code 3 when something is wrong.",
      "shrike data check");
  app.add_option("dataset", shown_in_the_help, "A data.yaml, a COCO .json, or a folder")
      ->type_name(kFileValue);
  add_dataset_options(app, option);
  app.add_flag("--json", json, "As JSON");
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  SHRIKE_ASSIGN(const auto path, dataset_word(arguments, "data check"));
  SHRIKE_ASSIGN(const std::vector<std::string> splits, wanted_splits(path, option));

  const CatchInterrupts caught;
  Report report(json);
  for (const std::string& split : splits) {
    auto dataset = open_split(path, split, option, true);
    if (!dataset) {
      if (splits.size() == 1) return dataset.error();
      report.add(dataset.error());
      continue;
    }
    ProgressBar bar(dataset->samples.size(), true);
    DatasetCheckOptions options{reading_threads(option), [&](size_t done, size_t) {
                                  bar.set(done);
                                  return interrupted() == 0;
                                }};
    SHRIKE_ASSIGN(const bool whole, check_dataset(*dataset, options));
    if (!whole) return exit_code_of_signal(interrupted());
    bar.clear();
    report.add(*dataset);
  }
  return report.finish();
}

}  // namespace shrike
