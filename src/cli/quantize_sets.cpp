#include "cli/quantize_sets.h"

#include <algorithm>
#include <set>

#include "base/excerpt.h"
#include "cli/dataset_option.h"
#include "cli/terminal.h"
#include "data/copies.h"
#include "data/halves.h"
#include "data/picture_list.h"
#include "vision/decode.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

using Paths = std::vector<fs::path>;

// A folder in which nothing says what pictures show.
bool is_plain_folder(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return false;
  for (const char* ending : {".yaml", ".yml", ".json", ".xml"})
    if (!files_ending(path, ending).empty()) return false;
  return true;
}

bool is_picture_folder(const fs::path& path) {
  if (!is_plain_folder(path)) return false;
  const Result<Paths> pictures = pictures_in(path);
  return pictures && !pictures->empty();
}

Result<Dataset> judging_data(const ValidationOptions& options, int threads) {
  Result<Dataset> dataset = open_validation_data(options, threads);
  if (dataset || !is_plain_folder(options.data)) return dataset;
  if (const Result<Paths> pictures = pictures_in(options.data); pictures && pictures->empty())
    return Error{dataset.error().kind, dataset.error().message +
                                           "; pictures without labels, which would do, are not in "
                                           "it either"};
  return dataset;
}

Result<Dataset> dataset_of_folder(const fs::path& folder, const std::vector<std::string>& names) {
  Dataset dataset;
  dataset.source = folder;
  dataset.names = names;
  SHRIKE_ASSIGN(const Paths pictures, pictures_in(folder));
  for (const fs::path& picture : pictures) {
    const Result<PictureSize> size = read_picture_size(picture);
    if (!size) {
      say(printable(size.error().message));
      continue;
    }
    dataset.samples.push_back(
        {picture, static_cast<int64_t>(dataset.samples.size()), size->width, size->height, {}});
  }
  for (size_t i = 0; i < names.size(); ++i) dataset.category_ids.push_back(static_cast<int64_t>(i));
  return dataset;
}

// The part of the data set to calibrate by; without samples where nobody named one and there is no
// train.
Result<Dataset> calibration_data(const ValidationOptions& options, const std::string& split,
                                 int threads) {
  Result<Dataset> dataset = open_dataset(
      options.data, {split.empty() ? "train" : split, options.pictures, threads, false});
  if (!dataset && split.empty()) return Dataset();
  return dataset;
}

std::set<fs::path> real_paths(const Dataset& dataset) {
  std::set<fs::path> real;
  for (const Sample& sample : dataset.samples) {
    std::error_code ignored;
    real.insert(fs::weakly_canonical(sample.picture, ignored));
  }
  return real;
}

// A picture of one is in the other, too, if only as a copy.
bool overlap(const Dataset& a, const Dataset& b) {
  const std::set<fs::path> first = real_paths(a), second = real_paths(b);
  if (std::any_of(first.begin(), first.end(),
                  [&](const fs::path& path) { return second.contains(path); }))
    return true;
  const std::vector<bool> copies = copies_of(pictures_of(a), pictures_of(b));
  return std::find(copies.begin(), copies.end(), true) != copies.end();
}

// By their names; copies under other names, which may lie in the other half, judge alone.
void halve(QuantizeSets& sets) {
  sets.halved = true;
  std::erase_if(sets.calibration.samples,
                [](const Sample& s) { return !in_first_half(s.picture); });
  std::erase_if(sets.judging.samples, [](const Sample& s) { return in_first_half(s.picture); });
  const std::vector<bool> copies =
      copies_of(pictures_of(sets.calibration), pictures_of(sets.judging));
  std::vector<Sample> own;
  for (size_t i = 0; i < copies.size(); ++i)
    if (!copies[i]) own.push_back(std::move(sets.calibration.samples[i]));
  if (const size_t left_out = copies.size() - own.size(); left_out > 0)
    say(std::to_string(left_out) + (left_out == 1 ? " picture is" : " pictures are") +
        " not calibrated by: copies, under other names, of what is judged by");
  sets.calibration.samples = std::move(own);
}

// At most so many that can be read, evenly.
std::vector<Sample> some_of(const std::vector<Sample>& samples, int most) {
  const size_t count = std::min(samples.size(), static_cast<size_t>(most));
  std::vector<Sample> chosen;
  for (size_t i = 0; i < count; ++i) {
    const Sample& sample = samples[i * samples.size() / count];
    const Result<Image> image = read_image(sample.picture);
    if (image) {
      chosen.push_back(sample);
    } else {
      say(printable(image.error().message) + ": not calibrated by");
    }
  }
  return chosen;
}

}  // namespace

Result<QuantizeSets> open_quantize_sets(const ValidationOptions& options,
                                        const CalibrationSplit& calibration,
                                        const std::vector<std::string>& names, int threads) {
  QuantizeSets sets;
  if (is_picture_folder(options.data)) {
    SHRIKE_ASSIGN(sets.judging, dataset_of_folder(options.data, names));
  } else {
    SHRIKE_ASSIGN(sets.judging, judging_data(options, threads));
    if (calibration.most > 0) {
      SHRIKE_ASSIGN(sets.calibration, calibration_data(options, calibration.name, threads));
    }
  }
  SHRIKE_TRY(check_classes(sets.judging));
  if (calibration.labels_count) SHRIKE_TRY(check_classes(sets.calibration));
  const std::string where = describe(sets.judging);
  const size_t all = sets.judging.samples.size();
  if (calibration.most == 0)
    return all > 0 ? Result<QuantizeSets>(std::move(sets))
                   : input_error(where + ": no picture to judge by");
  const bool one_set = sets.calibration.samples.empty();
  if (one_set) sets.calibration = sets.judging;
  std::vector<Sample>& samples = sets.calibration.samples;
  if (one_set || overlap(sets.calibration, sets.judging)) {
    if (!one_set)
      say("pictures that calibrate are among those that judge: both are halved by their names");
    halve(sets);
  }
  if (samples.empty() || sets.judging.samples.empty())
    return input_error(where + ": of " + std::to_string(all) +
                       (all == 1 ? " picture" : " pictures") + " none is left to " +
                       (samples.empty() ? "calibrate" : "judge") +
                       " by: no picture does both, and which does what goes by names; more pictures, or "
                       "--calib-split and --split, will do");
  samples = some_of(samples, calibration.most);
  if (samples.empty()) return input_error(where + ": no picture to calibrate by can be read");
  return sets;
}

}  // namespace shrike
