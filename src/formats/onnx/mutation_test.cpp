// Models that are sound messages and unsound networks: attributes, shapes, operands and operators
// changed one at a time. Whatever the reader accepts must be a graph that verifies, that its text
// form gives back, and that reads back when it is written.
#include <gtest/gtest.h>

#include <random>

#include "formats/onnx/test_graphs.h"
#include "formats/onnx/test_model.h"
#include "formats/onnx_writer.h"
#include "ir/verify.h"

namespace shrike::onnx {
namespace {

constexpr int64_t kOdd[] = {0,
                            1,
                            2,
                            3,
                            4,
                            5,
                            7,
                            -1,
                            -2,
                            -7,
                            16,
                            17,
                            255,
                            4096,
                            INT64_MAX,
                            INT64_MIN,
                            int64_t{1} << 24,
                            int64_t{1} << 31,
                            int64_t{1} << 47,
                            int64_t{1} << 48,
                            int64_t{1} << 62};

struct Model {
  int opset;
  std::vector<Value> inputs;
  std::vector<std::pair<std::string, Tensor>> constants;
  std::vector<OutNode> nodes;
  std::vector<std::string> outputs;

  std::string bytes() const {
    TestModel model(opset);
    for (const Value& input : inputs) model.input(input);
    for (const auto& [name, tensor] : constants) model.constant(name, tensor);
    for (const OutNode& node : nodes) model.node(node);
    for (const std::string& name : outputs) model.output(name);
    return model.bytes();
  }
};

Model model_of(const Graph& graph, int opset) {
  Model model{opset, {}, {}, {}, {}};
  for (ValueId id : graph.inputs) model.inputs.push_back(graph.value(id));
  for (ValueId id : graph.outputs) model.outputs.push_back(graph.value(id).name);
  for (const Value& value : graph.values)
    if (value.constant) model.constants.emplace_back(value.name, *value.constant);
  for (const Node& node : graph.nodes) {
    Result<std::vector<OutNode>> lowered = lower_node(graph, node, opset);
    EXPECT_TRUE(lowered) << lowered.error().message;
    for (OutNode& out : *lowered) model.nodes.push_back(std::move(out));
  }
  return model;
}

class Mutator {
 public:
  Mutator(Model& model, std::mt19937& random) : model_(model), random_(random) {}

  void mutate() {
    switch (pick(8)) {
      case 0:
        return change_input(one_of(model_.inputs));
      case 1:
      case 2:
        if (!model_.constants.empty()) change_constant(one_of(model_.constants).second);
        return;
      case 3:
        model_.opset = 9 + static_cast<int>(pick(13));
        return;
      case 4:
        return change_operands(one_of(model_.nodes));
      case 5:
        one_of(model_.nodes).op = one_of(model_.nodes).op;
        return;
      default:
        return change_attribute(one_of(model_.nodes).attributes);
    }
  }

 private:
  size_t pick(size_t below) { return random_() % below; }
  int64_t odd() { return kOdd[pick(std::size(kOdd))]; }
  template <typename T>
  T& one_of(std::vector<T>& list) {
    return list[pick(list.size())];
  }

  void change_dims(std::vector<int64_t>& dims) {
    switch (pick(4)) {
      case 0:
        dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(pick(dims.size() + 1)), odd());
        return;
      case 1:
        if (!dims.empty()) dims.pop_back();
        return;
      default:
        if (!dims.empty()) one_of(dims) = odd();
    }
  }

  void change_input(Value& input) {
    static constexpr DType kTypes[] = {DType::kF32, DType::kF16, DType::kI64, DType::kI32,
                                       DType::kBool};
    if (pick(4) == 0) input.dtype = kTypes[pick(std::size(kTypes))];
    if (pick(6) == 0) input.shape.reset();
    if (!input.shape) return;
    std::vector<int64_t> dims = input.shape->dims();
    if (pick(3) == 0) std::fill(dims.begin(), dims.end(), kDynamic);
    change_dims(dims);
    input.shape = Shape(std::move(dims));
  }

