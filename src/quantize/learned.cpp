#include "quantize/learned.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/excerpt.h"
#include "ir/describe.h"
#include "ir/infer.h"
#include "quantize/store_conv.h"
#include "quantize/weights.h"

namespace shrike {

namespace {

template <typename T>
bool is(const Node& node) {
  return std::holds_alternative<T>(node.op);
}

// "w1" of "w1.q".
std::string without(const std::string& name, std::string_view ending) {
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
}

Tensor logarithms(const Tensor& scales) {
  Tensor result(DType::kF32, scales.shape());
  for (size_t i = 0; i < static_cast<size_t>(scales.size()); ++i)
    result.mutable_data<float>()[i] =
        static_cast<float>(std::log(static_cast<double>(scales.data<float>()[i])));
  return result;
}

int64_t integer(const Tensor& q, size_t i) {
  return q.dtype() == DType::kI8 ? int64_t{q.data<int8_t>()[i]} : int64_t{q.data<int16_t>()[i]};
}

bool all_zero(const Tensor& tensor) {
  const std::span<const std::byte> bytes = tensor.bytes();
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::byte byte) { return byte == std::byte{}; });
}

class Learning {
 public:
  Learning(Graph& graph, int bits, const FloatsByName& floats)
      : graph_(graph), uses_(graph), bits_(bits), floats_(floats) {}

  Result<void> run() {
    const std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (const Node& node : nodes)
      if (is<QuantizeLinear>(node) && node.inputs[0] == graph_.inputs[0])
        fixed_.insert(node.inputs[1]);
    for (const Node& node : nodes) {
      if (is<DequantizeLinear>(node) && graph_.constant(node.inputs[0])) {
        SHRIKE_TRY(graph_.value(node.inputs[0]).dtype == DType::kI32 ? bias(node, nodes)
                                                                     : weights(node, nodes));
        continue;
      }
      Node copy = node;
      if (is<QuantizeLinear>(node)) SHRIKE_TRY(activation(copy, nullptr));
      if (is<DequantizeLinear>(node)) {
        const int producer = uses_.producer(node.inputs[0]);
        const Node* q = producer < 0 ? nullptr : &nodes[static_cast<size_t>(producer)];
        if (!q || !is<QuantizeLinear>(*q)) return fail(node, "its integers come from no Q");
        SHRIKE_TRY(activation(copy, q));
      }
      for (ValueId& id : copy.inputs)
        if (const auto found = floats_of_biases_.find(id); found != floats_of_biases_.end())
          id = found->second;
      graph_.nodes.push_back(std::move(copy));
    }
    graph_.nodes.insert(graph_.nodes.begin(), exponentials_.begin(), exponentials_.end());
    remove_dead(graph_);
    return infer_shapes(graph_);
  }

 private:
  Error fail(const Node& node, const std::string& why) const {
    return model_error(describe(graph_, node) + ": cannot learn in integers: " + why);
  }

  bool only_read_by_convs(ValueId id, size_t input, const std::vector<Node>& nodes) const {
    const std::vector<int>& readers = uses_.readers(id);
    return !uses_.is_output(id) && std::all_of(readers.begin(), readers.end(), [&](int n) {
      const Node& node = nodes[static_cast<size_t>(n)];
      return is<Conv>(node) && node.inputs.size() > input && node.inputs[input] == id;
    });
  }

  // The scale Exp(e), e being the logarithms of `scales`.
  ValueId learned_scale(const std::string& name, const Tensor& scales) {
    const ValueId e = graph_.add_constant(name + ".step", logarithms(scales));
    const ValueId s = graph_.add_value(name + ".scale", DType::kF32, scales.shape());
    exponentials_.push_back({"", Unary{UnaryKind::kExp, 0, 0}, {e}, {s}});
    return s;
  }

