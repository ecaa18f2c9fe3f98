// Operators that move or select elements.
#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "train/channels_last_conv.h"
#include "train/operator_site.h"

namespace shrike::train {

namespace {

// Negative indices count from the end.
at::Tensor from_the_start(const at::Tensor& indices, int64_t extent) {
  const at::Tensor whole = indices.to(at::kLong);
  return at::where(whole < 0, whole + extent, whole);
}

// The output's shape at this input size. The first axis is the batch's, of any extent, or the batch
// times the areas that an attention (YOLO12) cuts a map into: whatever it is of, pictures lie one behind
// the other.
Result<Operator> reshape_to_output(const OperatorSite& site) {
  SHRIKE_ASSIGN(const OperatorSite::Shapes shapes, site.shapes());
  std::vector<int64_t> to = shapes.out.dims();
  if (shapes.in.rank() == 0 || to.empty() || shapes.in[0] == 0)
    return one_output([to](std::span<const at::Tensor> in) { return in[0].reshape(to); });
  const bool keeps = shapes.in[0] == to[0], areas = shapes.in.rank() >= 3 && to.size() >= 3;
  return one_output([to, keeps, areas, first = shapes.in[0]](std::span<const at::Tensor> in) {
    std::vector<int64_t> sizes = to;
    if (keeps || areas) sizes[0] = to[0] * (in[0].size(0) / first);
    return in[0].reshape(sizes);
  });
}

struct SliceOfAxis {
  int64_t axis, start, end, step;
};

Result<std::vector<SliceOfAxis>> slices_of(const OperatorSite& site) {
  SHRIKE_ASSIGN(const std::vector<int64_t> starts, site.ints(1));
  SHRIKE_ASSIGN(const std::vector<int64_t> ends, site.ints(2));
  std::vector<int64_t> axes(starts.size()), steps(starts.size(), 1);
  std::iota(axes.begin(), axes.end(), int64_t{0});
  if (site.has(3)) {
    SHRIKE_ASSIGN(axes, site.ints(3));
  }
  if (site.has(4)) {
    SHRIKE_ASSIGN(steps, site.ints(4));
  }
  std::vector<SliceOfAxis> slices;
  for (size_t i = 0; i < starts.size(); ++i) {
    SHRIKE_ASSIGN(const int64_t axis, site.axis(axes[i]));
    if (steps[i] < 1) return site.fail("a step that is not positive");
    slices.push_back({axis, starts[i], ends[i], steps[i]});
  }
  return slices;
}

}  // namespace

Result<Operator> make(const Reshape&, const OperatorSite& site) { return reshape_to_output(site); }
Result<Operator> make(const Flatten&, const OperatorSite& site) { return reshape_to_output(site); }
Result<Operator> make(const Squeeze&, const OperatorSite& site) { return reshape_to_output(site); }
Result<Operator> make(const Unsqueeze&, const OperatorSite& site) {
  return reshape_to_output(site);
}

Result<Operator> make(const Concat& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const int64_t axis, site.axis(op.axis));
  return Operator([axis](std::span<const at::Tensor> in, const RunMode& mode) {
    const at::TensorList maps(in.data(), in.size());
    const bool joins =
        mode.training && axis == 1 && std::all_of(in.begin(), in.end(), takes_channels_last);
    return std::vector<at::Tensor>{joins ? channels_last_join(maps) : at::cat(maps, axis)};
  });
}

Result<Operator> make(const Split& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const int64_t axis, site.axis(op.axis));
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < site.outputs(); ++i) {
    const Shape* part = site.output_shape(i);
    if (!part) return site.fail("a part that is not wanted, or of unknown shape");
    sizes.push_back((*part)[static_cast<int>(axis)]);
  }
  return Operator([axis, sizes](std::span<const at::Tensor> in, const RunMode&) {
    return at::split_with_sizes(in[0], sizes, axis);
  });
}

