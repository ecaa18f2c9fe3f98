#include <limits>

#include "calibrate/observer.h"
#include "calibrate/passes.h"

namespace shrike {

Result<void> choose_ranges(Calibration& c, const CalibrationOptions& options) {
  for (size_t g = 0; g < c.plan.groups.size(); ++g) {
    SHRIKE_TRY(go_on(options.proceed));
    const Histogram& histogram = c.histograms[g];
    if (histogram.count() == 0) continue;  // the picture
    double least = std::numeric_limits<double>::infinity();
    for (const RangeChoice& choice : range_candidates(histogram)) {
      const ByteForm form = byte_form(choice.range);
      const double error = squared_error(histogram, form);
      if (error >= least) continue;
      least = error;
      c.ranges[g] = choice;
      c.plan.forms[g] = form;
    }
  }
  return {};
}

}  // namespace shrike
