// A YOLO data set's data.yaml.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace shrike {

struct YoloSettings {
  // What the entries are relative to: `path`, itself relative to the file's folder (or, where it is
  // not there, to the working folder); without `path` the file's folder.
  std::filesystem::path base;
  // train, val, test, and whatever other key holds a text or a list of texts.
  std::map<std::string, std::vector<std::string>> splits;
  std::vector<std::string> names;  // from `names`; from `nc` alone: those of class_name()
};

// Errors (kInput) name the file and the line or key: YAML that parse_yaml refuses, no names, names
// with gaps, an nc that is not their number, a path that is no folder.
Result<YoloSettings> read_yolo_settings(const std::filesystem::path& yaml);

// An entry of a split as it is meant: some exporters write "../train/images" into a file that lies
// beside "train".
std::string meant_entry(const YoloSettings& settings, const std::string& entry);

}  // namespace shrike
