#include "passes/reshape_readings.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>

namespace shrike {

namespace {

// A run of axes of a reshape's input and one of its output with the same number of elements.
struct AxisGroup {
  int from_begin, from_end, to_begin, to_end;
};

// The finest pairing of axes: (1,128,20,20) -> (1,2,64,400) gives {1}{1}, {128}{2,64},
// {20,20}{400}.
std::vector<AxisGroup> pair_axes(const Shape& from, const Shape& to) {
  std::vector<AxisGroup> groups;
  int i = 0, j = 0;
  while (i < from.rank() || j < to.rank()) {
    AxisGroup group{i, i, j, j};
    int64_t a = 1, b = 1;
    if (i < from.rank()) a = from[i++];
    if (j < to.rank()) b = to[j++];
    while (a != b && (i < from.rank() || j < to.rank())) {
      const bool grow_input = j == to.rank() || (a < b && i < from.rank());
      if (grow_input) {
        a *= from[i++];
      } else {
        b *= to[j++];
      }
    }
    group.from_end = i;
    group.to_end = j;
    groups.push_back(group);
  }
  return groups;
}

using Extents = std::vector<int64_t>;  // of a group's output axes, at one size
using Reading = std::vector<Extents>;  // at each size

int64_t product(const Extents& extents) {
  return std::accumulate(extents.begin(), extents.end(), int64_t{1}, std::multiplies<>());
}

class GroupReader {
 public:
  GroupReader(const ReshapeAtSizes& reshape, const AxisGroup& group)
      : r_(reshape),
        first_axis_(group.to_begin),
        saved_(r_.to.begin() + group.to_begin, r_.to.begin() + group.to_end) {
    for (const Shape& from : r_.from_at)
      counts_.push_back(
          product(Extents(from.begin() + group.from_begin, from.begin() + group.from_end)));
  }

  // Every reading that fits, once.
  std::vector<Reading> readings() const {
    const int64_t count = product(saved_);
    if (std::all_of(counts_.begin(), counts_.end(), [&](int64_t n) { return n == count; }))
      return {Reading(counts_.size(), saved_)};
    std::vector<Reading> found;
    const auto add = [&](std::optional<Reading> reading) {
      if (reading && std::find(found.begin(), found.end(), *reading) == found.end())
        found.push_back(std::move(*reading));
    };
    for (size_t axis = 0; axis < saved_.size(); ++axis) add(remainder(axis));
    for (size_t axis = 0; axis + 1 < saved_.size(); ++axis) add(map(axis));
    return found;
  }

 private:
  std::optional<Reading> remainder(size_t axis) const {
    Extents others = saved_;
    others[axis] = 1;
    const int64_t fixed = product(others);
    Reading reading;
    for (int64_t count : counts_) {
      if (fixed == 0 || count % fixed != 0) return std::nullopt;
      reading.push_back(others);
      reading.back()[axis] = count / fixed;
    }
    return reading;
  }

  // Axis 0 holds the batch, or the batch times areas or heads: never the height.
  std::optional<Reading> map(size_t axis) const {
    const int64_t rows = saved_[axis], columns = saved_[axis + 1];
    if (first_axis_ + static_cast<int>(axis) == 0 || rows < 1 || columns < 1 ||
        r_.saved.height % rows != 0 || r_.saved.width % columns != 0)
      return std::nullopt;
    const int64_t stride = r_.saved.height / rows;
    if (stride < 1 || r_.saved.width / columns != stride) return std::nullopt;
    Reading reading;
    for (size_t k = 0; k < counts_.size(); ++k) {
      const PictureSize& size = r_.sizes[k];
      Extents extents = saved_;
      extents[axis] = size.height / stride;
      extents[axis + 1] = size.width / stride;
      if (size.height % stride != 0 || size.width % stride != 0 || product(extents) != counts_[k])
        return std::nullopt;
      reading.push_back(std::move(extents));
    }
    return reading;
  }

  const ReshapeAtSizes& r_;
  int first_axis_;
  Extents saved_;
  Extents counts_;  // elements of the group at each size
};

}  // namespace

Result<std::vector<Shape>> follow_reshape(const ReshapeAtSizes& reshape) {
  std::vector<Extents> dims(reshape.sizes.size());
  for (const AxisGroup& group : pair_axes(reshape.from, reshape.to)) {
    const std::vector<Reading> readings = GroupReader(reshape, group).readings();
    if (readings.size() != 1)
      return model_error("turns " + to_string(reshape.from) + " into " + to_string(reshape.to) +
                         ", which follows from the picture's size in " +
                         (readings.empty() ? "no way that is known" : "more than one way"));
    for (size_t k = 0; k < dims.size(); ++k)
      dims[k].insert(dims[k].end(), readings[0][k].begin(), readings[0][k].end());
  }
  return std::vector<Shape>(dims.begin(), dims.end());
}

}  // namespace shrike
