#include "validate/validate.h"

#include <deque>
#include <numeric>

namespace shrike {

Result<std::vector<Validation>> validate(std::span<Detector> detectors, const Dataset& dataset,
                                         const ValidateOptions& options) {
  const size_t total = dataset.samples.size();
  if (total == 0) return input_error(dataset.source.string() + ": no pictures");
  SHRIKE_ASSIGN(Viewer viewer, Viewer::create(detectors, dataset, options.view));
  std::deque<Tally> tallies;  // which do not move
  for (size_t d = 0; d < detectors.size(); ++d)
    tallies.emplace_back(dataset, options.confusion, options.keep_detections);
  std::vector<size_t> samples(total);
  std::iota(samples.begin(), samples.end(), size_t{0});
  SHRIKE_TRY(viewer.look(
      samples,
      [&](size_t d, Sight sight) -> Result<void> {
        tallies[d].add(std::move(sight));
        return {};
      },
      [&](size_t done) { return !options.progress || options.progress(done, total); }));
  std::vector<Validation> results;
  for (size_t d = 0; d < detectors.size(); ++d) {
    SHRIKE_ASSIGN(Validation result, tallies[d].finish(viewer.dropped_classes(d)));
    results.push_back(std::move(result));
  }
  return results;
}

Result<Validation> validate(Detector& detector, const Dataset& dataset,
                            const ValidateOptions& options) {
  SHRIKE_ASSIGN(std::vector<Validation> results,
                validate(std::span(&detector, 1), dataset, options));
  return std::move(results.front());
}

}  // namespace shrike
