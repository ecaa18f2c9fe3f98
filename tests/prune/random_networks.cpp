#include "random_networks.h"

#include <gtest/gtest.h>

#include <random>

#include "ir/infer.h"

namespace shrike {

namespace {

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  Graph make() {
    maps_ = {graph_.add_input("images", DType::kF32, Shape{1, 3, 16, 16})};
    for (int i = 0; i < 4; ++i) maps_.push_back(conv(any(), 4 * pick(1, 6), 3));
    const int layers = pick(6, 24);
    for (int i = 0; i < layers; ++i) maps_.push_back(layer());
    graph_.outputs = {conv(maps_.back(), 5, 1)};
    EXPECT_TRUE(infer_shapes(graph_));
    remove_dead(graph_);
    return std::move(graph_);
  }

 private:
  int pick(int from, int to) {
    return from + static_cast<int>(random_() % static_cast<unsigned>(to - from + 1));
  }
  // The last one more often.
  ValueId any() {
    if (pick(0, 1) == 1) return maps_.back();
    return maps_[static_cast<size_t>(pick(0, static_cast<int>(maps_.size()) - 1))];
  }
  Shape shape(ValueId id) const { return *graph_.value(id).shape; }
  int64_t channels(ValueId id) const { return shape(id)[1]; }

  ValueId weights(Shape shape) {
    std::normal_distribution<float> normal(0, 0.4f);
    Tensor tensor(DType::kF32, shape);
    for (float& x : tensor.mutable_data<float>()) x = normal(random_);
    return graph_.add_constant("w", tensor);
  }
  ValueId ints(std::vector<int64_t> values) {
    const auto count = static_cast<int64_t>(values.size());
    return graph_.add_constant("i", Tensor::from<int64_t>(Shape{count}, values));
  }
  ValueId short_ints(int32_t value) {
    return graph_.add_constant("i", Tensor::from<int32_t>(Shape{1}, {value}));
  }
  void infer() {
    const Result<void> inferred = infer_node(graph_, graph_.nodes.back());
    EXPECT_TRUE(inferred) << inferred.error().message;
  }
  ValueId node(Op op, std::vector<ValueId> inputs) {
    const ValueId made = graph_.add_node(std::move(op), std::move(inputs), "v");
    infer();
    return made;
  }
  ValueId conv(ValueId x, int64_t filters, int64_t side, int64_t group = 1) {
    Conv op;
    op.pads = {side / 2, side / 2, side / 2, side / 2};
    op.group = group;
    const ValueId w = weights(Shape{filters, channels(x) / group, side, side});
    std::vector<ValueId> inputs = {x, w};
    if (pick(0, 1) == 1) inputs.push_back(weights(Shape{filters}));
    return node(op, inputs);
  }
  ValueId norm(ValueId x) {
    const Shape c{channels(x)};
    Tensor variance(DType::kF32, c);
    for (float& v : variance.mutable_data<float>())
      v = 0.5f + 0.1f * static_cast<float>(pick(0, 9));
    const std::vector<ValueId> inputs = {x, weights(c), weights(c), weights(c),
                                         graph_.add_constant("v", variance)};
    return node(BatchNorm{}, inputs);
  }

  std::vector<ValueId> split(ValueId x) {
    const int64_t first = channels(x) / 2 + (channels(x) > 4 ? 1 : 0);
    std::vector<ValueId> inputs = {x};
    const bool equal = pick(0, 1) == 1 && channels(x) % 2 == 0;
    if (!equal) inputs.push_back(ints({first, channels(x) - first}));
    const ValueId a = graph_.add_node(Split{1}, inputs, "v"), b = graph_.add_value("v");
    graph_.nodes.back().outputs.push_back(b);
    infer();
    return {a, b};
  }

  // (1, C, H, W) as heads that look at each other, and back.
  ValueId attention(ValueId x) {
    const Shape s = shape(x);
    const int64_t heads = s[1] % 8 == 0 ? 2 : 1;
    const ValueId rows = node(Reshape{}, {x, ints({1, heads, s[1] / heads, s[2] * s[3]})});
    const ValueId columns = node(Transpose{{0, 1, 3, 2}}, {rows});
    // Small products: where one outweighs all others, softmax makes much of their rounding.
    const ValueId small = graph_.add_constant("s", Tensor::scalar(1e-3f));
    const ValueId products = node(MatMul{}, {columns, rows});
    const ValueId looks = node(Softmax{-1}, {node(Binary{BinaryKind::kMul, 0}, {products, small})});
    const ValueId seen = node(MatMul{}, {rows, node(Transpose{{0, 1, 3, 2}}, {looks})});
    return node(Reshape{}, {seen, ints({0, -1, s[2], s[3]})});
  }

  // Channels of two groups take turns.
  ValueId shuffle(ValueId x) {
    const Shape s = shape(x);
    const ValueId parted = node(Reshape{}, {x, ints({1, 2, s[1] / 2, s[2], s[3]})});
    return node(Reshape{},
                {node(Transpose{{0, 2, 1, 3, 4}}, {parted}), ints({1, s[1], s[2], s[3]})});
  }

  ValueId gate(ValueId x) {
    const ValueId mean = node(GlobalAveragePool{}, {x});
    const ValueId squeezed = node(Unary{UnaryKind::kSilu, 0, 0}, {conv(mean, 8, 1)});
    const ValueId opened = node(Unary{UnaryKind::kSigmoid, 0, 0}, {conv(squeezed, channels(x), 1)});
    return node(Binary{BinaryKind::kMul, 0}, {x, opened});
  }

  ValueId layer() {
    const ValueId x = any();
    const int64_t c = channels(x);
    switch (pick(0, 13)) {
      case 0:
        return norm(conv(x, 4 * pick(1, 6), 3));
      case 1:
        return node(Unary{UnaryKind::kSilu, 0, 0}, {conv(x, 8, 1)});
      case 2:
        return conv(x, c, 3, c);
      case 3:
        return conv(x, 2 * c, 3, c);
      case 4:
        return c % 4 == 0 ? conv(x, 8, 3, 4) : x;
      case 5:
        return node(Binary{BinaryKind::kAdd, 0}, {x, conv(any(), c, 1)});
      case 6:
        return node(Concat{1}, {x, any(), conv(any(), 4, 3)});
      case 7: {
        const auto parts = split(x);
        return node(Concat{1}, {parts[1], conv(parts[0], 4, 1), parts[0]});
      }
      case 8:
        if (c <= 4) return x;
        if (c % 8 == 4)  // 32-bit bounds, which nobody follows
          return node(Slice{}, {x, short_ints(1), short_ints(-1), short_ints(1)});
        return node(Slice{}, {x, ints({1}), ints({-1}), ints({1})});
      case 9:
        return node(MaxPool{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 0, AutoPad::kNotSet}, {x});
      case 10:
        return c % 2 == 0 ? shuffle(x) : x;
      case 11:
        return gate(x);
      case 12:
        return attention(x);
      default:
        return node(Binary{BinaryKind::kMul, 0}, {x, weights(Shape{1, c, 1, 1})});
    }
  }

  std::mt19937 random_;
  Graph graph_;
  std::vector<ValueId> maps_;
};

}  // namespace

Graph random_network(unsigned seed) { return Maker(seed).make(); }

}  // namespace shrike
