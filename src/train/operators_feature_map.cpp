// Convolutions, batch norms, pools and resizing.
#include <ATen/ATen.h>

#include <limits>

#include "reference/evaluate.h"
#include "train/conv_norm.h"
#include "train/operator_site.h"
#include "train/rank_norm.h"
#include "train/tensors.h"

namespace shrike::train {

namespace {

at::Tensor optional_input(std::span<const at::Tensor> in, size_t i) {
  return i < in.size() ? in[i] : at::Tensor();
}

// at::max_pool2d pads by half a window at most.
bool padded_by_pool(const Windows& w) {
  return w.symmetric() && 2 * w.before[0] <= w.kernel[0] && 2 * w.before[1] <= w.kernel[1];
}

// Resizing is linear along each axis: element o is the sum of M[o,i] * x[i]. The readable
// reference, given the unit vectors, says what M is: `length` channels of a `length` x 1 map (or
// 1 x `length` along the other axis).
Result<at::Tensor> resize_matrix(const Resize& op, const OperatorSite::Shapes& shapes,
                                 const Tensor* scales, int axis) {
  const int64_t length = shapes.in[axis], other = axis == 2 ? 3 : 2;
  Shape from{1, length, 1, 1}, to{1, length, 1, 1};
  from[axis] = length;
  to[axis] = shapes.out[axis];
  Tensor units(DType::kF32, from);
  for (int64_t i = 0; i < length; ++i)
    units.mutable_data<float>()[static_cast<size_t>(i * length + i)] = 1;
  std::vector<Tensor> given{units};
  if (scales) {
    std::vector<float> own(scales->data<float>().begin(), scales->data<float>().end());
    if (own.size() == 4) own[static_cast<size_t>(other)] = 1;
    given.push_back(Tensor::from<float>(scales->shape(), own));
  } else {
    given.push_back(Tensor::from<int64_t>(Shape{4}, to.dims()));
  }
  const Tensor* inputs[] = {&given[0], scales ? &given[1] : nullptr, scales ? nullptr : &given[1]};
  const Node node{"resize", op, {}, {0}};
  SHRIKE_ASSIGN(const std::vector<Tensor> taps, evaluate_node(node, inputs));
  SHRIKE_ASSIGN(const at::Tensor columns, to_torch(taps[0]));
  return columns.reshape({length, shapes.out[axis]}).t().contiguous();
}

// Where every output is one input, which one; undefined for a matrix that mixes.
at::Tensor picked(const at::Tensor& matrix) {
  const bool picks = at::all(at::logical_or(matrix == 0, matrix == 1)).item<bool>();
  return picks ? at::argmax(matrix, 1) : at::Tensor();
}

bool is_nearest_floor(const at::Tensor& index, int64_t in, int64_t out) {
  const at::Tensor floor =
      at::floor(at::arange(out, at::kDouble) * (static_cast<double>(in) / static_cast<double>(out)))
          .to(at::kLong);
  return index.defined() && at::equal(index, floor);
}

at::Tensor resize_axis(const at::Tensor& x, const at::Tensor& matrix, const at::Tensor& index,
                       int axis) {
  if (index.defined()) return x.index_select(axis, index.to(x.device()));
  const at::Tensor m = matrix.to(x.options());
  return axis == 2 ? at::matmul(m, x) : at::matmul(x, m.t());
}

}  // namespace

Result<Operator> make(const Conv& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const OperatorSite::Shapes shapes, site.shapes());
  const Shape* weights = site.input_shape(1);
  if (!weights || weights->rank() != 4) return site.fail("its weights have no known shape");
  const Windows windows =
      windows_of(op, {(*weights)[2], (*weights)[3]}, op.dilations, shapes.in, shapes.out);
  const Unary activation{op.activation, op.alpha, op.beta};
  return one_output([windows, activation, groups = op.group](std::span<const at::Tensor> in) {
    const at::Tensor y =
        apply_unary(activation, convolve(in[0], in[1], optional_input(in, 2), windows, groups));
    const at::Tensor residual = optional_input(in, 3);
    return residual.defined() ? y + residual : y;
  });
}

