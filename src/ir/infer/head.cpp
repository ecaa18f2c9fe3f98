#include <algorithm>

#include "ir/infer/rules.h"

namespace shrike::infer {

namespace {

// Channels that map `m` of a scale must have.
int64_t map_channels(const Head& op, size_t m) {
  switch (op.kind) {
    case HeadKind::kAnchorFree:
      return m == 0 ? 4 * op.reg_max : op.num_classes;
    case HeadKind::kYolox:
      return m == 0 ? 4 : m == 1 ? 1 : op.num_classes;
    case HeadKind::kAnchor:
    case HeadKind::kDarknet:
      break;
  }
  return op.num_anchors() * (5 + op.num_classes);
}

Result<void> check_attributes(const Head& op, const Inputs& in) {
  constexpr int64_t kMost = 1 << 20;
  if (op.strides.empty() || op.strides.size() > 64 || op.num_classes < 1 ||
      op.num_classes > kMost || op.reg_max < 1 || op.reg_max > kMost || op.max_det < 0 ||
      op.max_det > kMost)
    return in.fail("attributes out of range");
  for (int64_t stride : op.strides)
    if (stride < 1 || stride > kMost) return in.fail("stride out of range");
  const bool anchored = op.kind == HeadKind::kAnchor || op.kind == HeadKind::kDarknet;
  if (anchored && (op.anchors.empty() || op.anchors.size() > 4096 ||
                   op.anchors.size() % (2 * op.strides.size()) != 0))
    return in.fail("anchors do not fit the scales");
  if (op.kind == HeadKind::kDarknet && op.scale_xy.size() != op.strides.size())
    return in.fail("scale_xy does not fit the scales");
  return {};
}

}  // namespace

Result<Outputs> infer(const Head& op, const Inputs& in) {
  SHRIKE_TRY(check_attributes(op, in));
  const size_t maps = op.maps_per_scale();
  if (in.count() != maps * op.scales())
    return in.fail("takes " + std::to_string(maps * op.scales()) + " maps, has " +
                   std::to_string(in.count()));
  SHRIKE_TRY(in.expect_inputs(in.count(), in.count()));
  int64_t batch = kDynamic, cells = 0;
  for (size_t i = 0; i < in.count(); ++i) {
    const std::optional<Shape>& x = in.shape(i);
    if (!x) return one(in.dtype(0), std::nullopt);
    const Shape* first_of_scale = &*in.shape(i - i % maps);
    if (x->rank() != 4 || (*x)[1] != map_channels(op, i % maps) ||
        (*x)[2] != (*first_of_scale)[2] || (*x)[3] != (*first_of_scale)[3])
      return in.fail("map " + std::to_string(i) + " of shape " + to_string(*x));
    batch = (*x)[0];
    const std::optional<int64_t> area = checked_mul((*x)[2], (*x)[3]);
    if (!x->is_static() || !area) cells = kDynamic;
    if (i % maps == 0 && cells != kDynamic) cells += *area;
  }
  const std::optional<int64_t> anchors =
      cells == kDynamic ? kDynamic : checked_mul(cells, op.num_anchors());
  if (!anchors) return in.fail("too many anchors");
  if (op.kind != HeadKind::kAnchorFree)
    return one(in.dtype(0), Shape{batch, *anchors, 5 + op.num_classes});
  if (op.max_det > 0) {
    const int64_t rows = *anchors == kDynamic ? kDynamic : std::min(op.max_det, *anchors);
    return one(in.dtype(0), Shape{batch, rows, 6});
  }
  return one(in.dtype(0), Shape{batch, 4 + op.num_classes, *anchors});
}

}  // namespace shrike::infer
