#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "passes/passes.h"
#include "passes/quantized_tensor.h"
#include "passes/rewrite.h"

namespace shrike {

namespace {

// A convolution's weights and bias as a QConv takes them.
struct QuantizedWeights {
  Tensor weights, scales, bias;
};

// What kernels of words sum, bias included, is below this in size (kernels/qconv/word_conv.h).
constexpr int64_t kMostOfWords = int64_t{1} << 46;

bool all_zero(const Tensor& t) {
  for (size_t i = 0; i < static_cast<size_t>(t.size()); ++i)
    if (integer_at(t, i) != 0) return false;
  return true;
}

class Fusion {
 public:
  explicit Fusion(Graph& graph) : graph_(graph), uses_(graph) {}

  void run() {
    for (Node& node : graph_.nodes)
      if (std::holds_alternative<QuantizeLinear>(node.op)) fuse_into(node);
    std::vector<Node> nodes;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      Node& node = graph_.nodes[i];
      if (!is_removed(node) && std::holds_alternative<Conv>(node.op) && fuse(node, node, nullptr)) {
        for (Node& part : parts_of_real(node)) nodes.push_back(std::move(part));
      } else {
        nodes.push_back(node);
      }
    }
    graph_.nodes = std::move(nodes);
    sweep(graph_);
  }

 private:
  // The node that dequantises a value; null where none does.
  const Node* dequantizer(ValueId id) const {
    const int producer = id == kNoValue ? -1 : uses_.producer(id);
    if (producer < 0) return nullptr;
    const Node& node = graph_.nodes[static_cast<size_t>(producer)];
    return std::holds_alternative<DequantizeLinear>(node.op) ? &node : nullptr;
  }

  void fuse_into(Node& quantize) {
    Node* conv = sole_producer(graph_, uses_, quantize.inputs[0]);
    if (!conv || !std::holds_alternative<Conv>(conv->op)) return;
    const std::optional<QuantizedTensor> y =
        quantized_tensor(graph_, quantize, quantize.outputs[0]);
    if (y && fits(*conv, *y) && fuse(*conv, quantize, &*y)) mark_removed(*conv);
  }

  // Whether there are kernels that make y of the convolution's inputs: none narrows words to bytes
  // or adds the one to the other. Else its output stays real, with a Q behind it.
  bool fits(const Node& conv, const QuantizedTensor& y) const {
    const std::optional<QuantizedTensor> x = dequantized(graph_, uses_, conv.inputs[0]);
    if (!x || (!y.in_words() && (x->in_words() || has_word_weights(conv)))) return false;
    if (conv.inputs.size() < 4) return true;
    const std::optional<QuantizedTensor> residual = dequantized(graph_, uses_, conv.inputs[3]);
    return residual && residual->in_words() == y.in_words();
  }
  bool has_word_weights(const Node& conv) const {
    const Node* node = dequantizer(conv.inputs[1]);
    const DType type = node ? graph_.value(node->inputs[0]).dtype : DType::kUndefined;
    return type == DType::kI16 || type == DType::kU16;
  }

  // A QConv whose output is real, and nodes for what of its epilogue kernels have no form for then.
  std::vector<Node> parts_of_real(Node fused);

  // Makes `place` the integer form of `conv`, whose output is `y`, or real where y is null.
  bool fuse(const Node& conv, Node& place, const QuantizedTensor* y);
  std::optional<QuantizedWeights> weights_of(const Node& conv, const QuantizedTensor& x,
                                             const QuantizedTensor* y) const;
  std::optional<Tensor> scales_of(const Node& dequantize, int64_t channels) const;
  // Requires symmetric weights, and y as fuse(). i64 for kernels of words, else i32.
  std::optional<Tensor> bias_of(const Node& conv, const QuantizedTensor& x,
                                const QuantizedTensor* y, std::span<const float> scales,
                                const Tensor& weights) const;