  void change_constant(Tensor& tensor) {
    if (tensor.dtype() == DType::kI64 && pick(2) == 0) {
      std::vector<int64_t> values(tensor.data<int64_t>().begin(), tensor.data<int64_t>().end());
      if (!values.empty()) one_of(values) = odd();
      tensor = Tensor::from<int64_t>(tensor.shape(), values);
      return;
    }
    static constexpr DType kTypes[] = {DType::kF32, DType::kI64, DType::kI32, DType::kF16};
    std::vector<int64_t> dims = tensor.shape().dims();
    change_dims(dims);
    const Shape shape(std::move(dims));
    const std::optional<int64_t> count = shape.element_count();
    if (count && *count < 1000)
      tensor = Tensor(pick(2) == 0 ? tensor.dtype() : kTypes[pick(std::size(kTypes))], shape);
  }

  void change_operands(OutNode& node) {
    if (node.inputs.empty() || pick(5) == 0) node.inputs.emplace_back();
    std::string& operand = one_of(node.inputs);
    switch (pick(4)) {
      case 0:
        operand.clear();
        return;
      case 1:
        operand = one_of(model_.inputs).name;
        return;
      case 2:
        if (!model_.constants.empty()) operand = one_of(model_.constants).first;
        return;
      default:
        node.inputs.pop_back();
    }
  }

  void change_attribute(std::vector<OutAttribute>& attributes) {
    if (attributes.empty()) return;
    OutAttribute& attribute = one_of(attributes);
    if (pick(8) == 0) {
      attribute.value = odd();
    } else if (pick(8) == 0) {
      attributes.erase(attributes.begin() + (&attribute - attributes.data()));
    } else if (auto* number = std::get_if<int64_t>(&attribute.value)) {
      *number = odd();
    } else if (auto* list = std::get_if<std::vector<int64_t>>(&attribute.value)) {
      change_dims(*list);
    } else if (auto* real = std::get_if<float>(&attribute.value)) {
      *real = static_cast<float>(odd());
    }
  }

  Model& model_;
  std::mt19937& random_;
};

// What must hold of every graph that was read.
void expect_sound(const Graph& graph) {
  const Result<void> verified = verify(graph);
  ASSERT_TRUE(verified) << verified.error().message << "\n" << print_graph(graph);
  const Result<Graph> parsed = parse_graph(print_graph(graph), "printed");
  ASSERT_TRUE(parsed) << parsed.error().message << "\n" << print_graph(graph);
  ASSERT_TRUE(same_graph(graph, *parsed)) << print_graph(graph);
  for (const int opset : {17, 21}) {
    const Result<std::string> written = write_onnx(graph, {opset});
    if (!written) continue;
    const Result<Graph> back = read_onnx(std::as_bytes(std::span(*written)), nullptr, "written");
    ASSERT_TRUE(back) << back.error().message << "\n" << print_graph(graph);
  }
}

TEST(OnnxMutation, WhatIsReadIsSound) {
  const unsigned seed = 20240611;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int read = 0;
  for (const std::string& text : test_graphs()) {
    const Graph graph = graph_of(text);
    for (int round = 0; round < 3000 && !testing::Test::HasFatalFailure(); ++round) {
      Model model = model_of(graph, 13 + static_cast<int>(random() % 9));
      const size_t changes = 1 + random() % 3;
      for (size_t i = 0; i < changes; ++i) Mutator(model, random).mutate();
      const std::string bytes = model.bytes();
      const Result<Graph> result = read_onnx(std::as_bytes(std::span(bytes)), nullptr, "mutated");
      if (!result) {
        EXPECT_EQ(result.error().kind, ErrorKind::kModel) << result.error().message;
        continue;
      }
      ++read;
      expect_sound(*result);
    }
  }
  EXPECT_GT(read, 1000);  // not all are refused, or the test would see little
}

}  // namespace
}  // namespace shrike::onnx
