#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/excerpt.h"
#include "base/file.h"
#include "data/picture_list.h"
#include "data/readers.h"
#include "data/voc_annotation.h"
#include "formats/xml.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kXml = ".xml";
constexpr size_t kMaxListBytes = size_t{256} << 20;

// The first of the folders that is there; `folder` itself where none is.
fs::path first_folder(const fs::path& folder, std::initializer_list<const char*> names) {
  std::error_code error;
  for (const char* name : names)
    if (fs::is_directory(folder / name, error)) return folder / name;
  return folder;
}

fs::path lists_in(const fs::path& folder) { return folder / "ImageSets" / "Main"; }

class VocReader {
 public:
  VocReader(const fs::path& folder, const DatasetOptions& options)
      : folder_(folder),
        options_(options),
        annotations_(first_folder(folder, {"Annotations", "annotations"})),
        pictures_(first_folder(folder, {"JPEGImages", "images"})) {}

  Result<Dataset> read() {
    Dataset dataset;
    dataset.source = folder_;
    dataset.format = DatasetFormat::kVoc;
    SHRIKE_TRY(find_pictures());
    SHRIKE_ASSIGN(const std::vector<std::string> stems, stems_of_split(dataset));
    if (stems.empty()) return input_error(folder_.string() + ": no pictures");
    SHRIKE_ASSIGN(dataset.names, names(dataset));
    for (size_t i = 0; i < dataset.names.size(); ++i) {
      class_ids_.emplace(dataset.names[i], static_cast<int>(i));
      dataset.category_ids.push_back(static_cast<int64_t>(i));
    }
    SHRIKE_TRY(load_samples(
        stems.size(), options_.threads,
        [&](size_t i) { return load(stems[i], static_cast<int64_t>(i)); }, dataset));
    return dataset;
  }

 private:
  Result<void> find_pictures() {
    SHRIKE_ASSIGN(const std::vector<fs::path> found, pictures_in(pictures_));
    for (const fs::path& path : found) by_stem_.emplace(path.stem().string(), path);
    return {};
  }

  fs::path annotation_of(const std::string& stem) const {
    return annotations_ / (stem + std::string(kXml));
  }

  Result<std::vector<std::string>> stems_of_split(Dataset& dataset) const {
    const std::vector<std::string> splits = voc_splits(folder_);
    if (splits.empty()) return all_stems();
    dataset.split = options_.split;
    const fs::path list = lists_in(folder_) / (options_.split + ".txt");
    std::error_code error;
    if (!fs::exists(list, error)) {
      std::string known;
      for (const std::string& split : splits) known += (known.empty() ? "" : ", ") + split;
      return input_error(lists_in(folder_).string() + ": no split " + options_.split +
                         "; there are " + excerpt(known));
    }
    SHRIKE_ASSIGN(const std::string text, read_text(list, ErrorKind::kInput, kMaxListBytes));
    dataset.files.push_back(list);
    std::vector<std::string> stems;
    std::set<std::string> seen;
    FindingList findings(list);
    for (const std::string_view line : lines_of(text)) {
      const std::string stem = stem_of_line(line);
      if (leads_out(stem))
        return input_error(list.string() + ": a name leads out of the data set: " + excerpt(stem));
      if (seen.insert(stem).second)
        stems.push_back(stem);
      else
        findings.add(FindingKind::kDuplicatePicture, 0, excerpt(stem));
    }
    dataset.findings = findings.take();
    return stems;
  }

  // A line may end in "  1" or " -1", as the lists of a single class do; but so may a name.
  std::string stem_of_line(std::string_view line) const {
    if (by_stem_.contains(std::string(line))) return std::string(line);
    const size_t space = line.find_last_of(" \t");
    if (space == std::string_view::npos) return std::string(line);
    const std::string_view last = line.substr(space + 1);
    if (last != "1" && last != "-1" && last != "0") return std::string(line);
    return std::string(line.substr(0, line.find_last_not_of(" \t", space) + 1));
  }

  std::vector<std::string> all_stems() const {
    std::set<std::string> stems;
    for (const auto& [stem, path] : by_stem_) stems.insert(stem);
    for (const fs::path& xml : files_ending(annotations_, kXml)) stems.insert(xml.stem().string());
    return {stems.begin(), stems.end()};
  }

  Result<std::vector<std::string>> names(Dataset& dataset) const {
    std::error_code error;
    for (const char* usual : {"labels.txt", "classes.txt"}) {
      const fs::path list = folder_ / usual;
      if (!fs::exists(list, error)) continue;
      SHRIKE_ASSIGN(const std::string text, read_text(list, ErrorKind::kInput, kMaxXmlBytes));
      const std::vector<std::string_view> lines = lines_of(text);
      if (lines.empty()) return input_error(list.string() + ": no class names");
      if (std::set<std::string_view>(lines.begin(), lines.end()).size() != lines.size())
        return input_error(list.string() + ": a class name is there twice");
      dataset.files.push_back(list);
      return std::vector<std::string>(lines.begin(), lines.end());
    }
    return names_that_occur(dataset);
  }

