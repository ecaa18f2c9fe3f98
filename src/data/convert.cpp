#include "data/convert.h"

#include <map>
#include <set>
#include <utility>

#include "base/excerpt.h"
#include "base/file.h"
#include "base/temporary.h"
#include "base/utf8.h"
#include "data/file_names.h"
#include "data/writers.h"
#include "vision/utf8.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// `folder` as an absolute path that ends with its name, which that of "out/" does not.
fs::path place_of(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

// VOC's lists of names may be in any encoding, and JSON would get other names instead.
Result<void> check_names(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (!is_utf8(name))
      return input_error("convert: the class name " + in_quotes(to_printable_utf8(name)) +
                         " is not UTF-8");
  return {};
}

Result<void> check_arguments(std::span<const SplitSource> splits, const fs::path& folder) {
  if (splits.empty()) return usage_error("convert: no split");
  std::error_code error;
  const bool there = fs::exists(fs::symlink_status(folder, error));
  if (there && !(fs::is_directory(folder, error) && fs::is_empty(folder, error)))
    return usage_error("convert: " + folder.string() + " is there and not an empty folder");
  std::set<std::string> names;
  for (const SplitSource& split : splits) {
    const bool one_part = !split.name.empty() && split.name != "." && split.name != ".." &&
                          split.name.find('/') == std::string::npos;
    if (!one_part) return usage_error("convert: no name for a split: \"" + split.name + "\"");
    if (!names.insert(split.name).second)
      return usage_error("convert: the split " + split.name + " is there twice");
    if (split.dataset->names != splits.front().dataset->names)
      return input_error("convert: the splits " + splits.front().name + " and " + split.name +
                         " have different classes");
  }
  return check_names(splits.front().dataset->names);
}

// The names in one folder of pictures. There is one label file for each.
class FolderNames {
 public:
  // A picture of several splits is there once, as long as the same is in it. Within a split it gets
  // a name for every sample.
  std::string name_of(const Sample& sample, const SplitSource& split) {
    const auto [found, is_new] = given_.try_emplace(sample.picture);
    Given& given = found->second;
    if (!is_new && (given.split == &split || given.sample->truth != sample.truth))
      return names_.new_name(sample.picture);
    given.split = &split;
    if (is_new) given.sample = &sample, given.name = names_.new_name(sample.picture);
    return given.name;
  }

 private:
  struct Given {
    std::string name;
    const Sample* sample = nullptr;
    const SplitSource* split = nullptr;  // the last one that it was for
  };
  std::map<fs::path, Given> given_;
  FileNames names_;
};

std::vector<OutputSplit> with_file_names(std::span<const SplitSource> splits,
                                         DatasetFormat format) {
  std::vector<OutputSplit> outputs;
  FolderNames names;
  for (const SplitSource& split : splits) {
    if (format != DatasetFormat::kVoc) names = FolderNames();  // a folder a split
    OutputSplit output{split.name, split.dataset, {}};
    for (const Sample& sample : split.dataset->samples)
      output.file_names.push_back(names.name_of(sample, split));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

// Of the pictures; VOC has but one for those of several splits.
std::set<fs::path> places_of(std::span<const OutputSplit> splits, DatasetFormat format) {
  std::set<fs::path> places;
  for (const OutputSplit& split : splits)
    for (const std::string& name : split.file_names)
      places.insert(pictures_folder(format, split.name) / name);
  return places;
}

Result<void> transfer(const fs::path& from, const fs::path& to, PictureTransfer how) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(to, error))) return {};  // VOC: of an earlier split
  if (how == PictureTransfer::kLink)
    fs::create_symlink(fs::absolute(from).lexically_normal(), to, error);
  else
    fs::copy_file(from, to, error);
  if (error)
    return runtime_error("cannot put " + shown_path(from) + " at " + shown_path(to) + ": " +
                         error.message());
  return {};
}

Result<void> transfer_pictures(std::span<const OutputSplit> splits, const fs::path& folder,
                               const ConvertOptions& options) {
  size_t total = 0, done = 0;
  for (const OutputSplit& split : splits) total += split.file_names.size();
  for (const OutputSplit& split : splits) {
    const fs::path place = folder / pictures_folder(options.format, split.name);
    SHRIKE_TRY(make_folders(place));
    for (size_t i = 0; i < split.file_names.size(); ++i) {
      SHRIKE_TRY(transfer(split.dataset->samples[i].picture, place / split.file_names[i],
                          options.pictures));
      if (options.progress && !options.progress(++done, total))
        return runtime_error("convert: interrupted");
    }
  }
  return {};
}

Result<Conversion> write_all(std::span<const SplitSource> splits, const fs::path& folder,
                             const ConvertOptions& options) {
  const std::vector<OutputSplit> outputs = with_file_names(splits, options.format);
  Conversion conversion;
  conversion.pictures = places_of(outputs, options.format).size();
  const auto write = options.format == DatasetFormat::kYolo   ? write_yolo
                     : options.format == DatasetFormat::kCoco ? write_coco
                                                              : write_voc;
  SHRIKE_TRY(write(outputs, folder, conversion));
  SHRIKE_TRY(transfer_pictures(outputs, folder, options));
  return conversion;
}

}  // namespace

fs::path pictures_folder(DatasetFormat format, const std::string& split) {
  switch (format) {
    case DatasetFormat::kYolo:
      return fs::path("images") / split;
    case DatasetFormat::kCoco:
      return split;
    case DatasetFormat::kVoc:
      return "JPEGImages";
  }
  return {};
}

Result<Conversion> convert_dataset(std::span<const SplitSource> splits, const fs::path& folder,
                                   const ConvertOptions& options) {
  SHRIKE_TRY(check_arguments(splits, folder));
  const fs::path place = place_of(folder);
  SHRIKE_ASSIGN(TemporaryFolder output, TemporaryFolder::create_in(place.parent_path()));
  Result<Conversion> conversion = write_all(splits, output.path(), options);
  if (!conversion) return output.at_its_place(conversion.error(), place);
  SHRIKE_TRY(output.rename_to(place));
  return conversion;
}

}  // namespace shrike
