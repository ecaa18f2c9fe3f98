#include "engine/steps/conv_halves.h"

#include <algorithm>
#include <array>

#include "engine/steps/ask.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"
#include "kernels/conv/depthwise_sweep.h"
#include "kernels/conv/pointwise_pairs.h"
#include "kernels/conv/sum_halves.h"
#include "kernels/elementwise/elementwise.h"

namespace shrike {

namespace {

using kernels::ConvKernel;
using kernels::ConvProblem;
using kernels::MapView;

constexpr int64_t kHalves = 2;
constexpr size_t kLayers = 3, kFirst = 0, kDeep = 1, kLast = 2;

// Of a layer, and of one half of it.
struct Layer {
  ConvProblem whole, half;
  const ConvKernel* kernel = nullptr;
};
using Layers = std::array<Layer, kLayers>;

// With as many channels in either half. What the last layer adds comes behind the sum of the two.
Layers layers_of(const Planner& planner, const std::array<const Node*, kLayers>& nodes) {
  Layers layers;
  for (size_t i = 0; i < nodes.size(); ++i) {
    layers[i].whole = conv_problem(planner, *nodes[i]);
    layers[i].whole.max_packed_bytes = planner.max_packed_bytes(*nodes[i]);
    layers[i].half = layers[i].whole;
    layers[i].kernel = planner.choose(layers[i].whole).kernel;
  }
  ConvProblem &first = layers[kFirst].half, &deep = layers[kDeep].half, &last = layers[kLast].half;
  const int64_t channels = last.half;
  first.out_channels = channels;
  deep.in_channels = deep.out_channels = deep.groups = channels;
  last.in_channels = channels;
  last.half = 0;  // all of its channels are of one half
  last.residual = kernels::Residual::kNone;
  return layers;
}

// What one half's layers write, and the most that a kernel needs, in a share of the step's scratch.
struct HalfScratch {
  explicit HalfScratch(const Layers& layers) {
    for (size_t i = 0; i < maps.size(); ++i) {
      const ConvProblem& p = layers[i].half;
      maps[i] = bytes;
      pixels[i] = i < kLast ? kernels::odd_pixel_stride(p.out_channels) : p.out_channels;
      bytes +=
          align_up(static_cast<size_t>(p.out_height * p.out_width * pixels[i]) * sizeof(float));
    }
    kernel = bytes;
    size_t most = 0;
    for (const Layer& layer : layers)
      most = std::max(most, layer.kernel->scratch_bytes(layer.half, 1));
    bytes += align_up(most);
  }

  std::array<size_t, kLayers> maps{};     // offsets
  std::array<int64_t, kLayers> pixels{};  // floats from pixel to pixel
  size_t kernel = 0, bytes = 0;           // offset; of all
};

struct HalvesSlots {
  Slot input, residual, output, scratch;
};

class HalvesStep : public Step {
 public:
  HalvesStep(const Layers& layers, std::array<Tensor, kLayers> weights,
             std::array<Tensor, kLayers> biases, const HalvesSlots& slots)
      : layers_(layers),
        layout_(layers),
        weights_(std::move(weights)),
        biases_(std::move(biases)),
        slots_(slots),
        add_(*kernels::select_kernel(kernels::binary_kernels(), kernels::BinaryOp::kAdd).kernel) {}

  static size_t packed_bytes(const Layers& layers) {
    size_t bytes = 0;
    for (const Layer& layer : layers)
      bytes += kHalves * align_up(layer.kernel->packed_bytes(layer.half));
    return bytes;
  }

  void prepare(std::byte* packed) override {
    for (int64_t half = 0; half < kHalves; ++half)
      for (size_t i = 0; i < layers_.size(); ++i) {
        pack(i, half, reinterpret_cast<float*>(packed));
        const size_t bytes = layers_[i].kernel->packed_bytes(layers_[i].half);
        packed_[static_cast<size_t>(half)][i] = packed_at(packed, bytes);
        packed += align_up(bytes);
      }
    weights_ = biases_ = {};
  }

  bool look_ahead(std::span<const std::byte> next) override {
    if (layers_.back().kernel->looks_ahead) next_ = next;
    return layers_.back().kernel->looks_ahead;
  }

  Result<void> run(RunContext& context) const override {
    const int64_t height = layers_.back().whole.out_height;
    for (int64_t image = 0; image < slots_.output.view.dim(0); ++image) {
      context.pool().parallel_for(kHalves,
                                  [&](int64_t half, int) { run_half(context, image, half); });
      const int64_t parts = std::min<int64_t>(kHalves, height);
      context.pool().parallel_for(parts, [&](int64_t part, int) {
        for (int64_t y = height * part / parts; y < height * (part + 1) / parts; ++y)
          add_row(context, image, y);
      });
    }
    return {};
  }

 private:
  std::span<std::byte> share(RunContext& context, int64_t half) const {
    return context.scratch(slots_.scratch)
        .subspan(static_cast<size_t>(half) * layout_.bytes, layout_.bytes);
  }
  // What layer i of a half writes.
  MapView map(size_t i, std::span<std::byte> share) const {
    const ConvProblem& p = layers_[i].half;
    const int64_t pixel = layout_.pixels[i];
    return {reinterpret_cast<float*>(share.data() + layout_.maps[i]),
            p.out_height,
            p.out_width,
            p.out_channels,
            pixel,
            p.out_width * pixel};
  }