  // A Q, or the DQ behind `q`.
  Result<void> activation(Node& node, const Node* q) {
    if (q) {
      const auto same = [&](size_t i) {
        const ValueId a = node.inputs.size() > i ? node.inputs[i] : kNoValue, b = q->inputs[i];
        return a == b ||
               (graph_.constant(a) && graph_.constant(b) &&
                graph_.constant(a)->bytes().size() == graph_.constant(b)->bytes().size() &&
                std::ranges::equal(graph_.constant(a)->bytes(), graph_.constant(b)->bytes()));
      };
      if (!same(1) || !same(2)) return fail(node, "its scale or zero point is not that of its Q");
      node.inputs = {node.inputs[0], q->inputs[1], q->inputs[2]};
    }
    const ValueId scale = node.inputs[1];
    const Tensor* given = graph_.constant(scale);
    if (!given || given->dtype() != DType::kF32 || given->size() != 1 ||
        !graph_.constant(node.inputs[2]))
      return fail(node, "it has no single constant scale");
    if (fixed_.contains(scale)) return {};
    const auto [found, added] = learned_.try_emplace(scale, kNoValue);
    if (added)
      found->second = learned_scale(without(graph_.value(scale).name, ".scale"), Tensor(*given));
    node.inputs[1] = found->second;
    return {};
  }

  Result<void> bias(const Node& node, const std::vector<Node>& nodes) {
    const ValueId from = node.inputs[0];
    const Tensor& q = *graph_.constant(from);
    const Tensor* steps = graph_.constant(node.inputs[1]);
    const Tensor* zero = node.inputs.size() > 2 ? graph_.constant(node.inputs[2]) : nullptr;
    if (!only_read_by_convs(node.outputs[0], 2, nodes) || !steps || steps->dtype() != DType::kF32 ||
        (steps->size() != 1 && steps->size() != q.size()) || (zero && !all_zero(*zero)))
      return fail(node, "it is no bias of a convolution in steps of its own");
    Tensor real(DType::kF32, q.shape());
    for (size_t i = 0; i < static_cast<size_t>(q.size()); ++i)
      real.mutable_data<float>()[i] =
          static_cast<float>(static_cast<double>(q.data<int32_t>()[i]) *
                             static_cast<double>(steps->data<float>()[steps->size() == 1 ? 0 : i]));
    floats_of_biases_[node.outputs[0]] =
        graph_.add_constant(without(graph_.value(from).name, ".q"), std::move(real));
    return {};
  }

  // What weights start from: well inside the cells of their integers, as those at a border turn
  // over by the noise of the first steps, and what round_weights was worth is lost (031).
  Result<Tensor> start_of(const Node& node, const std::string& name, const Tensor& q,
                          const Tensor& scales, int most) const {
    constexpr double kInside = 0.25;  // of a step
    const auto hint = floats_.find(name);
    const Tensor* near =
        hint != floats_.end() && hint->second.shape() == q.shape() ? &hint->second : nullptr;
    Tensor w(DType::kF32, q.shape());
    const auto size = static_cast<size_t>(q.size() / q.shape()[0]);
    for (size_t i = 0; i < static_cast<size_t>(q.size()); ++i) {
      const auto steps = static_cast<double>(integer(q, i));
      const bool least = steps == -most - 1 && q.dtype() == DType::kI8 && bits_ == kWeightBits;
      if (std::abs(steps) > most && !least)
        return fail(node, "its weights need more than " + std::to_string(bits_) + " bits");
      const auto scale = static_cast<double>(scales.data<float>()[i / size]);
      double real = steps * scale;
      if (near) {
        const auto wanted = static_cast<double>(near->data<float>()[i]);
        real = wanted == 0
                   ? 0
                   : std::clamp(wanted, (steps - kInside) * scale, (steps + kInside) * scale);
      }
      w.mutable_data<float>()[i] = static_cast<float>(real);
    }
    return w;
  }

