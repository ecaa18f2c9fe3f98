// Which pictures quantize calibrates by, and which it judges by: never the same ones.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/validation_options.h"
#include "data/dataset.h"

namespace shrike {

struct QuantizeSets {
  Dataset calibration;  // pictures that can be read
  Dataset judging;
  bool halved = false;  // cut by the pictures' names (data/halves.h), as they had some in common
};

struct CalibrationSplit {
  std::string name;           // empty: train, where there is none the one that is judged by
  int most = 128;             // pictures; 0: nothing is calibrated, and all of the set judges
  bool labels_count = false;  // its truth will be used, and not the pictures alone
};

// `options.data` is a data set, or a folder of pictures without one; these then have the classes
// `names`. Pictures of the same bytes are one, whatever their names and folders: copies that would
// calibrate and judge are said on standard error and judge. Of more than `most` pictures those are
// taken that lie evenly in the set. `calibration` has the truth that the data set has of its
// pictures. Errors (kInput): nothing is left to calibrate or to judge by; check_classes()'s, of the
// calibrating part only where its labels count.
Result<QuantizeSets> open_quantize_sets(const ValidationOptions& options,
                                        const CalibrationSplit& calibration,
                                        const std::vector<std::string>& names, int threads);

}  // namespace shrike
