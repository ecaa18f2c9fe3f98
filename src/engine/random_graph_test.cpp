// Random networks of the shapes detectors are made of, against the reference; more threads, a
// second batch picture and other ports change no bit.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/testing/check.h"
#include "ir/infer.h"

namespace shrike {
namespace {

using testing::add_conv;
using testing::add_ints;
using testing::check_graph;
using testing::random_tensor;

// Grows a graph by one random node at a time; values of one size may meet.
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {
    maps_.push_back(
        graph_.add_input("x", DType::kF32, Shape{1 + pick(2), 3, 8 + pick(9), 8 + pick(9)}));
  }

  Graph grow(int nodes) {
    for (int i = 0; i < nodes; ++i) add();
    for (ValueId id : maps_)
      if (Uses(graph_).readers(id).empty() || pick(8) == 0) graph_.outputs.push_back(id);
    return std::move(graph_);
  }

 private:
  int64_t pick(int64_t below) {
    return static_cast<int64_t>(random_() % static_cast<uint32_t>(below));
  }
  // Later values more often, as networks do.
  ValueId some() {
    const size_t last = maps_.size() - 1;
    return maps_[last - std::min<size_t>(last, static_cast<size_t>(pick(4) * pick(3)))];
  }
  const Shape& shape(ValueId id) { return *graph_.value(id).shape; }

  // A value of the same N, H, W, and C too where asked.
  ValueId partner(ValueId id, bool channels) {
    for (int tries = 0; tries < 20; ++tries) {
      const ValueId other = maps_[static_cast<size_t>(pick(static_cast<int64_t>(maps_.size())))];
      const Shape &a = shape(id), &b = shape(other);
      if (a[2] == b[2] && a[3] == b[3] && (!channels || a[1] == b[1])) return other;
    }
    return id;
  }

  void add() {
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
        return conv();
      case 3:
      case 4:
        return concat();
      case 5:
        return split();
      case 6:
        return keep(Binary{pick(2) ? BinaryKind::kAdd : BinaryKind::kMul, 0}, with_partner());
      case 7:
        return resize();
      case 8:
        return pool();
      case 9:
        return keep(Unary{pick(2) ? UnaryKind::kSigmoid : UnaryKind::kSilu}, {some()});
      case 10:
        return slice();
      default:
        return pick(2) ? around() : keep(Softmax{1}, {some()});
    }
  }

  std::vector<ValueId> with_partner() {
    const ValueId a = some();
    return {a, partner(a, true)};
  }

  void keep(Op op, std::vector<ValueId> inputs) {
    maps_.push_back(graph_.add_node(std::move(op), std::move(inputs), "v"));
    ASSERT_TRUE(infer_shapes(graph_));
  }

  void conv() {
    const ValueId x = some();
    const bool depthwise = pick(4) == 0, residual = pick(3) == 0;
    const int64_t channels = depthwise || residual ? shape(x)[1] : 1 + pick(20);
    const int64_t stride = !residual && shape(x)[2] > 3 && shape(x)[3] > 3 ? 1 + pick(2) : 1;
    const ValueId beside = residual ? partner(x, true) : kNoValue;
    maps_.push_back(add_conv(graph_, x, channels, pick(2) * 2 + 1, stride, random_,
                             depthwise ? channels : 1,
                             pick(2) ? UnaryKind::kSilu : UnaryKind::kLeakyRelu, beside));
  }

  void concat() {
    std::vector<ValueId> parts{some()};
    const int64_t count = 1 + pick(3);
    for (int64_t i = 0; i < count; ++i) parts.push_back(partner(parts[0], false));
    int64_t channels = 0;
    for (ValueId id : parts) channels += shape(id)[1];
    if (channels < 200) keep(Concat{1}, parts);
  }