  // Of every annotation, whatever the split: class ids must not differ between splits.
  Result<std::vector<std::string>> names_that_occur(Dataset& dataset) const {
    const std::vector<fs::path> files = files_ending(annotations_, kXml);
    std::vector<std::set<std::string>> found(files.size());
    SHRIKE_TRY(read_files(folder_, files.size(), options_.threads, [&](size_t i) -> Result<void> {
      FindingList unused(files[i]);
      const auto annotation = read_annotation(files[i], unused);
      if (!annotation && annotation.error().kind == ErrorKind::kRuntime) return annotation.error();
      if (!annotation) return {};  // of its split it is a finding
      for (const VocObject& object : annotation->objects) found[i].insert(object.name);
      return {};
    }));
    dataset.files.insert(dataset.files.end(), files.begin(), files.end());
    std::set<std::string> all;
    for (std::set<std::string>& some : found) all.merge(some);
    return std::vector<std::string>(all.begin(), all.end());
  }

  static Result<VocAnnotation> read_annotation(const fs::path& xml, FindingList& findings) {
    SHRIKE_ASSIGN(const std::string text, read_text(xml, ErrorKind::kInput, kMaxXmlBytes));
    return parse_voc_annotation(text, xml.string(), findings);
  }

  // The picture that bears the annotation's name, else the one that it names.
  fs::path picture_of(const std::string& stem, const VocAnnotation& annotation) const {
    if (const auto named = by_stem_.find(stem); named != by_stem_.end()) return named->second;
    // Of a path from the machine it was made on only the last part says anything.
    const std::string& name = annotation.filename;
    const std::string last = name.substr(name.find_last_of("/\\") + 1);
    return pictures_ / (last.empty() ? stem + ".jpg" : last);
  }

  Result<LoadedSample> load(const std::string& stem, int64_t id) const {
    LoadedSample loaded;
    const fs::path xml = annotation_of(stem);
    FindingList findings(xml);
    VocAnnotation annotation;
    std::error_code error;
    if (fs::exists(xml, error) || error) {
      loaded.labels = xml;
      auto read = read_annotation(xml, findings);
      if (!read) {
        if (read.error().kind == ErrorKind::kRuntime) return read.error();
        loaded.findings = {{FindingKind::kUnreadableLabel, xml, 0, reason_of(read.error(), xml)}};
        return loaded;
      }
      annotation = *std::move(read);
    }
    const fs::path picture = picture_of(stem, annotation);
    SHRIKE_ASSIGN(const std::optional<PictureSize> size,
                  size_of_picture(picture, loaded.findings));
    if (!size) return loaded;
    Sample sample{picture, id, size->width, size->height, {}};
    sample.truth = truth_of(annotation, *size, findings);
    for (Finding& finding : findings.take()) loaded.findings.push_back(std::move(finding));
    loaded.sample = std::move(sample);
    return loaded;
  }

  std::vector<Truth> truth_of(const VocAnnotation& annotation, PictureSize size,
                              FindingList& findings) const {
    if (contradicts(annotation.size, size))
      findings.add(FindingKind::kWrongSize, 0, wrong_size_text(annotation.size, size));
    std::vector<TruthRow> rows;
    for (const VocObject& object : annotation.objects) {
      const auto id = class_ids_.find(object.name);
      if (id == class_ids_.end()) {
        findings.add(FindingKind::kUnknownClass, object.box.row, excerpt(object.name));
        continue;
      }
      rows.push_back(object.box);
      rows.back().truth.class_id = id->second;
    }
    return checked_truth(rows, size, RepeatedRows::kKeep, findings);
  }

  const fs::path& folder_;
  const DatasetOptions& options_;
  const fs::path annotations_, pictures_;
  std::map<std::string, fs::path> by_stem_;
  std::map<std::string, int> class_ids_;
};

}  // namespace

bool is_voc_folder(const fs::path& folder) {
  const fs::path annotations = first_folder(folder, {"Annotations", "annotations"});
  return !files_ending(annotations, kXml).empty() || !voc_splits(folder).empty();
}

std::vector<std::string> voc_splits(const fs::path& folder) {
  std::vector<std::string> all;
  for (const fs::path& list : files_ending(lists_in(folder), ".txt"))
    all.push_back(list.stem().string());
  // Beside these VOC has one of each for every class.
  std::vector<std::string> usual;
  for (const char* name : {"train", "val", "test"})
    if (std::find(all.begin(), all.end(), name) != all.end()) usual.emplace_back(name);
  return usual.empty() ? all : usual;
}

Result<Dataset> open_voc(const fs::path& folder, const DatasetOptions& options) {
  return VocReader(folder, options).read();
}

}  // namespace shrike
