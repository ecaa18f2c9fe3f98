// What the makers of operators see of a node, and the makers. Private to train.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/describe.h"
#include "train/operators.h"

namespace shrike::train {

class OperatorSite {
 public:
  OperatorSite(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  size_t inputs() const { return node_.inputs.size(); }
  size_t outputs() const { return node_.outputs.size(); }
  bool has(size_t input) const {
    return input < node_.inputs.size() && node_.inputs[input] != kNoValue;
  }
  // Null where it is not known or not static.
  const Shape* input_shape(size_t input) const {
    return has(input) ? graph_.static_shape(node_.inputs[input]) : nullptr;
  }
  const Shape* output_shape(size_t output = 0) const {
    const ValueId id = node_.outputs[output];
    return id == kNoValue ? nullptr : graph_.static_shape(id);
  }
  // Both, of input 0 and output 0; an error where one is missing.
  struct Shapes {
    Shape in, out;
  };
  Result<Shapes> shapes() const;
  // A constant input of integers; an error where it is computed.
  Result<std::vector<int64_t>> ints(size_t input) const;
  // A constant input of f32; null where it is absent or empty, an error where it is computed.
  Result<const Tensor*> optional_floats(size_t input) const;
  // An axis of input 0, counted from the first.
  Result<int64_t> axis(int64_t axis) const;

  Error fail(std::string_view why) const {
    return model_error(describe(graph_, node_) + ": cannot learn: " + std::string(why));
  }

 private:
  const Graph& graph_;
  const Node& node_;
};

// A function of the inputs alone, with one output.
template <typename F>
Operator one_output(F f) {
  return [f](std::span<const at::Tensor> in, const RunMode&) {
    return std::vector<at::Tensor>{f(in)};
  };
}

// f(x), as ir/ops/elementwise.h has it.
at::Tensor apply_unary(const Unary& op, const at::Tensor& x);

Result<Operator> make(const Unary&, const OperatorSite&);
Result<Operator> make(const Binary&, const OperatorSite&);
Result<Operator> make(const Clip&, const OperatorSite&);
Result<Operator> make(const Where&, const OperatorSite&);
Result<Operator> make(const Cast&, const OperatorSite&);

Result<Operator> make(const Conv&, const OperatorSite&);
Result<Operator> make(const ConvTranspose&, const OperatorSite&);
Result<Operator> make(const BatchNorm&, const OperatorSite&);
Result<Operator> make(const MaxPool&, const OperatorSite&);
Result<Operator> make(const AveragePool&, const OperatorSite&);
Result<Operator> make(const GlobalAveragePool&, const OperatorSite&);
Result<Operator> make(const Resize&, const OperatorSite&);

Result<Operator> make(const Concat&, const OperatorSite&);
Result<Operator> make(const Split&, const OperatorSite&);
Result<Operator> make(const Slice&, const OperatorSite&);
Result<Operator> make(const Gather&, const OperatorSite&);
Result<Operator> make(const GatherElements&, const OperatorSite&);
Result<Operator> make(const Reshape&, const OperatorSite&);
Result<Operator> make(const Transpose&, const OperatorSite&);
Result<Operator> make(const Squeeze&, const OperatorSite&);
Result<Operator> make(const Unsqueeze&, const OperatorSite&);
Result<Operator> make(const Flatten&, const OperatorSite&);
Result<Operator> make(const Expand&, const OperatorSite&);
Result<Operator> make(const Tile&, const OperatorSite&);
Result<Operator> make(const Pad&, const OperatorSite&);
Result<Operator> make(const DepthToSpace&, const OperatorSite&);
Result<Operator> make(const SpaceToDepth&, const OperatorSite&);

Result<Operator> make(const MatMul&, const OperatorSite&);
Result<Operator> make(const Gemm&, const OperatorSite&);
Result<Operator> make(const Softmax&, const OperatorSite&);
Result<Operator> make(const Reduce&, const OperatorSite&);
Result<Operator> make(const ArgMax&, const OperatorSite&);
Result<Operator> make(const TopK&, const OperatorSite&);

}  // namespace shrike::train
