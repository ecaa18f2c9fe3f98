// One function per operator, and what it is given. Private to reference.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "reference/compute_type.h"
#include "reference/evaluate.h"

namespace shrike::reference {

using Outputs = std::vector<Tensor>;

struct OutputType {
  DType dtype = DType::kUndefined;
  std::optional<Shape> shape;  // absent or dynamic where it depends on data
};

// What an operator sees: its inputs in their compute types (compute_type.h) if it computes, as they
// came if it only moves elements; the types and shapes its outputs must have; a bounded allocator.
class Inputs {
 public:
  // Keeps references to all of its arguments.
  Inputs(const Node& node, std::span<const Tensor* const> given,
         std::span<const OutputType> outputs, const EvaluateLimits& limits)
      : node_(node),
        given_(given),
        tensors_(given.begin(), given.end()),
        outputs_(outputs),
        limits_(limits) {}

  // From here on the inputs are seen, and outputs made, in their compute types.
  Result<void> widen();

  size_t count() const { return tensors_.size(); }
  size_t outputs() const { return outputs_.size(); }
  bool has(size_t i) const { return i < tensors_.size() && tensors_[i] != nullptr; }
  // Requires has(i), which holds for the inputs that shape inference demands.
  const Tensor& operator[](size_t i) const { return *tensors_[i]; }
  // Type of an input as it came, before it was widened; undefined when absent.
  DType given_dtype(size_t i) const {
    return i < given_.size() && given_[i] ? given_[i]->dtype() : DType::kUndefined;
  }

  // An i64 or i32 input of rank 0 or 1 as integers.
  Result<std::vector<int64_t>> ints(size_t i) const;
  // The same, exactly one.
  Result<int64_t> one_int(size_t i) const;
  // An i64 or i32 input of any rank as i64.
  Result<Tensor> indices(size_t i) const;
  // Input 0's axis; an error when it has none of that number.
  Result<int> axis(int64_t axis) const;

  // Errors unless all present inputs have input 0's type, or a type that is f32 or f64 here.
  Result<void> expect_one_type() const;
  Result<void> expect_floats() const;
  // Errors unless input i holds bools.
  Result<void> expect_bool(size_t i) const;

  // The shape output i must have; an error when inference left it open.
  Result<Shape> output_shape(size_t i = 0) const;
  // Zeroed; of output i's type and shape (its compute type, where the inputs are widened), or of
  // those given. Bounded by the limits.
  Result<Tensor> output(size_t i = 0) const;
  Result<Tensor> allocate(DType dtype, Shape shape) const;
  Result<void> expect_within_limit(DType dtype, const Shape& shape) const;

  // "Conv node '/model.0/Conv': why".
  Error fail(const std::string& why) const;

 private:
  const Node& node_;
  std::span<const Tensor* const> given_;
  std::vector<const Tensor*> tensors_;
  std::vector<Tensor> wide_;
  std::span<const OutputType> outputs_;
  const EvaluateLimits& limits_;
  bool computes_ = false;
};

Result<Outputs> evaluate(const Conv&, const Inputs&);
Result<Outputs> evaluate(const ConvTranspose&, const Inputs&);
Result<Outputs> evaluate(const BatchNorm&, const Inputs&);
Result<Outputs> evaluate(const MaxPool&, const Inputs&);
Result<Outputs> evaluate(const AveragePool&, const Inputs&);
Result<Outputs> evaluate(const GlobalAveragePool&, const Inputs&);
Result<Outputs> evaluate(const Resize&, const Inputs&);
Result<Outputs> evaluate(const Unary&, const Inputs&);
Result<Outputs> evaluate(const Binary&, const Inputs&);
Result<Outputs> evaluate(const Clip&, const Inputs&);
Result<Outputs> evaluate(const Where&, const Inputs&);
Result<Outputs> evaluate(const Cast&, const Inputs&);
Result<Outputs> evaluate(const Concat&, const Inputs&);
Result<Outputs> evaluate(const Split&, const Inputs&);
Result<Outputs> evaluate(const Slice&, const Inputs&);
Result<Outputs> evaluate(const Gather&, const Inputs&);
Result<Outputs> evaluate(const GatherElements&, const Inputs&);
Result<Outputs> evaluate(const GatherND&, const Inputs&);
Result<Outputs> evaluate(const ScatterND&, const Inputs&);
Result<Outputs> evaluate(const ScatterElements&, const Inputs&);
Result<Outputs> evaluate(const Reshape&, const Inputs&);
Result<Outputs> evaluate(const Transpose&, const Inputs&);
Result<Outputs> evaluate(const Squeeze&, const Inputs&);
Result<Outputs> evaluate(const Unsqueeze&, const Inputs&);
Result<Outputs> evaluate(const Flatten&, const Inputs&);
Result<Outputs> evaluate(const Expand&, const Inputs&);
Result<Outputs> evaluate(const Tile&, const Inputs&);
Result<Outputs> evaluate(const Pad&, const Inputs&);
Result<Outputs> evaluate(const DepthToSpace&, const Inputs&);
Result<Outputs> evaluate(const SpaceToDepth&, const Inputs&);
Result<Outputs> evaluate(const ShapeOf&, const Inputs&);
Result<Outputs> evaluate(const ConstantOfShape&, const Inputs&);
Result<Outputs> evaluate(const Range&, const Inputs&);
Result<Outputs> evaluate(const MatMul&, const Inputs&);
Result<Outputs> evaluate(const Gemm&, const Inputs&);
Result<Outputs> evaluate(const Softmax&, const Inputs&);
Result<Outputs> evaluate(const Reduce&, const Inputs&);
Result<Outputs> evaluate(const ArgMax&, const Inputs&);
Result<Outputs> evaluate(const TopK&, const Inputs&);
Result<Outputs> evaluate(const CumSum&, const Inputs&);
Result<Outputs> evaluate(const NonZero&, const Inputs&);
Result<Outputs> evaluate(const NonMaxSuppression&, const Inputs&);
Result<Outputs> evaluate(const QuantizeLinear&, const Inputs&);
Result<Outputs> evaluate(const DequantizeLinear&, const Inputs&);
Result<Outputs> evaluate(const QConv&, const Inputs&);
Result<Outputs> evaluate(const QAdd&, const Inputs&);
Result<Outputs> evaluate(const Lookup&, const Inputs&);
Result<Outputs> evaluate(const Head&, const Inputs&);

}  // namespace shrike::reference
