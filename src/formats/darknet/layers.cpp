#include "formats/darknet/layers.h"

#include <initializer_list>

#include "base/excerpt.h"

namespace shrike::darknet {

namespace {

// Far over what networks use, low enough that products of three cannot overflow.
constexpr int64_t kMost = 1 << 20;

// Options that change what a layer computes in a way that is not supported.
Result<void> refuse(const Section& section, std::initializer_list<std::string_view> options) {
  for (const std::string_view option : options) {
    const std::string* value = section.find(option);
    if (value && *value != "0")
      return section.fail("option " + std::string(option) + "=" + excerpt(*value) +
                          " is not supported");
  }
  return {};
}

struct Strides {
  int64_t y, x;
};

Result<Strides> read_strides(const Section& section) {
  SHRIKE_ASSIGN(const int64_t stride, section.integer("stride", 1, 1, kMost));
  SHRIKE_ASSIGN(const int64_t y, section.integer("stride_y", stride, 1, kMost));
  SHRIKE_ASSIGN(const int64_t x, section.integer("stride_x", stride, 1, kMost));
  return Strides{y, x};
}

Result<Conv> read_conv(const Section& section, int64_t size) {
  SHRIKE_ASSIGN(const Strides strides, read_strides(section));
  SHRIKE_ASSIGN(const int64_t groups, section.integer("groups", 1, 1, kMost));
  SHRIKE_ASSIGN(const int64_t dilation, section.integer("dilation", 1, 1, kMost));
  SHRIKE_ASSIGN(const int64_t half, section.integer("pad", 0));
  SHRIKE_ASSIGN(int64_t padding, section.integer("padding", 0, 0, kMost));
  if (half != 0) padding = size / 2;
  const bool dilated = size > 1 && dilation > 1;
  // Darknet sizes the output as if there were no dilation, which is right for this padding alone.
  if (dilated && 2 * padding != size - 1)
    return section.fail("dilation without padding of half the size is not supported");
  const int64_t pad = dilated ? padding * dilation : padding;
  Conv conv;
  conv.strides = {strides.y, strides.x};
  conv.pads = {pad, pad, pad, pad};
  conv.dilations = dilated ? std::vector{dilation, dilation} : std::vector<int64_t>{1, 1};
  conv.group = groups;
  return conv;
}

// Weights come as biases, then (with batch_normalize) scales, means and variances, then kernels.
// The file's "biases" are the batch norm's where there is one.
Result<ValueId> add_convolutional(const Section& section, Builder& net) {
  SHRIKE_TRY(
      refuse(section, {"binary", "xnor", "use_bin_output", "flipped", "antialiasing", "share_index",
                       "sway", "rotate", "stretch", "stretch_sway", "dontload", "dontloadscales"}));
  SHRIKE_ASSIGN(const ValueId x, net.previous(section));
  SHRIKE_ASSIGN(const int64_t filters, section.integer("filters", 1, 1, kMost));
  SHRIKE_ASSIGN(const int64_t size, section.integer("size", 1, 1, kMost));
  SHRIKE_ASSIGN(const int64_t batch_normalize, section.integer("batch_normalize", 0));
  SHRIKE_ASSIGN(Conv conv, read_conv(section, size));
  const int64_t channels = net.shape(x)[1];
  if (channels % conv.group != 0 || filters % conv.group != 0)
    return section.fail(std::to_string(channels) + " channels and " + std::to_string(filters) +
                        " filters do not divide into " + std::to_string(conv.group) + " groups");

  const Shape kernels{filters, channels / conv.group, size, size};
  ValueId y = kNoValue;
  if (batch_normalize == 0) {
    SHRIKE_ASSIGN(const ValueId bias, net.weights(section, "bias", Shape{filters}));
    SHRIKE_ASSIGN(const ValueId weights, net.weights(section, "weights", kernels));
    SHRIKE_ASSIGN(y, net.add(section, std::move(conv), {x, weights, bias}, "conv"));
  } else {
    SHRIKE_ASSIGN(const ValueId bias, net.weights(section, "bn_bias", Shape{filters}));
    SHRIKE_ASSIGN(const ValueId scale, net.weights(section, "bn_scale", Shape{filters}));
    SHRIKE_ASSIGN(const ValueId mean, net.weights(section, "bn_mean", Shape{filters}));
    SHRIKE_ASSIGN(const ValueId variance, net.weights(section, "bn_var", Shape{filters}));
    SHRIKE_ASSIGN(const ValueId weights, net.weights(section, "weights", kernels));
    SHRIKE_ASSIGN(const ValueId z, net.add(section, std::move(conv), {x, weights}, "conv"));
    // (x - mean) / sqrt(var + 1e-5): the form of AlexeyAB's Darknet everywhere and of both Darknets
    // on a GPU, where published weights were trained. The original's processor code alone divides
    // by sqrt(var) + 1e-6, a relative difference of 5e-6 / var.
    SHRIKE_ASSIGN(
        y, net.add(section, BatchNorm{.epsilon = 1e-5f}, {z, scale, bias, mean, variance}, "bn"));
  }
  return net.activate(section, "logistic", y);
}

// Output extent (in + padding - size) / stride + 1, the window starting padding / 2 before the
// picture; pixels outside never win.
Result<ValueId> add_maxpool(const Section& section, Builder& net) {
  SHRIKE_TRY(refuse(section, {"maxpool_depth", "antialiasing"}));
  SHRIKE_ASSIGN(const ValueId x, net.previous(section));
  SHRIKE_ASSIGN(const int64_t stride, section.integer("stride", 1, 1, kMost));
  SHRIKE_ASSIGN(const Strides strides, read_strides(section));
  SHRIKE_ASSIGN(const int64_t size, section.integer("size", stride, 1, kMost));
  SHRIKE_ASSIGN(const int64_t padding, section.integer("padding", size - 1, 0, 2 * (size - 1)));
  const int64_t before = padding / 2, after = padding - before;
  MaxPool pool;
  pool.kernel_shape = {size, size};
  pool.strides = {strides.y, strides.x};
  pool.pads = {before, before, after, after};
  return net.add(section, std::move(pool), {x}, "maxpool");
}

Result<ValueId> add_upsample(const Section& section, Builder& net) {
  SHRIKE_ASSIGN(const ValueId x, net.previous(section));
  SHRIKE_ASSIGN(const int64_t stride, section.integer("stride", 2, 1, kMost));
  SHRIKE_ASSIGN(const float factor, section.real("scale", 1));
  if (factor != 1) return section.fail("option scale is not supported");
  const auto times = static_cast<float>(stride);
  const ValueId scales =
      net.constant(section, "scales", Tensor::from<float>(Shape{4}, {1, 1, times, times}));
  const Resize nearest{.mode = ResizeMode::kNearest,
                       .coordinate_transformation_mode = CoordinateMode::kAsymmetric,
                       .nearest_mode = NearestMode::kFloor};
  return net.add(section, nearest, {x, scales}, "upsample");
}

// Channels group_id/groups .. (group_id+1)/groups of x.
Result<ValueId> take_group(const Section& section, Builder& net, ValueId x, int64_t groups,
                           int64_t group) {
  const int64_t channels = net.shape(x)[1];
  if (channels % groups != 0)
    return section.fail(std::to_string(channels) + " channels do not divide into " +
                        std::to_string(groups) + " groups");
  const int64_t part = channels / groups;
  const auto bound = [&](std::string_view name, int64_t value) {
    return net.constant(section, name, Tensor::from<int64_t>(Shape{1}, {value}));
  };
  return net.add(
      section, Slice{},
      {x, bound("start", group * part), bound("end", (group + 1) * part), bound("axis", 1)},
      "group");
}

// The layers that an option lists.
Result<std::vector<int64_t>> read_sources(const Section& section, std::string_view option) {
  constexpr size_t kMostSources = 256;
  SHRIKE_ASSIGN(std::vector<int64_t> sources, section.integers(option));
  if (sources.empty() || sources.size() > kMostSources)
    return section.fail("option " + std::string(option) + " names " +
                        (sources.empty() ? "no layers" : "too many layers"));
  return sources;
}

Result<ValueId> add_route(const Section& section, Builder& net) {
  SHRIKE_ASSIGN(const std::vector<int64_t> sources, read_sources(section, "layers"));
  SHRIKE_ASSIGN(const int64_t groups, section.integer("groups", 1, 1, kMost));
  SHRIKE_ASSIGN(const int64_t group, section.integer("group_id", 0, 0, groups - 1));
  std::vector<ValueId> parts;
  for (const int64_t source : sources) {
    SHRIKE_ASSIGN(ValueId part, net.layer(section, source));
    if (groups > 1) {
      SHRIKE_ASSIGN(part, take_group(section, net, part, groups, group));
    }
    parts.push_back(part);
  }
  if (parts.size() == 1) return parts[0];
  return net.add(section, Concat{.axis = 1}, std::move(parts), "route");
}

Result<ValueId> add_shortcut(const Section& section, Builder& net) {
  SHRIKE_TRY(refuse(section, {"weights_type"}));
  SHRIKE_ASSIGN(const float alpha, section.real("alpha", 1));
  SHRIKE_ASSIGN(const float beta, section.real("beta", 1));
  if (alpha != 1 || beta != 1) return section.fail("options alpha and beta are not supported");
  SHRIKE_ASSIGN(ValueId sum, net.previous(section));
  SHRIKE_ASSIGN(const std::vector<int64_t> sources, read_sources(section, "from"));
  for (const int64_t source : sources) {
    SHRIKE_ASSIGN(const ValueId other, net.layer(section, source));
    // Darknet would add what overlaps; no network in use wants that.
    if (net.shape(other) != net.shape(sum))
      return section.fail("adds " + to_string(net.shape(other)) + " to " +
                          to_string(net.shape(sum)) + "; only equal shapes are supported");
    SHRIKE_ASSIGN(sum,
                  net.add(section, Binary{.kind = BinaryKind::kAdd}, {sum, other}, "shortcut"));
  }
  return net.activate(section, "linear", sum);
}

Result<ValueId> add_dropout(const Section& section, Builder& net) { return net.previous(section); }

Result<std::vector<float>> masked_anchors(const Section& section) {
  SHRIKE_ASSIGN(const std::vector<float> anchors, section.reals("anchors"));
  SHRIKE_ASSIGN(std::vector<int64_t> mask, section.integers("mask"));
  const auto count = static_cast<int64_t>(anchors.size() / 2);
  if (anchors.empty() || anchors.size() % 2 != 0) return section.fail("anchors are no pairs");
  if (mask.empty())
    for (int64_t i = 0; i < count; ++i) mask.push_back(i);
  std::vector<float> out;
  for (const int64_t i : mask) {
    if (i < 0 || i >= count)
      return section.fail("mask names anchor " + std::to_string(i) + " of " +
                          std::to_string(count));
    out.push_back(anchors[static_cast<size_t>(2 * i)]);
    out.push_back(anchors[static_cast<size_t>(2 * i + 1)]);
  }
  return out;
}

Result<ValueId> add_yolo(const Section& section, Builder& net) {
  SHRIKE_TRY(refuse(section, {"new_coords", "embedding_layer"}));
  YoloScale scale;
  SHRIKE_ASSIGN(scale.map, net.previous(section));
  SHRIKE_ASSIGN(scale.classes, section.integer("classes", 20, 1, kMost));
  SHRIKE_ASSIGN(scale.scale_xy, section.real("scale_x_y", 1));
  SHRIKE_ASSIGN(scale.anchors, masked_anchors(section));
  scale.layer = section.layer;
  const auto boxes = static_cast<int64_t>(scale.anchors.size() / 2);
  const int64_t channels = net.shape(scale.map)[1], needed = boxes * (5 + scale.classes);
  if (channels != needed)
    return section.fail("reads " + std::to_string(channels) + " channels where " +
                        std::to_string(boxes) + " anchors and " + std::to_string(scale.classes) +
                        " classes need " + std::to_string(needed));
  net.scales.push_back(std::move(scale));
  return kNoValue;
}

constexpr LayerKind kLayerKinds[] = {
    {"convolutional", add_convolutional},
    {"conv", add_convolutional},
    {"maxpool", add_maxpool},
    {"max", add_maxpool},
    {"upsample", add_upsample},
    {"route", add_route},
    {"shortcut", add_shortcut},
    {"dropout", add_dropout},
    {"yolo", add_yolo},
};

}  // namespace

std::span<const LayerKind> layer_kinds() { return kLayerKinds; }

}  // namespace shrike::darknet
