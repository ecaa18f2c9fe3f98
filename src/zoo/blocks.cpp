#include "zoo/blocks.h"

#include <cmath>

namespace shrike::zoo {

ValueId bottleneck(NetworkBuilder& net, const std::string& name, ValueId x,
                   const BottleneckShape& shape) {
  const ValueId y = net.conv(name + ".cv1", x, {shape.hidden, shape.first});
  const ValueId z = net.conv(name + ".cv2", y, {shape.out, 3});
  return shape.shortcut && net.channels(x) == shape.out ? net.add(name, x, z) : z;
}

namespace {

int64_t hidden_of(const BlockShape& shape) {
  return shape.hidden > 0 ? shape.hidden : shape.out / 2;
}

std::string numbered(const std::string& name, int64_t i) {
  return name + ".m." + std::to_string(i);
}

// C3, whose bottlenecks begin with a kernel of `first`.
ValueId c3_with(NetworkBuilder& net, const std::string& name, ValueId x, const BlockShape& shape,
                int64_t first) {
  const int64_t hidden = hidden_of(shape);
  ValueId y = net.conv(name + ".cv1", x, {hidden});
  for (int64_t i = 0; i < shape.repeats; ++i)
    y = bottleneck(net, numbered(name, i), y, {hidden, hidden, first, shape.shortcut});
  const ValueId beside = net.conv(name + ".cv2", x, {hidden});
  return net.conv(name + ".cv3", net.concat(name + ".cat", {y, beside}), {shape.out});
}

// C2f whose inner blocks inner(name, x) makes.
template <typename Inner>
ValueId c2f_with(NetworkBuilder& net, const std::string& name, ValueId x, const BlockShape& shape,
                 Inner inner) {
  const int64_t hidden = hidden_of(shape);
  const ValueId both = net.conv(name + ".cv1", x, {2 * hidden});
  std::vector<ValueId> parts = net.split(name + ".split", both, {hidden, hidden});
  for (int64_t i = 0; i < shape.repeats; ++i)
    parts.push_back(inner(numbered(name, i), parts.back()));
  return net.conv(name + ".cv2", net.concat(name + ".cat", std::move(parts)), {shape.out});
}

// softmax(q^T k / sqrt(length)) over positions, a head at a time, on values to which a depthwise
// convolution adds where they lie.
ValueId attention(NetworkBuilder& net, const std::string& name, ValueId x) {
  const int64_t channels = net.channels(x), heads = channels / 64, value = channels / heads,
                key = value / 2;
  const int64_t height = net.shape(x)[2], width = net.shape(x)[3], positions = height * width;
  const ValueId qkv = net.conv_without_activation(name + ".qkv", x, {channels + 2 * key * heads});
  const ValueId rows =
      net.node(name + ".rows", Reshape{},
               {qkv, net.ints(name + ".rows.shape", {1, heads, 2 * key + value, positions})});
  const std::vector<ValueId> parts = net.split(name + ".split", rows, {key, key, value}, 2);
  const ValueId query = net.node(name + ".query", Transpose{{0, 1, 3, 2}}, {parts[0]});
  const ValueId products = net.node(name + ".products", MatMul{}, {query, parts[1]});
  const ValueId scale = net.scalar(name + ".scale", 1 / std::sqrt(static_cast<float>(key)));
  const ValueId scaled = net.node(name + ".scaled", Binary{BinaryKind::kMul, 0}, {products, scale});
  const ValueId weights = net.node(name + ".weights", Softmax{-1}, {scaled});
  const ValueId turned = net.node(name + ".turned", Transpose{{0, 1, 3, 2}}, {weights});
  const ValueId mixed = net.node(name + ".mixed", MatMul{}, {parts[2], turned});
  const ValueId map = net.ints(name + ".map.shape", {1, channels, height, width});
  const ValueId values = net.node(name + ".values", Reshape{}, {parts[2], map});
  const ValueId places =
      net.conv_without_activation(name + ".pe", values, {channels, 3, 1, channels});
  const ValueId y =
      net.add(name + ".sum", net.node(name + ".map", Reshape{}, {mixed, map}), places);
  return net.conv_without_activation(name + ".proj", y, {channels});
}

}  // namespace

ValueId c3(NetworkBuilder& net, const std::string& name, ValueId x, const BlockShape& shape) {
  return c3_with(net, name, x, shape, 1);
}

ValueId c2f(NetworkBuilder& net, const std::string& name, ValueId x, const BlockShape& shape) {
  const int64_t hidden = hidden_of(shape);
  return c2f_with(net, name, x, shape, [&](const std::string& inner, ValueId y) {
    return bottleneck(net, inner, y, {hidden, hidden, 3, shape.shortcut});
  });
}

ValueId c3k2(NetworkBuilder& net, const std::string& name, ValueId x, const BlockShape& shape,
             bool nested) {
  const int64_t hidden = hidden_of(shape);
  return c2f_with(net, name, x, shape, [&](const std::string& inner, ValueId y) {
    if (nested) return c3_with(net, inner, y, {hidden, 2, shape.shortcut}, 3);
    return bottleneck(net, inner, y, {hidden, hidden / 2, 3, shape.shortcut});
  });
}

ValueId sppf(NetworkBuilder& net, const std::string& name, ValueId x, int64_t out) {
  std::vector<ValueId> parts{net.conv(name + ".cv1", x, {net.channels(x) / 2})};
  for (int i = 0; i < 3; ++i)
    parts.push_back(net.max_pool(name + ".m." + std::to_string(i), parts.back(), 5, 1));
  return net.conv(name + ".cv2", net.concat(name + ".cat", std::move(parts)), {out});
}

ValueId c2psa(NetworkBuilder& net, const std::string& name, ValueId x, int64_t repeats) {
  const int64_t channels = net.channels(x), hidden = channels / 2;
  const ValueId both = net.conv(name + ".cv1", x, {2 * hidden});
  const std::vector<ValueId> halves = net.split(name + ".split", both, {hidden, hidden});
  ValueId y = halves[1];
  for (int64_t i = 0; i < repeats; ++i) {
    const std::string block = numbered(name, i);
    y = net.add(block + ".attended", y, attention(net, block + ".attn", y));
    const ValueId wide = net.conv(block + ".ffn.0", y, {2 * hidden});
    const ValueId narrow = net.conv_without_activation(block + ".ffn.1", wide, {hidden});
    y = net.add(block, y, narrow);
  }
  return net.conv(name + ".cv2", net.concat(name + ".cat", {halves[0], y}), {channels});
}

}  // namespace shrike::zoo
