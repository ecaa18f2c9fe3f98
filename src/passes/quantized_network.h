// Small networks with Q and DQ, for the tests of the passes that make integers of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ir/infer.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "reference/evaluate.h"

namespace shrike::testing {

inline constexpr float kStep = 0.05f;  // of the bytes that networks end in
inline constexpr float kWordStep = kStep / 250;

inline bool is_word(DType type) { return type == DType::kI16 || type == DType::kU16; }

// A network in the making: its input is quantised, its output dequantised.
class Network {
 public:
  explicit Network(DType type = DType::kU8) : type_(type) {
    const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 4, 6, 5});
    q = quantize(x, in_step(), in_zero());
  }

  ValueId quantize(ValueId x, float scale, int zero) {
    return graph.add_node(QuantizeLinear{}, {x, constant(Tensor::scalar(scale)), this->zero(zero)},
                          "q");
  }
  ValueId real(ValueId id, float scale, int zero) {
    return graph.add_node(DequantizeLinear{},
                          {id, constant(Tensor::scalar(scale)), this->zero(zero)}, "real");
  }
  ValueId real() { return real(q, in_step(), in_zero()); }
  float in_step() const { return is_word(type_) ? 0.03f / 250 : 0.03f; }
  int in_zero() const { return type_ == DType::kU8 ? 120 : type_ == DType::kU16 ? 30000 : 5; }

  ValueId constant(Tensor tensor) { return graph.add_constant("c", std::move(tensor)); }

  // DQ of random T, one scale for each of the channels.
  template <typename T = int8_t>
  ValueId weights(int64_t channels, int64_t inputs, int64_t size, int most = 127) {
    Tensor w(kDTypeOf<T>, Shape{channels, inputs, size, size});
    std::uniform_int_distribution<int> any(-most - 1, most);
    for (T& value : w.mutable_data<T>()) value = static_cast<T>(any(random_));
    Tensor scales(DType::kF32, Shape{channels});
    for (float& scale : scales.mutable_data<float>())
      scale = std::uniform_real_distribution<float>(0.127f, 1.27f)(random_) /
              static_cast<float>(most);
    scales_ = constant(std::move(scales));
    return graph.add_node(DequantizeLinear{0}, {constant(std::move(w)), scales_}, "w");
  }
  ValueId bias(int64_t channels) {
    Tensor b(DType::kF32, Shape{channels});
    for (float& value : b.mutable_data<float>())
      value = std::uniform_real_distribution<float>(-1, 1)(random_);
    return constant(std::move(b));
  }

  Graph finish(ValueId output) {
    graph.outputs = {output};
    const Result<void> inferred = infer_shapes(graph);
    EXPECT_TRUE(inferred) << inferred.error().message;
    return graph;
  }
  // The same behind a Q and a DQ.
  Graph quantized(ValueId y) {
    const int middle = type_ == DType::kU8 ? 100 : type_ == DType::kU16 ? 29999 : -20;
    const float step = is_word(type_) ? kWordStep : kStep;
    return finish(real(quantize(y, step, middle), step, middle));
  }

  Graph graph;
  ValueId q;

 private:
  ValueId zero(int value) {
    switch (type_) {
      case DType::kU8:
        return constant(Tensor::scalar(static_cast<uint8_t>(value)));
      case DType::kU16:
        return constant(Tensor::scalar(static_cast<uint16_t>(value)));
      case DType::kI16:
        return constant(Tensor::scalar(static_cast<int16_t>(value)));
      default:
        return constant(Tensor::scalar(static_cast<int8_t>(value)));
    }
  }

  DType type_;
  ValueId scales_ = kNoValue;
  std::mt19937 random_{7};
};

// Runs the pass; what the graph computes may change by `tolerance`.
inline Graph checked(const Graph& before, Result<void> (*pass)(Graph&), float tolerance) {
  Graph after = before;
  const Result<void> ran = pass(after);
  EXPECT_TRUE(ran) << ran.error().message;
  const Result<void> sound = verify(after);
  EXPECT_TRUE(sound) << sound.error().message << "\n" << print_graph(after);
  std::mt19937 random(11);
  std::normal_distribution<float> normal(0, 1.5f);
  Tensor x(DType::kF32, *before.static_shape(before.inputs[0]));
  for (float& value : x.mutable_data<float>()) value = normal(random);
  const Result<std::vector<Tensor>> a = evaluate_graph(before, std::span(&x, 1)),
                                    b = evaluate_graph(after, std::span(&x, 1));
  EXPECT_TRUE(a && b);
  if (!a || !b) return after;
  const auto from = (*a)[0].data<float>(), to = (*b)[0].data<float>();
  EXPECT_EQ(from.size(), to.size());
  size_t unequal = 0;
  for (size_t i = 0; i < std::min(from.size(), to.size()); ++i) {
    EXPECT_NEAR(from[i], to[i], tolerance) << i;
    unequal += std::abs(from[i] - to[i]) > 1e-4f;  // more than the rounding of floats
  }
  // A step more or less only where a value lay between two of them.
  EXPECT_LE(unequal * 20, from.size()) << "of " << from.size();
  return after;
}

template <typename T>
int64_t count(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [](const Node& node) { return std::holds_alternative<T>(node.op); });
}

}  // namespace shrike::testing
