// Every case of golden/cases.txt: ONNX Runtime's answers to small random nodes
// (golden/generate.py).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/half.h"
#include "ir/infer.h"
#include "ir/text.h"
#include "reference/evaluate.h"
#include "reference/test_golden.h"

namespace shrike {
namespace {

using reference_test::golden_cases;

double element(const Tensor& x, size_t i) {
  switch (x.dtype()) {
    case DType::kF32:
      return static_cast<double>(x.data<float>()[i]);
    case DType::kF64:
      return x.data<double>()[i];
    case DType::kF16:
      return static_cast<double>(half_to_float(x.data<uint16_t>()[i]));
    default:
      return 0;
  }
}

// A few units in the last place of values around 1: the sums here are short.
double tolerance(DType type) {
  switch (type) {
    case DType::kF16:
      return 0x1p-9;
    case DType::kF32:
      return 0x1p-19;
    default:
      return 0x1p-46;
  }
}

void expect_near(const Tensor& got, const Tensor& want) {
  ASSERT_EQ(got.dtype(), want.dtype());
  ASSERT_EQ(to_string(got.shape()), to_string(want.shape()));
  if (!is_float(got.dtype())) {
    EXPECT_EQ(got, want);
    return;
  }
  for (size_t i = 0; i < static_cast<size_t>(got.size()); ++i) {
    const double a = element(got, i), b = element(want, i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    EXPECT_LE(std::fabs(a - b), tolerance(got.dtype()) * std::max(1.0, std::fabs(b)))
        << "element " << i << ": " << a << ", not " << b;
  }
}

void check_case(const std::string& text) {
  Result<Graph> graph = parse_graph(text, "cases.txt");
  ASSERT_TRUE(graph) << graph.error().message;
  ASSERT_EQ(graph->nodes.size(), 1u);
  const Node& node = graph->nodes[0];
  std::vector<const Tensor*> inputs;
  for (ValueId id : node.inputs) inputs.push_back(graph->constant(id));
  const Result<std::vector<Tensor>> outputs = evaluate_node(node, inputs);
  ASSERT_TRUE(outputs) << outputs.error().message;
  ASSERT_EQ(outputs->size(), node.outputs.size());
  for (size_t i = 0; i < outputs->size(); ++i) {
    const auto want = graph->find_value("want" + std::to_string(i));
    ASSERT_TRUE(want);
    expect_near((*outputs)[i], *graph->constant(*want));
  }
}

TEST(Golden, EveryCaseGivesWhatOnnxRuntimeGave) {
  const std::vector<std::string> cases = golden_cases();
  ASSERT_GT(cases.size(), 800u);
  for (const std::string& text : cases) {
    SCOPED_TRACE(text);
    check_case(text);
  }
}

}  // namespace
}  // namespace shrike
