#include <set>

#include "base/excerpt.h"
#include "base/file.h"
#include "data/number.h"
#include "data/picture_list.h"
#include "data/writers.h"
#include "vision/utf8.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr const char* kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string element(const char* name, const std::string& text) {
  return std::string("<") + name + ">" + text + "</" + name + ">";
}

std::string object_text(const Truth& t, const std::string& class_name) {
  const long double left = t.x, top = t.y;
  return "  <object>" + element("name", xml_text(class_name)) +
         element("difficult", t.ignore ? "1" : "0") + "<bndbox>" +
         element("xmin", number_text(left + 1)) + element("ymin", number_text(top + 1)) +
         element("xmax", number_text(left + t.width)) +
         element("ymax", number_text(top + t.height)) + "</bndbox></object>\n";
}

std::string annotation_text(const Sample& sample, const std::string& file_name,
                            const std::vector<std::string>& names, Conversion& conversion) {
  std::string text =
      std::string(kHead) + "<annotation>\n  " + element("filename", xml_text(file_name)) +
      "\n  <size>" + element("width", std::to_string(sample.width)) +
      element("height", std::to_string(sample.height)) + element("depth", "3") + "</size>\n";
  for (const Truth& t : sample.truth) {
    if (t.crowd) {
      ++conversion.crowds_left_out;
      continue;
    }
    text += object_text(t, names[static_cast<size_t>(t.class_id)]);
    ++conversion.instances;
    if (t.area != t.width * t.height) ++conversion.areas_lost;
  }
  return text + "</annotation>\n";
}

// VOC knows classes by their names alone, one a line of labels.txt.
Result<std::string> labels_text(const std::vector<std::string>& names) {
  if (names.empty()) return input_error("VOC cannot hold a data set without classes");
  std::set<std::string> seen;
  std::string text;
  for (const std::string& name : names) {
    const std::vector<std::string_view> lines = lines_of(name);
    if (to_printable_utf8(name) != name || lines.size() != 1 || lines[0] != name)
      return input_error("VOC cannot hold the class name " + in_quotes(to_printable_utf8(name)));
    if (!seen.insert(name).second)
      return input_error("VOC cannot hold two classes called " + in_quotes(name));
    text += name + "\n";
  }
  return text;
}

}  // namespace

Result<void> write_voc(std::span<const OutputSplit> splits, const fs::path& folder,
                       Conversion& conversion) {
  const std::vector<std::string>& names = splits.front().dataset->names;
  SHRIKE_ASSIGN(const std::string labels, labels_text(names));
  const fs::path annotations = folder / "Annotations", lists = folder / "ImageSets" / "Main";
  SHRIKE_TRY(make_folders(annotations));
  SHRIKE_TRY(make_folders(lists));
  std::set<std::string> written;  // a sample may be in two splits
  for (const OutputSplit& split : splits) {
    std::string list;
    for (size_t i = 0; i < split.file_names.size(); ++i) {
      const std::string stem = fs::path(split.file_names[i]).stem().string();
      list += stem + "\n";
      if (!written.insert(stem).second) continue;
      SHRIKE_TRY(write_file(
          annotations / (stem + ".xml"),
          annotation_text(split.dataset->samples[i], split.file_names[i], names, conversion)));
    }
    SHRIKE_TRY(write_file(lists / (split.name + ".txt"), list));
  }
  return write_file(folder / "labels.txt", labels);
}

}  // namespace shrike
