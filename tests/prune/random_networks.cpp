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
    attends_ = pick(0, 1) == 1;
    const int layers = pick(6, 24);
    for (int i = 0; i < layers; ++i) maps_.push_back(layer());
    graph_.outputs = {pick(0, 2) == 0 ? classes(maps_.back()) : conv(maps_.back(), 5, 1)};
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

  ValueId average(ValueId x, int64_t side, int64_t stride) {
    const int64_t pad = side > stride ? side / 2 : 0;
    return node(
        AveragePool{{side, side}, {stride, stride}, {pad, pad, pad, pad}, 0, 0, AutoPad::kNotSet},
        {x});
  }
  // Half as many pixels a side, and as many as before again.
  ValueId transposed(ValueId x, int64_t filters, int64_t group) {
    ConvTranspose op;
    op.strides = {2, 2};
    op.group = group;
    std::vector<ValueId> inputs = {average(x, 2, 2),
                                   weights(Shape{channels(x), filters / group, 2, 2})};
    if (pick(0, 1) == 1) inputs.push_back(weights(Shape{filters}));
    return node(op, inputs);
  }
  ValueId resized(ValueId x) {
    return node(Resize{}, {average(x, 2, 2), kNoValue, ints({1, channels(x), 16, 16})});
  }

  // Rows of `columns` numbers by a matrix, in all of its forms.
  ValueId gemm(ValueId rows, int64_t columns, bool turned = false) {
    const Shape s = shape(rows);
    Gemm op;
    op.trans_a = turned ? 1 : 0;
    op.trans_b = pick(0, 1);
    const int64_t m = turned ? s[1] : s[0], k = turned ? s[0] : s[1];
    std::vector<ValueId> inputs = {
        rows, weights(op.trans_b == 1 ? Shape{columns, k} : Shape{k, columns})};
    // A bias that is not the channels' own makes more of a plane of zeros, which attention would see.
    const int bias = attends_ ? 2 * pick(0, 1) : pick(0, 3);
    if (bias == 1) inputs.push_back(weights(Shape{columns}));
    if (bias == 2) inputs.push_back(weights(Shape{m, columns}));
    if (bias == 3) inputs.push_back(weights(Shape{m, 1}));
    return node(op, inputs);
  }
  // The mean of each plane (1, C), or the largest of its elements.
  ValueId of_planes(ValueId x) {
    const ReduceKind kind = pick(0, 1) == 1 ? ReduceKind::kMax : ReduceKind::kMean;
    return node(Reduce{kind, 0, 0}, {x, ints({-1, 2})});
  }
  ValueId sigmoid(ValueId x) { return node(Unary{UnaryKind::kSigmoid, 0, 0}, {x}); }
  ValueId times(ValueId a, ValueId b) { return node(Binary{BinaryKind::kMul, 0}, {a, b}); }
  // A flattened picture's classes.
  ValueId classes(ValueId x) {
    const ValueId flat = node(Flatten{1}, {average(x, 4, 4)});
    return gemm(node(Unary{UnaryKind::kSilu, 0, 0}, {gemm(flat, 24)}), 5);
  }

  // As gate(), by matrices.
  ValueId gate_of_rows(ValueId x) {
    const ValueId opened = sigmoid(gemm(gemm(of_planes(x), 8), channels(x)));
    return times(x, node(Unsqueeze{}, {opened, ints({2, -1})}));
  }
  // What all channels say of a pixel.
  ValueId gate_of_pixels(ValueId x) {
    const ValueId mean = node(Reduce{ReduceKind::kMean, 1, 0}, {x, ints({1})});
    return times(x, sigmoid(mean));
  }
  ValueId expanded(ValueId x) {
    const int64_t c = channels(x);
    ValueId mean = node(GlobalAveragePool{}, {x});
    if (pick(0, 1) == 1) {  // (C, 1, 1): an axis comes in front
      mean = node(Squeeze{}, {mean, ints({0})});
      return times(x, sigmoid(node(Expand{}, {mean, ints({1, c, 16, 16})})));
    }
    return times(x, sigmoid(node(Expand{}, {mean, ints({16, 1})})));
  }
  // (C) alone, and planes again.
  ValueId squeezed(ValueId x) {
    const ValueId mean = node(Squeeze{}, {node(GlobalAveragePool{}, {x})});
    return times(x, sigmoid(node(Unsqueeze{}, {mean, ints({0, 2, 3})})));
  }
  ValueId padded(ValueId x) {
    const ValueId larger = node(Pad{PadMode::kConstant}, {x, ints({0, 0, 1, 0, 0, 0, 1, 2})});
    return node(MaxPool{{3, 3}, {1, 1}, {0, 0, 0, 0}, {1, 1}, 0, AutoPad::kNotSet}, {larger});
  }
  // Pixels by a matrix, which stands to the right or to the left.
  ValueId by_matrix(ValueId x, int64_t made) {
    const int64_t c = channels(x);
    const ValueId columns = node(Reshape{}, {x, ints({1, c, 256})});
    if (pick(0, 1) == 1) {
      const ValueId left = node(MatMul{}, {weights(Shape{made, c}), columns});
      return node(Reshape{}, {left, ints({1, made, 16, 16})});
    }
    const ValueId rows = node(Transpose{{0, 2, 1}}, {columns});
    const ValueId right = node(MatMul{}, {rows, weights(Shape{c, made})});
    const ValueId sum = node(Binary{BinaryKind::kAdd, 0}, {right, weights(Shape{made})});
    return node(Reshape{}, {node(Transpose{{0, 2, 1}}, {sum}), ints({1, made, 16, 16})});
  }
  // The same of a matrix that is read turned: its rows are channels.
  ValueId by_turned_matrix(ValueId x, int64_t made) {
    const ValueId columns = node(Reshape{}, {x, ints({channels(x), 256})});
    const ValueId rows = node(Transpose{{1, 0}}, {gemm(columns, made, true)});
    return node(Reshape{}, {rows, ints({1, made, 16, 16})});
  }
  // Planes as rows, which stay where they are; a bias may have a row for each.
  ValueId planes_by_matrix(ValueId x) {
    const int64_t c = channels(x);
    const ValueId rows = gemm(node(Reshape{}, {x, ints({c, 256})}), 256);
    return node(Reshape{}, {rows, ints({1, c, 16, 16})});
  }
  // Nobody reads the part in the middle.
  ValueId split_of_three(ValueId x) {
    const int64_t c = channels(x), first = c / 2;
    const ValueId a = graph_.add_node(Split{1}, {x, ints({first, 1, c - first - 1})}, "v");
    const ValueId b = graph_.add_value("v");
    graph_.nodes.back().outputs.insert(graph_.nodes.back().outputs.end(), {kNoValue, b});
    infer();
    return node(Concat{1}, {b, a});
  }
  // Rows in the place of channels: windows reach over the neighbours of a channel.
  ValueId sideways(ValueId x) {
    const ValueId turned = node(Transpose{{0, 2, 1, 3}}, {x});
    const ValueId seen = pick(0, 1) == 1 ? average(turned, 3, 1) : conv(turned, 16, 3);
    return node(Transpose{{0, 2, 1, 3}}, {seen});
  }

  ValueId frequent_layer(ValueId x) {
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
        return attends_ ? attention(x) : x;
      default:
        return node(Binary{BinaryKind::kMul, 0}, {x, weights(Shape{1, c, 1, 1})});
    }
  }

  ValueId rare_layer(ValueId x) {
    const int64_t c = channels(x), some = 4 * pick(1, 6);
    switch (pick(0, 16)) {
      case 0:
        return transposed(x, some, 1);
      case 1:
        return transposed(x, c, c);
      case 2:
        return transposed(x, 2 * c, c);
      case 3:
        return c % 4 == 0 ? transposed(x, 8, 4) : x;
      case 4:
        return average(x, 3, 1);
      case 5:
        return resized(x);
      case 6:
        return gate_of_rows(x);
      case 7:
        return gate_of_pixels(x);
      case 8:
        return expanded(x);
      case 9:
        return squeezed(x);
      case 10:
        return padded(x);
      case 11:  // planes of zeros before and behind, which all must stay for
        return node(Pad{PadMode::kConstant}, {x, ints({0, 1, 0, 0, 0, 2, 0, 0})});
      case 12:
        return by_matrix(x, some);
      case 13:
        return by_turned_matrix(x, some);
      case 14:
        return c % 4 == 0 ? split_of_three(x) : planes_by_matrix(x);
      case 15:
        return planes_by_matrix(x);
      default:
        return sideways(x);
    }
  }
  ValueId layer() {
    const ValueId x = any();
    return pick(0, 1) == 0 ? frequent_layer(x) : rare_layer(x);
  }

  std::mt19937 random_;
  bool attends_ = false;
  Graph graph_;
  std::vector<ValueId> maps_;
};

}  // namespace

Graph random_network(unsigned seed) { return Maker(seed).make(); }

}  // namespace shrike
