#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/file.h"
#include "data/number.h"
#include "data/writers.h"
#include "data/yolo_labels.h"
#include "formats/json.h"
#include "vision/decode.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// Of a double and its neighbours the one of fewest digits that `exact` accepts; empty where it
// accepts none. So what came from a label file goes back with the digits that it had.
template <typename Exact>
std::string shortest_exact(double nearest, const Exact& exact) {
  std::string best;
  for (const double value :
       {nearest, std::nextafter(nearest, 2.0), std::nextafter(nearest, -1.0)}) {
    const std::string text = number_text(value);
    if (exact(*parse_number(text)) && (best.empty() || text.size() < best.size())) best = text;
  }
  return best;
}

// The fraction of a side whose reading gives exactly `pixels`.
std::string extent_text(double pixels, int side) {
  const std::string text = shortest_exact(pixels / side, [&](long double extent) {
    return static_cast<double>(extent * side) == pixels;
  });
  return text.empty() ? number_text(static_cast<long double>(pixels) / side) : text;
}

// The centre of which reading makes exactly `edge`. The nearest long double does not always, as it
// has few bits left for an edge near 0; one of its neighbours does, down to about side / 2000.
std::string centre_text(double edge, const std::string& extent, int side) {
  constexpr int kNeighbours = 4;
  const long double read_extent = *parse_number(extent);
  const auto exact = [&](long double centre) {
    return yolo_edge(centre, read_extent, side) == edge;
  };
  const long double nearest = static_cast<long double>(edge) / side + read_extent / 2;
  const std::string text = shortest_exact(static_cast<double>(nearest), exact);
  if (!text.empty()) return text;
  long double above = nearest, below = nearest;
  for (int i = 0; i < kNeighbours; ++i) {
    if (exact(above)) return number_text(above);
    if (exact(below)) return number_text(below);
    above = std::nextafter(above, 2.0L);
    below = std::nextafter(below, -1.0L);
  }
  return number_text(nearest);
}

std::string row_text(const Truth& t, const Sample& sample) {
  const std::string width = extent_text(t.width, sample.width);
  const std::string height = extent_text(t.height, sample.height);
  return std::to_string(t.class_id) + " " + centre_text(t.x, width, sample.width) + " " +
         centre_text(t.y, height, sample.height) + " " + width + " " + height + "\n";
}

std::string labels_text(const Sample& sample, Conversion& conversion) {
  std::string text;
  for (const Truth& t : sample.truth) {
    if (t.crowd) {
      ++conversion.crowds_left_out;
    } else if (t.ignore) {
      ++conversion.ignored_left_out;
    } else {
      text += row_text(t, sample);
      ++conversion.instances;
      if (t.area != t.width * t.height) ++conversion.areas_lost;
    }
  }
  return text;
}

// "val2017" is val, unless another split would be, too.
std::string key_of(const std::string& name, std::span<const OutputSplit> splits) {
  for (const std::string usual : {"train", "val", "test"}) {
    const auto means_it = [&](const OutputSplit& s) { return s.name.starts_with(usual); };
    if (name.starts_with(usual) && std::count_if(splits.begin(), splits.end(), means_it) == 1)
      return usual;
  }
  return name;
}

// Whether reading the folder gives the samples in their order.
bool in_order_of_names(const std::vector<std::string>& names) {
  return std::is_sorted(names.begin(), names.end()) &&
         std::all_of(names.begin(), names.end(),
                     [](const std::string& name) { return has_picture_name(name); });
}

std::string list_text(const OutputSplit& split) {
  std::string text;
  for (const std::string& name : split.file_names)
    text += "./" + (pictures_folder(DatasetFormat::kYolo, split.name) / name).string() + "\n";
  return text;
}

std::string yaml_text(const std::string& text) { return dump_json(Json(text)); }

std::string yaml_key(const std::string& key) {
  const bool plain = std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return c == '_' || (c < 0x80 && std::isalnum(c));
  });
  return plain ? key : yaml_text(key);
}

}  // namespace

Result<void> write_yolo(std::span<const OutputSplit> splits, const fs::path& folder,
                        Conversion& conversion) {
  const std::vector<std::string>& names = splits.front().dataset->names;
  if (names.empty()) return input_error("YOLO cannot hold a data set without classes");
  std::string settings = "path: .\n";
  for (const OutputSplit& split : splits) {
    if (split.name == "path" || split.name == "names" || split.name == "nc")
      return input_error("YOLO cannot hold a split called " + split.name);
    const fs::path labels = folder / "labels" / split.name;
    SHRIKE_TRY(make_folders(labels));
    for (size_t i = 0; i < split.file_names.size(); ++i) {
      const fs::path name = fs::path(split.file_names[i]).replace_extension(".txt");
      SHRIKE_TRY(write_file(labels / name, labels_text(split.dataset->samples[i], conversion)));
    }
    std::string entry = pictures_folder(DatasetFormat::kYolo, split.name).string();
    if (!in_order_of_names(split.file_names)) {
      entry = split.name + ".txt";
      SHRIKE_TRY(write_file(folder / entry, list_text(split)));
    }
    settings += yaml_key(key_of(split.name, splits)) + ": " + yaml_text(entry) + "\n";
  }
  settings += "names:\n";
  for (size_t i = 0; i < names.size(); ++i)
    settings += "  " + std::to_string(i) + ": " + yaml_text(names[i]) + "\n";
  return write_file(folder / "data.yaml", settings);
}

}  // namespace shrike