Result<Operator> make(const ConvTranspose& op, const OperatorSite& site) {
  if (op.pads[0] != op.pads[2] || op.pads[1] != op.pads[3])
    return site.fail("its padding is not the same on both sides");
  return one_output([op](std::span<const at::Tensor> in) {
    return at::conv_transpose2d(in[0], in[1], optional_input(in, 2), op.strides,
                                std::vector<int64_t>{op.pads[0], op.pads[1]}, op.output_padding,
                                op.group, op.dilations);
  });
}

Result<Operator> make(const BatchNorm& op, const OperatorSite&) {
  return Operator([op](std::span<const at::Tensor> in, const RunMode& mode) {
    if (mode.training && mode.sum_over_ranks)
      return std::vector<at::Tensor>{rank_norm({in[0], in[1], in[2], in[3], in[4]},
                                               static_cast<double>(op.epsilon), mode.norm_momentum,
                                               mode.sum_over_ranks)};
    return std::vector<at::Tensor>{at::batch_norm(in[0], in[1], in[2], in[3], in[4], mode.training,
                                                  mode.norm_momentum,
                                                  static_cast<double>(op.epsilon), false)};
  });
}

Result<Operator> make(const MaxPool& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const OperatorSite::Shapes shapes, site.shapes());
  const Windows w = windows_of(op, op.kernel_shape, op.dilations, shapes.in, shapes.out);
  return one_output([w](std::span<const at::Tensor> in) {
    if (padded_by_pool(w)) return at::max_pool2d(in[0], w.kernel, w.stride, w.before, w.dilation);
    const at::Tensor x =
        at::constant_pad_nd(in[0], w.pad_list(), -std::numeric_limits<double>::infinity());
    return at::max_pool2d(x, w.kernel, w.stride, 0, w.dilation);
  });
}

Result<Operator> make(const AveragePool& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const OperatorSite::Shapes shapes, site.shapes());
  const Windows w = windows_of(op, op.kernel_shape, {1, 1}, shapes.in, shapes.out);
  if (!padded_by_pool(w)) return site.fail("its padding is not the same on both sides");
  return one_output([w, counts = op.count_include_pad != 0](std::span<const at::Tensor> in) {
    return at::avg_pool2d(in[0], w.kernel, w.stride, w.before, false, counts);
  });
}

Result<Operator> make(const GlobalAveragePool&, const OperatorSite&) {
  return one_output([](std::span<const at::Tensor> in) {
    return at::mean(in[0], std::vector<int64_t>{2, 3}, true);
  });
}

Result<Operator> make(const Resize& op, const OperatorSite& site) {
  SHRIKE_ASSIGN(const OperatorSite::Shapes shapes, site.shapes());
  SHRIKE_ASSIGN(const Tensor* scales, site.optional_floats(1));
  at::Tensor matrices[2], index[2];
  bool nearest_floor = true;
  for (int axis = 2; axis < 4; ++axis) {
    const size_t i = static_cast<size_t>(axis) - 2;
    SHRIKE_ASSIGN(matrices[i], resize_matrix(op, shapes, scales, axis));
    index[i] = picked(matrices[i]);
    nearest_floor = nearest_floor && is_nearest_floor(index[i], shapes.in[axis], shapes.out[axis]);
  }
  const std::vector<int64_t> size{shapes.out[2], shapes.out[3]};
  if (nearest_floor)
    return one_output(
        [size](std::span<const at::Tensor> in) { return at::upsample_nearest2d(in[0], size); });
  return one_output([vertical = matrices[0], horizontal = matrices[1], rows = index[0],
                     columns = index[1]](std::span<const at::Tensor> in) {
    return resize_axis(resize_axis(in[0], vertical, rows, 2), horizontal, columns, 3);
  });
}

}  // namespace shrike::train
