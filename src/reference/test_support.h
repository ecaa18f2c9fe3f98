// What the tests of reference share: a node from its text, run on given tensors.
#pragma once

#include <string>
#include <vector>

#include "ir/text.h"
#include "reference/evaluate.h"

namespace shrike::reference_test {

// `text` is an operator with attributes as the text form writes them: "Split axis=1". One output,
// or as many as asked for. Absent inputs are tensors of no type.
inline Result<std::vector<Tensor>> run(const std::string& text, const std::vector<Tensor>& inputs,
                                       size_t outputs = 1, const EvaluateLimits& limits = {}) {
  const size_t space = std::min(text.find(' '), text.size());
  const auto parsed = parse_graph(
      "%y: ? = " + text.substr(0, space) + "()" + text.substr(space) + " @\"the node\"", "test");
  if (!parsed) return parsed.error();
  Node node = parsed->nodes[0];
  node.outputs.resize(outputs, kNoValue);
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs)
    pointers.push_back(input.dtype() == DType::kUndefined ? nullptr : &input);
  return evaluate_node(node, pointers, limits);
}

inline Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::from<float>(std::move(shape), values);
}

inline Tensor ints(const std::vector<int64_t>& values) {
  return Tensor::from<int64_t>(Shape{static_cast<int64_t>(values.size())}, values);
}

// Values that differ from one another and look random: the same on every machine.
inline Tensor noise(Shape shape, float scale = 2.0f) {
  Tensor x(DType::kF32, std::move(shape));
  uint32_t state = 12345;
  for (float& value : x.mutable_data<float>()) {
    state = state * 1664525u + 1013904223u;
    value = scale * (static_cast<float>(state >> 8) * 0x1p-23f - 1.0f);
  }
  return x;
}

}  // namespace shrike::reference_test