  Graph& graph_;
  Uses uses_;
};

// One scale a channel; nothing where the weights are scaled along another axis.
std::optional<Tensor> Fusion::scales_of(const Node& dequantize, int64_t channels) const {
  const Tensor* given = graph_.constant(dequantize.inputs[1]);
  if (!given || given->dtype() != DType::kF32) return std::nullopt;
  const int64_t axis = std::get<DequantizeLinear>(dequantize.op).axis;
  if (given->size() != 1 && (given->size() != channels || (axis != 0 && axis != -4)))
    return std::nullopt;
  Tensor scales(DType::kF32, Shape{channels});
  const std::span<float> out = scales.mutable_data<float>();
  for (size_t o = 0; o < out.size(); ++o) {
    out[o] = given->data<float>()[given->size() == 1 ? 0 : o];
    if (!is_scale(out[o])) return std::nullopt;
  }
  return scales;
}

template <typename T>
int64_t sum_of_sizes_as(const Tensor& weights, size_t output) {
  const auto taps = static_cast<size_t>(weights.size() / weights.shape()[0]);
  int64_t sum = 0;
  for (const T weight : weights.data<T>().subspan(output * taps, taps))
    sum += std::abs(int64_t{weight});
  return sum;
}

// The sum of an output's weights, of i8 or i16, without their signs: a start reads every weight.
int64_t sum_of_sizes(const Tensor& weights, size_t output) {
  return weights.dtype() == DType::kI8 ? sum_of_sizes_as<int8_t>(weights, output)
                                       : sum_of_sizes_as<int16_t>(weights, output);
}

// Whether it is for kernels of words.
bool in_words(const QuantizedTensor& x, const Tensor& weights, const QuantizedTensor* y) {
  return x.in_words() || weights.dtype() == DType::kI16 || (y && y->in_words());
}

// The bias in steps of x_scale * scales[o]; nothing where that needs too many bits, or where
// rounding it to a step would be seen: by a sixteenth of a step of y, or of the size of all
// products.
std::optional<Tensor> Fusion::bias_of(const Node& conv, const QuantizedTensor& x,
                                      const QuantizedTensor* y, std::span<const float> scales,
                                      const Tensor& weights) const {
  const bool has_bias = conv.inputs.size() > 2 && conv.inputs[2] != kNoValue;
  if (!has_bias) return Tensor();
  const Node* node = dequantizer(conv.inputs[2]);
  const Tensor* given = graph_.constant(node ? node->inputs[0] : conv.inputs[2]);
  const Tensor* steps = node ? graph_.constant(node->inputs[1]) : nullptr;
  const bool has_zero = node && node->inputs.size() > 2 && node->inputs[2] != kNoValue;
  const Tensor* zero = has_zero ? graph_.constant(node->inputs[2]) : nullptr;
  if (has_zero && !(zero && all_zero(*zero))) return std::nullopt;
  if (!given || (node && (!steps || steps->dtype() != DType::kF32))) return std::nullopt;
  if (given->dtype() != (node ? DType::kI32 : DType::kF32)) return std::nullopt;
  if (given->size() != static_cast<int64_t>(scales.size())) return std::nullopt;
  if (node && steps->size() != 1 && steps->size() != given->size()) return std::nullopt;

  const bool wide = in_words(x, weights, y);
  Tensor bias(wide ? DType::kI64 : DType::kI32, given->shape());
  for (size_t o = 0; o < scales.size(); ++o) {
    const double real =
        node ? static_cast<double>(given->data<int32_t>()[o]) *
                   static_cast<double>(steps->data<float>()[steps->size() == 1 ? 0 : o])
             : static_cast<double>(given->data<float>()[o]);
    const double step = static_cast<double>(x.scale) * static_cast<double>(scales[o]);
    const double q = std::nearbyint(real / step);
    const auto most =
        static_cast<double>(wide ? kMostOfWords : std::numeric_limits<int32_t>::max());
    if (!(std::abs(q) <= most)) return std::nullopt;
    const double error = std::abs(q * step - real);
    const double seen =
        y ? static_cast<double>(y->scale) : step * static_cast<double>(sum_of_sizes(weights, o));
    if (error > std::max(seen / 16, std::abs(real) * 1e-6)) return std::nullopt;
    if (wide) {
      bias.mutable_data<int64_t>()[o] = static_cast<int64_t>(q);
    } else {
      bias.mutable_data<int32_t>()[o] = static_cast<int32_t>(q);
    }
  }
  return bias;
}

template <typename T>
std::optional<Tensor> symmetric_as(const Tensor& given, const Tensor* zero, int64_t least) {
  Tensor weights(kDTypeOf<T>, given.shape());
  const std::span<T> out = weights.mutable_data<T>();
  const auto channels = static_cast<size_t>(given.shape()[0]);
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t at = zero && zero->size() > 1 ? i / (out.size() / channels) : 0;
    const int64_t w = *integer_at(given, i) - (zero ? *integer_at(*zero, at) : 0);
    if (w < least || w > std::numeric_limits<T>::max()) return std::nullopt;
    out[i] = static_cast<T>(w);
  }
  return weights;
}