Result<Operator> make(const Slice&, const OperatorSite& site) {
  SHRIKE_ASSIGN(const std::vector<SliceOfAxis> slices, slices_of(site));
  return one_output([slices](std::span<const at::Tensor> in) {
    at::Tensor x = in[0];
    for (const SliceOfAxis& s : slices) x = at::slice(x, s.axis, s.start, s.end, s.step);
    return x;
  });
}

Result<Operator> make(const Gather& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const int64_t axis, site.axis(op.axis));
  return one_output([axis](std::span<const at::Tensor> in) {
    const at::Tensor indices = from_the_start(in[1], in[0].size(axis));
    std::vector<int64_t> shape = in[0].sizes().vec();
    const auto at_axis = shape.begin() + axis;
    shape.insert(shape.erase(at_axis), indices.sizes().begin(), indices.sizes().end());
    return at::index_select(in[0], axis, indices.flatten()).reshape(shape);
  });
}

Result<Operator> make(const GatherElements& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const int64_t axis, site.axis(op.axis));
  return one_output([axis](std::span<const at::Tensor> in) {
    return at::gather(in[0], axis, from_the_start(in[1], in[0].size(axis)));
  });
}

Result<Operator> make(const Transpose& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const OperatorSite::Shapes shapes, site.shapes());
  std::vector<int64_t> perm = op.perm;
  for (int axis = shapes.in.rank(); op.perm.empty() && axis-- > 0;) perm.push_back(axis);
  return one_output([perm](std::span<const at::Tensor> in) { return in[0].permute(perm); });
}

Result<Operator> make(const Expand&, const OperatorSite& site) {
  const Shape* out = site.output_shape();
  if (!out) return site.fail("its shape is not known at this input size");
  return one_output(
      [to = out->dims()](std::span<const at::Tensor> in) { return in[0].expand(to); });
}

Result<Operator> make(const Tile&, const OperatorSite& site) {
  SHRIKE_ASSIGN(const std::vector<int64_t> repeats, site.ints(1));
  return one_output([repeats](std::span<const at::Tensor> in) { return in[0].repeat(repeats); });
}

Result<Operator> make(const Pad& op, const OperatorSite& site) {
  if (op.mode != PadMode::kConstant) return site.fail("it repeats the picture's edges");
  SHRIKE_ASSIGN(const std::vector<int64_t> pads, site.ints(1));
  // ONNX: begins of all axes, then ends; LibTorch: begin and end of the last axis first.
  std::vector<int64_t> list;
  for (size_t axis = pads.size() / 2; axis-- > 0;) {
    list.push_back(pads[axis]);
    list.push_back(pads[axis + pads.size() / 2]);
  }
  return one_output([list](std::span<const at::Tensor> in) {
    const bool given = in.size() > 2 && in[2].defined();
    return at::constant_pad_nd(in[0], list, given ? in[2].item() : at::Scalar(0));
  });
}

Result<Operator> make(const DepthToSpace& op, const OperatorSite&) {
  return one_output([op](std::span<const at::Tensor> in) {
    const int64_t b = op.blocksize, n = in[0].size(0), c = in[0].size(1) / (b * b),
                  h = in[0].size(2), w = in[0].size(3);
    const at::Tensor blocks = op.mode == DepthOrder::kDcr
                                  ? in[0].reshape({n, b, b, c, h, w}).permute({0, 3, 4, 1, 5, 2})
                                  : in[0].reshape({n, c, b, b, h, w}).permute({0, 1, 4, 2, 5, 3});
    return blocks.reshape({n, c, h * b, w * b});
  });
}

Result<Operator> make(const SpaceToDepth& op, const OperatorSite&) {
  return one_output([op](std::span<const at::Tensor> in) {
    const int64_t b = op.blocksize, n = in[0].size(0), c = in[0].size(1), h = in[0].size(2) / b,
                  w = in[0].size(3) / b;
    return in[0]
        .reshape({n, c, h, b, w, b})
        .permute({0, 3, 5, 1, 2, 4})
        .reshape({n, c * b * b, h, w});
  });
}

}  // namespace shrike::train
