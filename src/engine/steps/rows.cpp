#include "engine/steps/rows.h"

#include <algorithm>
#include <numeric>

namespace shrike {

namespace {

size_t at(int axis) { return static_cast<size_t>(axis); }

// The axes that cannot be merged, outermost first by the stride in the written view.
struct Merged {
  std::vector<int64_t> dims;
  std::vector<std::vector<int64_t>> strides;  // [axis][view]
};

Merged merge(std::span<const View> views) {
  const View& written = views.back();
  std::vector<int> axes(at(written.rank));
  std::iota(axes.begin(), axes.end(), 0);
  std::stable_sort(axes.begin(), axes.end(),
                   [&](int a, int b) { return written.stride(a) > written.stride(b); });
  Merged merged;
  for (int axis : axes) {
    if (written.dim(axis) == 1) continue;
    std::vector<int64_t> strides;
    for (const View& view : views) strides.push_back(view.stride(axis));
    bool joins = !merged.dims.empty();
    for (size_t v = 0; joins && v < views.size(); ++v)
      joins = merged.strides.back()[v] == strides[v] * written.dim(axis);
    if (joins) {
      merged.dims.back() *= written.dim(axis);
      merged.strides.back() = strides;
    } else {
      merged.dims.push_back(written.dim(axis));
      merged.strides.push_back(strides);
    }
  }
  return merged;
}

// Whether a row kernel can walk an axis: written one by one, read so or all from one place.
bool adjacent(const std::vector<int64_t>& strides, Repeats repeats) {
  return strides.back() == 1 && std::all_of(strides.begin(), strides.end(), [&](int64_t s) {
           return s == 1 || (s == 0 && repeats == Repeats::kAllowed);
         });
}

// Offsets of every combination of the first `outer` axes.
std::vector<std::vector<int64_t>> block_offsets(const Merged& merged, size_t outer, size_t views) {
  std::vector<std::vector<int64_t>> blocks{std::vector<int64_t>(views, 0)};
  for (size_t axis = 0; axis < outer; ++axis) {
    std::vector<std::vector<int64_t>> finer;
    for (const std::vector<int64_t>& block : blocks)
      for (int64_t i = 0; i < merged.dims[axis]; ++i) {
        finer.push_back(block);
        for (size_t v = 0; v < views; ++v) finer.back()[v] += i * merged.strides[axis][v];
      }
    blocks = std::move(finer);
  }
  return blocks;
}

}  // namespace

std::optional<Rows> rows_of(std::span<const View> views, int64_t most, Repeats repeats) {
  Merged merged = merge(views);
  if (merged.dims.empty() || !adjacent(merged.strides.back(), repeats)) {
    merged.dims.push_back(1);
    merged.strides.emplace_back(views.size(), 1);
  }
  const size_t rank = merged.dims.size(), outer = rank < 2 ? 0 : rank - 2;
  int64_t blocks = 1;
  for (size_t axis = 0; axis < outer; ++axis) blocks *= merged.dims[axis];
  if (blocks > most) return std::nullopt;
  Rows rows;
  rows.length = merged.dims.back();
  rows.steps = merged.strides.back();
  rows.strides.assign(views.size(), 0);
  if (rank > 1) {
    rows.rows = merged.dims[rank - 2];
    rows.strides = merged.strides[rank - 2];
  }
  rows.blocks = block_offsets(merged, outer, views.size());
  return rows;
}

}  // namespace shrike