// Weights less their zero point, as i8 or, of 16 bits, as i16, of which kernels take no -32768.
std::optional<Tensor> symmetric(const Tensor& given, const Tensor* zero) {
  if (given.dtype() == DType::kI8 && !zero) return given;
  if (given.dtype() == DType::kI16 && !zero) {
    const std::span<const int16_t> words = given.data<int16_t>();
    const bool taken = std::ranges::find(words, int16_t{-32768}) == words.end();
    return taken ? std::optional(given) : std::nullopt;
  }
  if (given.dtype() == DType::kI8 || given.dtype() == DType::kU8)
    return symmetric_as<int8_t>(given, zero, -128);
  if (given.dtype() == DType::kI16 || given.dtype() == DType::kU16)
    return symmetric_as<int16_t>(given, zero, -32767);
  return std::nullopt;
}

// Whether no sum of products can leave the bits it is made in.
bool sums_fit(const Tensor& weights, const Tensor& bias, bool words) {
  const int64_t largest = words ? 65536 : 255;
  const int64_t room = words ? kMostOfWords : std::numeric_limits<int32_t>::max();
  const auto channels = static_cast<size_t>(weights.shape()[0]);
  for (size_t o = 0; o < channels; ++o) {
    const int64_t offset = bias.empty() ? 0 : std::abs(*integer_at(bias, o));
    if (sum_of_sizes(weights, o) > (room - offset) / largest) return false;
  }
  return true;
}

std::optional<QuantizedWeights> Fusion::weights_of(const Node& conv, const QuantizedTensor& x,
                                                   const QuantizedTensor* y) const {
  const Node* node = dequantizer(conv.inputs[1]);
  const Tensor* given = node ? graph_.constant(node->inputs[0]) : nullptr;
  if (!given || given->shape().rank() != 4 || given->empty()) return std::nullopt;
  const bool has_zero = node->inputs.size() > 2 && node->inputs[2] != kNoValue;
  const Tensor* zero = has_zero ? graph_.constant(node->inputs[2]) : nullptr;
  if (has_zero && !zero) return std::nullopt;
  std::optional<Tensor> scales = scales_of(*node, given->shape()[0]);
  if (!scales) return std::nullopt;
  std::optional<Tensor> weights = symmetric(*given, zero && !all_zero(*zero) ? zero : nullptr);
  if (!weights) return std::nullopt;
  std::optional<Tensor> bias = bias_of(conv, x, y, scales->data<float>(), *weights);
  if (!bias || !sums_fit(*weights, *bias, in_words(x, *weights, y))) return std::nullopt;
  return QuantizedWeights{*std::move(weights), *std::move(scales), *std::move(bias)};
}