  // Others' files have -128, too, which ours leave out for the sake of symmetry.
  static bool uses_least(const Tensor& q, int most) {
    for (size_t i = 0; i < static_cast<size_t>(q.size()); ++i)
      if (integer(q, i) < -most) return true;
    return false;
  }

  Result<void> weights(const Node& node, const std::vector<Node>& nodes) {
    const ValueId from = node.inputs[0];
    const Tensor q = *graph_.constant(from);
    const Tensor* given = graph_.constant(node.inputs[1]);
    const Tensor* zero = node.inputs.size() > 2 ? graph_.constant(node.inputs[2]) : nullptr;
    const bool known = q.dtype() == DType::kI8 || q.dtype() == DType::kI16;
    if (!known || q.shape().rank() != 4 || q.empty() || (zero && !all_zero(*zero)) ||
        !only_read_by_convs(node.outputs[0], 1, nodes))
      return fail(node, "its integers are no weights of a convolution without a zero point");
    const int64_t channels = q.shape()[0], axis = std::get<DequantizeLinear>(node.op).axis;
    if (!given || given->dtype() != DType::kF32 ||
        (given->size() != 1 && (given->size() != channels || (axis != 0 && axis != -4))))
      return fail(node, "its scales are not one, or one a filter");
    Tensor scales(DType::kF32, Shape{channels});
    for (size_t o = 0; o < static_cast<size_t>(channels); ++o)
      scales.mutable_data<float>()[o] = given->data<float>()[given->size() == 1 ? 0 : o];
    const std::string name = without(graph_.value(from).name, ".q");
    const int most = largest_weight(q.dtype(), bits_);
    SHRIKE_ASSIGN(Tensor start, start_of(node, name, q, scales, most));
    const int least = uses_least(q, most) ? -most - 1 : -most;
    const ValueId w = graph_.add_constant(name, std::move(start));
    const ValueId s = learned_scale(name, scales);
    const ValueId zeros = graph_.add_constant(name + ".zeros", Tensor(q.dtype(), Shape{channels}));
    const auto bound = [&](const char* what, int value) {
      return graph_.add_constant(name + what, q.dtype() == DType::kI8
                                                  ? Tensor::scalar(static_cast<int8_t>(value))
                                                  : Tensor::scalar(static_cast<int16_t>(value)));
    };
    const ValueId integers = graph_.add_value(name + ".nearest");
    const ValueId clipped = graph_.add_value(name + ".clipped");
    graph_.nodes.push_back({"", QuantizeLinear{0}, {w, s, zeros}, {integers}});
    graph_.nodes.push_back(
        {"", Clip{}, {integers, bound(".least", least), bound(".most", most)}, {clipped}});
    graph_.nodes.push_back({"", DequantizeLinear{0}, {clipped, s, zeros}, node.outputs});
    return {};
  }

  Graph& graph_;
  Uses uses_;
  int bits_;
  const FloatsByName& floats_;
  std::set<ValueId> fixed_;             // scales of the picture
  std::map<ValueId, ValueId> learned_;  // by the scale that it takes the place of
  std::map<ValueId, ValueId> floats_of_biases_;
  std::vector<Node> exponentials_;
};

// The other way.
class Storing {
 public:
  explicit Storing(Graph& graph) : graph_(graph), uses_(graph) {}

  Result<void> run() {
    settle_scales();
    const std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (const Node& node : nodes) {
      if (is<Unary>(node) && graph_.constant(node.outputs[0])) continue;
      Node copy = node;
      if (const Node* dq =
              is<Conv>(node) ? producer<DequantizeLinear>(node.inputs[1], nodes) : nullptr) {
        SHRIKE_TRY(store(copy, *dq, nodes));
      }
      graph_.nodes.push_back(std::move(copy));
    }
    remove_dead(graph_);
    return infer_shapes(graph_);
  }

 private:
  // The node of that kind that makes the value; null where there is none.
  template <typename T>
  const Node* producer(ValueId id, const std::vector<Node>& nodes) const {
    const int n = id == kNoValue ? -1 : uses_.producer(id);
    if (n < 0 || !is<T>(nodes[static_cast<size_t>(n)])) return nullptr;
    return &nodes[static_cast<size_t>(n)];
  }