  void split() {
    const ValueId x = some();
    if (shape(x)[1] < 2) return;
    const ValueId a = graph_.add_value("part"), b = graph_.add_value("part");
    const int64_t first = 1 + pick(shape(x)[1] - 1);
    graph_.nodes.push_back(
        {"", Split{1}, {x, add_ints(graph_, {first, shape(x)[1] - first})}, {a, b}});
    ASSERT_TRUE(infer_shapes(graph_));
    maps_.push_back(a);
    maps_.push_back(b);
    if (pick(2)) keep(Concat{1}, {a, b, partner(a, false)});
  }

  void slice() {
    const ValueId x = some();
    const int64_t axis = 1 + pick(3), from = pick(shape(x)[static_cast<int>(axis)]);
    keep(Slice{}, {x, add_ints(graph_, {from}), add_ints(graph_, {99}), add_ints(graph_, {axis}),
                   add_ints(graph_, {1 + pick(2)})});
  }

  void resize() {
    const ValueId x = some();
    if (shape(x)[2] * shape(x)[3] > 400) return;
    Resize op;
    op.mode = pick(2) ? ResizeMode::kNearest : ResizeMode::kLinear;
    op.coordinate_transformation_mode = CoordinateMode::kAsymmetric;
    op.nearest_mode = NearestMode::kFloor;
    keep(op, {x, graph_.add_constant("scales", Tensor::from<float>(Shape{4}, {1, 1, 2, 2}))});
  }

  void pool() {
    MaxPool op;
    op.kernel_shape = {3, 3};
    op.pads = {1, 1, 1, 1};
    const int64_t stride = 1 + pick(2);
    op.strides = {stride, stride};
    keep(op, {some()});
  }

  // To a matrix, turned, and back.
  void around() {
    const ValueId x = some();
    const Shape s = shape(x);
    const ValueId flat =
        graph_.add_node(Reshape{}, {x, add_ints(graph_, {s[0], s[1], s[2] * s[3]})}, "flat");
    const ValueId turned = graph_.add_node(Transpose{{0, 2, 1}}, {flat}, "turned");
    const ValueId scaled = graph_.add_node(Unary{UnaryKind::kTanh}, {turned}, "scaled");
    const ValueId back = graph_.add_node(Transpose{{0, 2, 1}}, {scaled}, "back");
    keep(Reshape{}, {back, add_ints(graph_, s.dims())});
  }

  std::mt19937 random_;
  Graph graph_;
  std::vector<ValueId> maps_;
};

class RandomGraph : public ::testing::TestWithParam<uint32_t> {};

TEST_P(RandomGraph, MatchesTheReference) {
  const uint32_t seed = GetParam();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Graph graph = Generator(seed).grow(6 + static_cast<int>(seed % 20));
  ASSERT_TRUE(check_graph(graph, {.threads = 1, .seed = seed}));
  ASSERT_TRUE(check_graph(graph, {.threads = 3, .nhwc_ports = true, .seed = seed}));
}

TEST_P(RandomGraph, ThreadsAndPortsChangeNoBit) {
  const uint32_t seed = GetParam();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Graph graph = Generator(seed).grow(6 + static_cast<int>(seed % 20));
  std::mt19937 random(seed);
  const std::vector<Tensor> inputs{random_tensor(*graph.value(graph.inputs[0]).shape, random)};
  std::vector<Tensor> first;
  for (const SessionOptions& options : {SessionOptions{1, false}, SessionOptions{2, false},
                                        SessionOptions{5, false}, SessionOptions{2, true}}) {
    Result<Session> session = Session::create(graph, options);
    ASSERT_TRUE(session);
    const auto outputs = session->run(inputs);
    ASSERT_TRUE(outputs);
    if (first.empty()) first = *outputs;
    for (size_t i = 0; i < first.size(); ++i)
      ASSERT_TRUE((*outputs)[i] == first[i]) << options.threads << " threads, output " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraph, ::testing::Range(0u, 150u));

}  // namespace
}  // namespace shrike