// The functions of two straight lines.
bool is_straight(UnaryKind kind) {
  return kind == UnaryKind::kIdentity || kind == UnaryKind::kRelu || kind == UnaryKind::kLeakyRelu;
}

std::vector<Node> Fusion::parts_of_real(Node fused) {
  auto& op = std::get<QConv>(fused.op);
  const bool has_residual = fused.inputs.size() > 4;
  // Kernels of words write floats behind any activation.
  const DType x = graph_.value(fused.inputs[0]).dtype, w = graph_.value(fused.inputs[1]).dtype;
  const bool words = x == DType::kI16 || x == DType::kU16 || w == DType::kI16;
  const bool curved = !words && !is_straight(op.activation);
  if (!curved && !has_residual) return {std::move(fused)};
  const Unary activation{op.activation, op.alpha, op.beta};
  const ValueId y = fused.outputs[0], residual = has_residual ? fused.inputs[4] : kNoValue;
  const auto fresh = [&](const char* what) {
    return graph_.add_value(graph_.value(y).name + what, DType::kF32, graph_.value(y).shape);
  };
  std::vector<Node> parts;
  const ValueId activated = has_residual ? fresh(".activated") : y;
  const ValueId convolved = curved ? fresh(".conv") : activated;
  const std::string name = fused.name;
  op.activation = curved ? UnaryKind::kIdentity : op.activation;
  if (curved) op.alpha = op.beta = 0;
  if (has_residual) fused.inputs.resize(fused.inputs[3] == kNoValue ? 3 : 4);
  fused.outputs = {convolved};
  parts.push_back(std::move(fused));
  if (curved) parts.push_back({name, activation, {convolved}, {activated}});
  if (has_residual)
    parts.push_back({name, Binary{BinaryKind::kAdd, 0}, {activated, residual}, {y}});
  return parts;
}

bool Fusion::fuse(const Node& conv, Node& place, const QuantizedTensor* y) {
  const std::optional<QuantizedTensor> x = dequantized(graph_, uses_, conv.inputs[0]);
  if (!x) return false;
  std::optional<QuantizedWeights> parts = weights_of(conv, *x, y);
  if (!parts) return false;
  // Of bytes depthwise kernels make bytes alone, and floats come faster from floats than from the
  // others.
  const bool depthwise = std::get<Conv>(conv.op).group > 1 && parts->weights.shape()[1] == 1;
  if (!y && depthwise && !x->in_words()) return false;

  QConv op;
  static_cast<Conv&>(op) = std::get<Conv>(conv.op);
  op.x_scale = x->scale, op.x_zero = x->zero;
  if (y) op.to = y->type, op.y_scale = y->scale, op.y_zero = y->zero;
  const std::string stem = graph_.value(conv.inputs[1]).name;
  const auto constant = [&](const char* what, Tensor tensor) {
    return tensor.empty() ? kNoValue : graph_.add_constant(stem + what, std::move(tensor));
  };
  Node fused{conv.name, op, {x->q}, place.outputs};
  fused.inputs.push_back(constant(".q", std::move(parts->weights)));
  fused.inputs.push_back(constant(".scales", std::move(parts->scales)));
  fused.inputs.push_back(constant(".bias", std::move(parts->bias)));
  if (conv.inputs.size() > 3) {
    const ValueId residual = conv.inputs[3];
    const std::optional<QuantizedTensor> q = dequantized(graph_, uses_, residual);
    auto& form = std::get<QConv>(fused.op);
    const bool in_integers = q && y;
    if (in_integers) form.residual_scale = q->scale, form.residual_zero = q->zero;
    fused.inputs.push_back(in_integers ? q->q : residual);
  }
  while (fused.inputs.back() == kNoValue) fused.inputs.pop_back();
  place = std::move(fused);
  return true;
}

}  // namespace

Result<void> fuse_integer_conv(Graph& graph) {
  Fusion(graph).run();
  return {};
}

}  // namespace shrike
