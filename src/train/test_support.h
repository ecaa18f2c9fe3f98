// What the tests of train share: graphs from text, run here and by the readable reference.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "ir/infer.h"
#include "ir/text.h"
#include "reference/evaluate.h"
#include "train/module.h"
#include "train/tensors.h"

namespace shrike::train::testing {

inline Graph graph_of(const std::string& text) {
  Result<Graph> graph = parse_graph(text, "test");
  EXPECT_TRUE(graph) << graph.error().message;
  if (!graph) return {};
  const Result<void> inferred = infer_shapes(*graph);
  EXPECT_TRUE(inferred) << inferred.error().message;
  return *std::move(graph);
}

inline Tensor random_tensor(const Shape& shape, std::mt19937& random, float low = -2,
                            float high = 2) {
  std::uniform_real_distribution<float> uniform(low, high);
  Tensor tensor(DType::kF32, shape);
  for (float& value : tensor.mutable_data<float>()) value = uniform(random);
  return tensor;
}

inline std::vector<Tensor> random_inputs(const Graph& graph, std::mt19937& random) {
  std::vector<Tensor> inputs;
  for (ValueId id : graph.inputs) inputs.push_back(random_tensor(*graph.value(id).shape, random));
  return inputs;
}

inline std::vector<at::Tensor> to_torch_all(const std::vector<Tensor>& tensors) {
  std::vector<at::Tensor> result;
  for (const Tensor& tensor : tensors) result.push_back(*to_torch(tensor));
  return result;
}

// The same type and shape, and elements within `tolerance` of the range.
inline void expect_close(const Tensor& got, const Tensor& expected, double tolerance,
                         const std::string& what) {
  ASSERT_EQ(got.dtype(), expected.dtype()) << what;
  ASSERT_EQ(got.shape(), expected.shape()) << what;
  if (got.dtype() != DType::kF32) {
    EXPECT_TRUE(got == expected) << what;
    return;
  }
  const std::span<const float> a = got.data<float>(), b = expected.data<float>();
  double range = 0;
  for (float value : b) range = std::max(range, std::abs(static_cast<double>(value)));
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], b[i], tolerance * range + 1e-7)
        << what << " at " << i << " of " << to_string(got.shape());
}

inline Result<std::vector<Tensor>> run_module(const Graph& graph, const std::vector<Tensor>& inputs,
                                              const ModuleOptions& options = {}) {
  SHRIKE_ASSIGN(const Parameters parameters, Parameters::of(graph));
  SHRIKE_ASSIGN(const Module module, Module::build(graph, parameters, options));
  SHRIKE_ASSIGN(const std::vector<at::Tensor> outputs,
                module.forward(to_torch_all(inputs), RunMode{}));
  std::vector<Tensor> tensors;
  for (const at::Tensor& output : outputs) tensors.push_back(from_torch(output));
  return tensors;
}

}  // namespace shrike::train::testing
