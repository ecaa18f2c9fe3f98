#include "prune/width_table.h"

#include <algorithm>
#include <utility>

namespace shrike {

namespace {

// Between which two of the widths one lies, and how far it is from the first to the second.
struct Place {
  size_t below = 0, above = 0;
  double part = 0;
};

Place place_of(const std::vector<int64_t>& widths, int64_t width) {
  if (widths.size() < 2) return {};
  const auto above = std::lower_bound(widths.begin() + 1, widths.end() - 1, width);
  const auto i = static_cast<size_t>(above - widths.begin());
  return {
      i - 1, i,
      static_cast<double>(width - widths[i - 1]) / static_cast<double>(widths[i] - widths[i - 1])};
}

double between(double a, double b, double part) { return a + (b - a) * part; }

}  // namespace

WidthTable::WidthTable(std::vector<int64_t> inputs, std::vector<int64_t> outputs,
                       std::vector<double> ms)
    : inputs_(std::move(inputs)), outputs_(std::move(outputs)), ms_(std::move(ms)) {
  for (size_t i = inputs_.size(); i-- > 0;)
    for (size_t o = outputs_.size(); o-- > 0;) {
      double& here = ms_[i * outputs_.size() + o];
      if (i + 1 < inputs_.size()) here = std::min(here, this->ms(i + 1, o));
      if (o + 1 < outputs_.size()) here = std::min(here, this->ms(i, o + 1));
    }
}

double WidthTable::at(int64_t input, int64_t output) const {
  const Place in = place_of(inputs_, input), out = place_of(outputs_, output);
  return std::max(
      0.0, between(between(ms(in.below, out.below), ms(in.below, out.above), out.part),
                   between(ms(in.above, out.below), ms(in.above, out.above), out.part), in.part));
}

std::vector<int64_t> widths_to_measure(int64_t least, int64_t full, int64_t unit, size_t most) {
  std::vector<int64_t> all;
  for (int64_t width = (std::max<int64_t>(least, 1) + unit - 1) / unit * unit; width < full;
       width += unit)
    all.push_back(width);
  all.push_back(full);
  if (all.size() <= most) return all;
  std::vector<int64_t> some;
  for (size_t i = 0; i < most; ++i) some.push_back(all[i * (all.size() - 1) / (most - 1)]);
  return some;
}

}  // namespace shrike
