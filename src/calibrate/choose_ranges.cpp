#include <limits>

#include "calibrate/observer.h"
#include "calibrate/passes.h"

namespace shrike {

Result<void> choose_ranges(Calibration& c, const CalibrationOptions& options) {
  for (TensorGroup& group : c.plan.groups) {
    SHRIKE_TRY(go_on(options.proceed));
    // The picture, and words.
    if (group.histogram.count() == 0 || group.form.type != DType::kU8) continue;
    double least = std::numeric_limits<double>::infinity();
    for (const RangeChoice& choice : range_candidates(group.histogram)) {
      const IntegerForm form = form_of(choice.range);
      const double error = squared_error(group.histogram, form);
      if (error >= least) continue;
      least = error;
      group.range = choice;
      group.form = form;
    }
  }
  return {};
}

}  // namespace shrike
