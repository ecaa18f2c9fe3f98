// One shape rule per operator, and what a rule may ask. Private to ir/infer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ir/limits.h"

namespace shrike::infer {

struct Inferred {
  DType dtype = DType::kUndefined;
  std::optional<Shape> shape;
};
using Outputs = std::vector<Inferred>;

// A node's inputs as a rule sees them. Absent inputs have no type, shape or constant.
class Inputs {
 public:
  Inputs(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  size_t count() const { return node_.inputs.size(); }
  size_t outputs() const { return node_.outputs.size(); }
  bool has(size_t i) const { return i < count() && node_.inputs[i] != kNoValue; }
  DType dtype(size_t i) const { return has(i) ? value(i).dtype : DType::kUndefined; }
  const std::optional<Shape>& shape(size_t i) const;
  const Tensor* constant(size_t i) const {
    return has(i) ? graph_.constant(node_.inputs[i]) : nullptr;
  }

  // A constant i64 or i32 input as integers; nothing when absent or computed.
  std::optional<std::vector<int64_t>> ints(size_t i) const;

  // Checks that are errors: how many inputs there may be, that the first `least` are present.
  Result<void> expect_inputs(size_t least, size_t most) const;
  // That input i, if present, is a list (or a scalar) of i64, as ONNX has shapes, sizes, axes and
  // pads, computed or not.
  Result<void> expect_i64(size_t i) const;
  // That input i, if present, holds i64 or i32.
  Result<void> expect_indices(size_t i) const;

  // "Conv node '/model.0/Conv': why".
  Error fail(const std::string& why) const;

 private:
  const Value& value(size_t i) const { return graph_.value(node_.inputs[i]); }
  const Graph& graph_;
  const Node& node_;
};

Result<Outputs> infer(const Conv&, const Inputs&);
Result<Outputs> infer(const ConvTranspose&, const Inputs&);
Result<Outputs> infer(const BatchNorm&, const Inputs&);
Result<Outputs> infer(const MaxPool&, const Inputs&);
Result<Outputs> infer(const AveragePool&, const Inputs&);
Result<Outputs> infer(const GlobalAveragePool&, const Inputs&);
Result<Outputs> infer(const Resize&, const Inputs&);
Result<Outputs> infer(const Unary&, const Inputs&);
Result<Outputs> infer(const Binary&, const Inputs&);
Result<Outputs> infer(const Clip&, const Inputs&);
Result<Outputs> infer(const Where&, const Inputs&);
Result<Outputs> infer(const Cast&, const Inputs&);
Result<Outputs> infer(const Concat&, const Inputs&);
Result<Outputs> infer(const Split&, const Inputs&);
Result<Outputs> infer(const Slice&, const Inputs&);
Result<Outputs> infer(const Gather&, const Inputs&);
Result<Outputs> infer(const GatherElements&, const Inputs&);
Result<Outputs> infer(const GatherND&, const Inputs&);
Result<Outputs> infer(const ScatterND&, const Inputs&);
Result<Outputs> infer(const ScatterElements&, const Inputs&);
Result<Outputs> infer(const Reshape&, const Inputs&);
Result<Outputs> infer(const Transpose&, const Inputs&);
Result<Outputs> infer(const Squeeze&, const Inputs&);
Result<Outputs> infer(const Unsqueeze&, const Inputs&);
Result<Outputs> infer(const Flatten&, const Inputs&);
Result<Outputs> infer(const Expand&, const Inputs&);
Result<Outputs> infer(const Tile&, const Inputs&);
Result<Outputs> infer(const Pad&, const Inputs&);
Result<Outputs> infer(const DepthToSpace&, const Inputs&);
Result<Outputs> infer(const SpaceToDepth&, const Inputs&);
Result<Outputs> infer(const ShapeOf&, const Inputs&);
Result<Outputs> infer(const ConstantOfShape&, const Inputs&);
Result<Outputs> infer(const Range&, const Inputs&);
Result<Outputs> infer(const MatMul&, const Inputs&);
Result<Outputs> infer(const Gemm&, const Inputs&);
Result<Outputs> infer(const Softmax&, const Inputs&);
Result<Outputs> infer(const Reduce&, const Inputs&);
Result<Outputs> infer(const ArgMax&, const Inputs&);
Result<Outputs> infer(const TopK&, const Inputs&);
Result<Outputs> infer(const CumSum&, const Inputs&);
Result<Outputs> infer(const NonZero&, const Inputs&);
Result<Outputs> infer(const NonMaxSuppression&, const Inputs&);
Result<Outputs> infer(const QuantizeLinear&, const Inputs&);
Result<Outputs> infer(const DequantizeLinear&, const Inputs&);
Result<Outputs> infer(const QConv&, const Inputs&);
Result<Outputs> infer(const QAdd&, const Inputs&);
Result<Outputs> infer(const Lookup&, const Inputs&);
Result<Outputs> infer(const Head&, const Inputs&);

// NumPy's broadcasting; an unknown extent meets 1 or itself and stays unknown, meets n and is n.
// Nothing when the shapes do not fit.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

// The shape that a computed i64 tensor of shape `extents` will name: its rank, if that is known, is
// at least `least`; every extent is open.
std::optional<Shape> unknown_extents(const std::optional<Shape>& extents, int least = 0);

// y of the same type and shape as input 0.
Outputs like_first(const Inputs& in);
Outputs one(DType dtype, std::optional<Shape> shape);

}  // namespace shrike::infer