  void run_half(RunContext& context, int64_t image, int64_t half) const {
    const std::span<std::byte> own = share(context, half);
    const auto& packed = packed_[static_cast<size_t>(half)];
    for (size_t i = 0; i < layers_.size(); ++i) {
      kernels::ConvMaps maps;
      maps.input = i > 0 ? map(i - 1, own) : context.map(slots_.input, image);
      maps.output = map(i, own);
      // The first layer's run asks for the last one's weights, that for what is behind the step.
      if (i == kFirst) maps.next = {packed[kLast].bytes.get(), packed[kLast].size};
      if (i == kLast && image == 0)
        maps.next = half == 0 ? next_.first(next_.size() / 2) : next_.subspan(next_.size() / 2);
      layers_[i].kernel->run(layers_[i].half, packed[i], maps, alone_, own.subspan(layout_.kernel));
    }
  }

  void add_row(RunContext& context, int64_t image, int64_t y) const {
    const auto row_of = [&](const kernels::ConstMapView& from) {
      return kernels::BinaryOperand{from.at(y, 0), from.pixel_stride, 1};
    };
    const MapView output = context.map(slots_.output, image);
    const kernels::RowsView to{output.at(y, 0), output.width, output.channels, output.pixel_stride};
    add_.run(kernels::BinaryOp::kAdd, row_of(map(kLast, share(context, 0))),
             row_of(map(kLast, share(context, 1))), to, alone_);
    if (slots_.residual.in_memory())
      add_.run(kernels::BinaryOp::kAdd, row_of(output), row_of(context.map(slots_.residual, image)),
               to, alone_);
  }

  // The last layer's bias is the first half's.
  void pack(size_t i, int64_t half, float* packed) const {
    const Layer& layer = layers_[i];
    const int64_t channels = layers_.back().half.in_channels, first = half * channels;
    const float* weights = weights_[i].data<float>().data();
    const float* bias = biases_[i].empty() ? nullptr : biases_[i].data<float>().data();
    if (i < kLast) {
      ConvProblem some = layer.half;
      if (i == kFirst)
        some.weight_square = kernels::mean_square(weights, layer.whole.weight_count());
      return layer.kernel->pack_into(some, weights + first * some.weight_count() / channels,
                                     bias ? bias + first : nullptr, packed);
    }
    const std::vector<float> own =
        kernels::weights_of_channels(layer.whole, weights, first, channels);
    layer.kernel->pack_into(layer.half, own.data(), half == 0 ? bias : nullptr, packed);
  }

  Layers layers_;
  HalfScratch layout_;
  std::array<Tensor, kLayers> weights_, biases_;  // the model's own, until prepare()
  HalvesSlots slots_;
  const kernels::BinaryKernel& add_;
  std::array<std::array<kernels::PackedConv, kLayers>, kHalves> packed_;
  std::span<const std::byte> next_;
  mutable ThreadPool alone_{1};  // for what one worker does
};

}  // namespace

const char* halves_refuse(Planner& planner, const Node& first, const Node& depthwise,
                          const Node& last) {
  for (const Node* node : {&first, &last})
    if (!std::holds_alternative<Conv>(node->op) || conv_refuse(planner, *node) ||
        !planner.in_memory(node->outputs[0]) ||
        (has_input(*node, 3) && !planner.in_memory(node->inputs[3])))
      return "a layer is no convolution that kernels compute";
  if (has_input(first, 3)) return "the first layer adds a map";
  if (const char* reason = kernels::sum_half_refuse(conv_problem(planner, last))) return reason;
  const Layers layers = layers_of(planner, {&first, &depthwise, &last});
  const ConvProblem& deep = layers[kDeep].whole;
  if (!layers[kLast].kernel->adds_halves) return "its kernel adds all channels in order";
  if (!layers[kFirst].whole.pixel_by_pixel()) return "the first layer is not made of single pixels";
  if (layers[kFirst].kernel != layers[kLast].kernel) return "the first layer has another kernel";
  if (layers[kFirst].whole.half > 0) return "the first layer makes sums of halves itself";
  if (deep.in_height != deep.out_height || deep.in_width != deep.out_width)
    return "the depthwise layer changes the map's size";
  for (const Layer& layer : layers)
    if (planner.choose(layer.half).kernel != layer.kernel)
      return "a half's kernel would be another one";
  return nullptr;
}

void conv_halves_emit(Planner& planner, const Node& first, const Node& depthwise,
                      const Node& last) {
  const std::array<const Node*, kLayers> nodes = {&first, &depthwise, &last};
  const Layers layers = layers_of(planner, nodes);
  StepDraft draft = planner.draft(last, {});
  std::array<Tensor, kLayers> weights, biases;
  const int64_t images = planner.shape(last.outputs[0])[0];
  for (size_t i = 0; i < nodes.size(); ++i) {
    planner.note_conv(*nodes[i], layers[i].whole);
    add_part(planner, *nodes[i], layers[i].whole, draft.info);
    draft.info.kernel += (i > 0 ? " + " : "") + std::string(layers[i].kernel->name);
    draft.info.cost += static_cast<double>(images) * layers[i].kernel->cost(layers[i].whole);
    weights[i] = *floats_of(planner, *nodes[i], 1);
    if (const Tensor* bias = floats_of(planner, *nodes[i], 2)) biases[i] = *bias;
  }
  draft.info.kernel += " by halves";
  draft.info.packed_bytes = HalvesStep::packed_bytes(layers);
  draft.info.scratch_bytes = kHalves * HalfScratch(layers).bytes;
  HalvesSlots slots;
  slots.input = planner.as_map(first.inputs[0]);
  if (has_input(last, 3)) slots.residual = planner.as_map(last.inputs[3]);
  slots.output = planner.new_map(last.outputs[0]);
  slots.scratch = planner.new_scratch(draft.info.scratch_bytes);
  draft.touches = {slots.input, slots.residual, slots.output, slots.scratch};
  draft.step = std::make_unique<HalvesStep>(layers, std::move(weights), std::move(biases), slots);
  planner.add(std::move(draft));
}

}  // namespace shrike
