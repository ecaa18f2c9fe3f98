// The golden cases with an attribute or an operand changed: an error that names the node, or
// outputs as many as asked for. Never a crash, and under the sanitizers no access out of bounds and
// no overflow.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "ir/describe.h"
#include "ir/text.h"
#include "reference/evaluate.h"
#include "reference/test_golden.h"

namespace shrike {
namespace {

constexpr int64_t kOdd[] = {0,
                            1,
                            2,
                            3,
                            4,
                            5,
                            -1,
                            -2,
                            4096,
                            INT64_MAX,
                            INT64_MIN,
                            int64_t{1} << 24,
                            17,
                            -255,
                            1000000007,
                            7,
                            int64_t{1} << 47,
                            int64_t{1} << 31};

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void mutate(Op& op, std::vector<Tensor>& inputs) {
    if (inputs.empty() || pick(3) == 0) return change(op);
    Tensor& input = inputs[pick(inputs.size())];
    switch (pick(4)) {
      case 0:
        return change_shape(input);
      case 1:
        input = pick(2) ? inputs[pick(inputs.size())] : Tensor();
        return;
      case 2:
        if (pick(4) == 0) return inputs.resize(pick(7));
        return change_type(input);
      default:
        return change_element(input);
    }
  }

 private:
  size_t pick(size_t below) { return random_() % below; }
  int64_t odd() { return kOdd[pick(std::size(kOdd))]; }

  void change(Op& op) {
    std::visit(
        [&](auto& o) {
          for_each_field(o, [&](std::string_view, auto& field) {
            if (pick(3) == 0) change(field);
          });
        },
        op);
  }
  void change(int64_t& field) { field = odd(); }
  void change(float& field) { field = static_cast<float>(odd()); }
  void change(bool& field) { field = !field; }
  void change(DType& field) { field = static_cast<DType>(pick(12)); }
  void change(Tensor& field) { pick(2) ? change_shape(field) : change_type(field); }
  template <typename T>
  void change(std::vector<T>& field) {
    if (pick(4) == 0) field.resize(pick(7));
    if (!field.empty()) change(field[pick(field.size())]);
  }
  template <typename E>
  requires std::is_enum_v<E>
  void change(E& field) {
    const auto names = enum_names(E{});
    field = names[pick(names.size())].value;
  }

  // Another extent, or an axis more or less; elements are zeros then, but where the count stays.
  void change_shape(Tensor& tensor) {
    std::vector<int64_t> dims = tensor.shape().dims();
    const size_t at = pick(dims.size() + 1);
    const int64_t extent = static_cast<int64_t>(pick(7));
    if (at == dims.size())
      dims.push_back(pick(2) ? 1 : extent);
    else if (pick(3) == 0)
      dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(at));
    else
      dims[at] = extent;
    const Shape shape(std::move(dims));
    if (shape.element_count() == tensor.size())
      tensor = tensor.reshaped(shape);
    else if (tensor.dtype() != DType::kUndefined && shape.element_count().value_or(1 << 20) < 65536)
      tensor = Tensor(tensor.dtype(), shape);
  }
  void change_type(Tensor& tensor) {
    const DTypeInfo& type = kDTypes[pick(std::size(kDTypes))];
    tensor = Tensor(type.type, tensor.shape());
  }
  void change_element(Tensor& tensor) {
    if (tensor.empty()) return;
    Tensor changed(tensor.dtype(), tensor.shape());
    std::copy(tensor.bytes().begin(), tensor.bytes().end(), changed.mutable_bytes().begin());
    const size_t at = pick(static_cast<size_t>(tensor.size()));
    if (tensor.dtype() == DType::kI64) changed.mutable_data<int64_t>()[at] = odd();
    if (tensor.dtype() == DType::kI32)
      changed.mutable_data<int32_t>()[at] = static_cast<int32_t>(odd());
    if (tensor.dtype() == DType::kF32)
      changed.mutable_data<float>()[at] = static_cast<float>(odd());
    tensor = std::move(changed);
  }

  std::mt19937 random_;
};

struct Count {
  int ran = 0, refused = 0;
};

void try_one(const Node& node, const std::vector<Tensor>& inputs, Count& count) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs)
    pointers.push_back(input.dtype() == DType::kUndefined ? nullptr : &input);
  const auto y = evaluate_node(node, pointers, {.max_tensor_bytes = 1 << 18});
  ++(y ? count.ran : count.refused);
  if (y)
    EXPECT_EQ(y->size(), node.outputs.size()) << op_name(node.op);
  else
    EXPECT_NE(y.error().message.find(describe(node)), std::string::npos) << y.error().message;
}

TEST(Mutation, EveryOperatorRefusesOrRuns) {
  const unsigned seed = 20240613;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Mutator mutator(seed);
  std::map<std::string_view, Count> counts;
  for (const std::string& text : reference_test::golden_cases()) {
    const Result<Graph> graph = parse_graph(text, "cases.txt");
    ASSERT_TRUE(graph);
    for (int round = 0; round < 40; ++round) {
      Node node = graph->nodes[0];
      node.name = "the one";
      std::vector<Tensor> inputs;
      for (ValueId id : node.inputs)
        inputs.push_back(graph->constant(id) ? *graph->constant(id) : Tensor());
      mutator.mutate(node.op, inputs);
      try_one(node, inputs, counts[op_name(node.op)]);
    }
  }
  // An operator whose every case runs, or none, would mean that the changes miss it.
  for (const auto& [name, count] : counts) {
    EXPECT_GT(count.ran, 0) << name;
    EXPECT_GT(count.refused, 0) << name;
  }
}

}  // namespace
}  // namespace shrike
