// Parameters: what a graph learns, by the names of its constants.
//
// The tensors are shared by copies of the object, and by every Module built with it; converted() makes
// others. Names are those of the graph's values, so weights find their way back into it, and into
// a checkpoint. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace shrike::train {

enum class ParameterRole : uint8_t {
  kWeight,
  kBias,
  kNormScale,
  kNormShift,
  kStep,  // the logarithm of an integer's step (quantize/learned.h)
  kNormMean,  // running statistics: moved by forward passes, not learned
  kNormVariance,
};

constexpr bool learns(ParameterRole role) { return role < ParameterRole::kNormMean; }
// Weight decay is for what multiplies maps.
constexpr bool decays(ParameterRole role) { return role == ParameterRole::kWeight; }

struct Parameter {
  std::string name;
  ParameterRole role = ParameterRole::kWeight;
  at::Tensor tensor;  // asks for a gradient where the role learns
};

class Parameters {
 public:
  // Copies of the graph's float constants that are weights or biases of convolutions and products,
  // belong to batch norms, or are weights that a Q rounds and the steps of a Q, in the order of the
  // nodes. Errors: kModel for weights that are not
  // f32, kRuntime.
  static Result<Parameters> of(const Graph& graph);

  const std::vector<Parameter>& all() const { return all_; }
  std::vector<Parameter>& all() { return all_; }
  // Null where there is none.
  const Parameter* find(std::string_view name) const;

  // One more, that no graph has. Requires a name that is free.
  void add(Parameter parameter);

  // Tensors of their own in that element type, without gradients in them: for gradients checked in
  // doubles.
  Result<Parameters> converted(at::ScalarType type) const;

  int64_t learned_elements() const;

 private:
  std::vector<Parameter> all_;
  std::map<std::string, size_t, std::less<>> index_;
};

}  // namespace shrike::train