  void settle_scales() {
    for (const Node& node : graph_.nodes) {
      if (!is<QuantizeLinear>(node)) continue;
      const Node* exponential = producer<Unary>(node.inputs[1], graph_.nodes);
      const Tensor* e = exponential ? graph_.constant(exponential->inputs[0]) : nullptr;
      if (!e) continue;
      Tensor scales(DType::kF32, e->shape());
      std::ranges::transform(e->data<float>(), scales.mutable_data<float>().begin(), step_of);
      graph_.value(node.inputs[1]).constant = std::move(scales);
    }
  }

  // The scale of what the convolution reads, through what ends gradients.
  const Tensor* x_scale(ValueId x, const std::vector<Node>& nodes) const {
    while (const Node* same = producer<Unary>(x, nodes)) {
      if (std::get<Unary>(same->op).kind != UnaryKind::kIdentity) return nullptr;
      x = same->inputs[0];
    }
    const Node* dq = producer<DequantizeLinear>(x, nodes);
    return dq ? graph_.constant(dq->inputs[1]) : nullptr;
  }

  Result<void> store(Node& conv, const Node& dq, const std::vector<Node>& nodes) {
    const Node* clip = producer<Clip>(dq.inputs[0], nodes);
    const Node* q = clip ? producer<QuantizeLinear>(clip->inputs[0], nodes) : nullptr;
    const Tensor* w = q ? graph_.constant(q->inputs[0]) : nullptr;
    if (!w) return {};  // stored
    const Tensor* bias = conv.inputs.size() > 2 ? graph_.constant(conv.inputs[2]) : nullptr;
    const Tensor* scale = x_scale(conv.inputs[0], nodes);
    if (!scale) return model_error(describe(graph_, conv) + ": what it reads is not in integers");
    const Tensor& scales = *graph_.constant(q->inputs[1]);
    const Tensor &least = *graph_.constant(clip->inputs[1]),
                 &most = *graph_.constant(clip->inputs[2]);
    IntegerConv stored{{Tensor(most.dtype(), w->shape()), scales}, bias ? *bias : Tensor()};
    if (most.dtype() == DType::kI8)
      round<int8_t>(*w, least, most, stored.weights);
    else
      round<int16_t>(*w, least, most, stored.weights);
    const std::string number = std::to_string(++convs_);
    store_conv(graph_, conv, stored, scale->data<float>()[0], {"w" + number, "b" + number},
               graph_.nodes);
    return {};
  }

  template <typename T>
  static void round(const Tensor& w, const Tensor& least, const Tensor& most,
                    ChannelWeights& result) {
    const auto low = static_cast<float>(least.data<T>()[0]);
    const auto high = static_cast<float>(most.data<T>()[0]);
    const auto size = static_cast<size_t>(w.size() / w.shape()[0]);
    const std::span<T> q = result.q.mutable_data<T>();
    for (size_t i = 0; i < q.size(); ++i)
      q[i] = static_cast<T>(std::clamp(
          std::nearbyint(w.data<float>()[i] / result.scales.data<float>()[i / size]), low, high));
  }

  Graph& graph_;
  Uses uses_;
  int convs_ = 0;
};

}  // namespace

float step_of(float e) {
  return std::clamp(static_cast<float>(std::exp(static_cast<double>(e))), kLeastScale, kMostScale);
}

Result<void> learn_integers(Graph& graph, int bits, const FloatsByName& floats) {
  return Learning(graph, bits, floats).run();
}

Result<void> store_integers(Graph& graph) {
  const bool learned = std::any_of(graph.nodes.begin(), graph.nodes.end(), is<QuantizeLinear>);
  return learned ? Storing(graph).run() : Result<void>();
}

}  // namespace shrike
