#include "engine/steps/conv_panels.h"

#include <algorithm>
#include <cassert>

#include "base/cpu.h"
#include "engine/bands.h"
#include "engine/steps/ask.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"
#include "kernels/conv/conv_panels.h"
#include "kernels/conv/depthwise_sweep.h"
#include "kernels/sizes.h"

namespace shrike {

namespace {

using kernels::ConvKernel;
using kernels::ConvPanelsKernel;
using kernels::ConvProblem;

// Of a panel's map, which second cache levels of 1 MB just hold.
constexpr int64_t kMiB = 1 << 20, kMostPanelBytes = kMiB;
// More of the time that panels would take, were they free to divide, is more than they gain.
constexpr double kMostTime = 1.1;

struct Layer {
  ConvProblem problem;
  const ConvKernel* kernel = nullptr;
};

Layer layer_of(const Planner& planner, const Node& node) {
  Layer layer{conv_problem(planner, node), nullptr};
  layer.problem.max_packed_bytes = planner.max_packed_bytes(node);
  layer.kernel = planner.choose(layer.problem).kernel;
  return layer;
}

// Channels [first, first + count) of a depthwise layer.
ConvProblem some_channels(ConvProblem depthwise, int64_t count) {
  depthwise.in_channels = depthwise.out_channels = depthwise.groups = count;
  return depthwise;
}

// How a 1x1 layer's outputs are divided: the last panel may have fewer.
struct Panels {
  Panels(const ConvPanelsKernel& form, const ConvProblem& pointwise)
      : channels(pointwise.out_channels),
        columns(std::min(form.columns(pointwise), channels)),
        count(kernels::divide_up(channels, columns)) {}

  int64_t first(int64_t panel) const { return panel * columns; }
  int64_t columns_of(int64_t panel) const { return std::min(columns, channels - first(panel)); }

  int64_t channels, columns, count;
};

// Rows of the depthwise layer's output, and those of the map between that they are made of.
struct PanelPart {
  Rows out, in;
};

// The map from top to bottom.
std::vector<PanelPart> parts_of(const ConvProblem& depthwise, int64_t count) {
  std::vector<PanelPart> parts;
  for (int64_t i = 0; i < count; ++i) {
    const Rows out{depthwise.out_height * i / count, depthwise.out_height * (i + 1) / count};
    parts.push_back({out, rows_read(depthwise, out)});
  }
  return parts;
}

// The time of the thread that has most to do, in shares of what one of so many would take if
// nothing were done twice and all lay near it. Units are divided part by part: with a part for each
// thread a thread reads the rows that it has made, and so does what comes next.
double time_of(const Panels& panels, const ConvProblem& depthwise, int64_t count, int threads) {
  constexpr double kFar = 1.07;  // docs/decisions/039-even-shares.md
  const std::vector<PanelPart> parts = parts_of(depthwise, count);
  const int64_t units = panels.count * count;
  int64_t most = 0;
  for (int64_t t = 0; t < threads; ++t) {
    int64_t own = 0;
    for (int64_t unit = units * t / threads; unit < units * (t + 1) / threads; ++unit)
      own += panels.columns_of(unit % panels.count) *
             parts[static_cast<size_t>(unit / panels.count)].in.count();
    most = std::max(most, own);
  }
  return static_cast<double>(most * threads) /
         static_cast<double>(depthwise.in_channels * depthwise.in_height) *
         (count == threads ? 1 : kFar);
}

// In how many parts each panel's map is computed, and what time_of() says of them.
struct Division {
  int64_t parts;
  double time;
};

Division best_division(const Panels& panels, const ConvProblem& depthwise, int threads) {
  Division best{1, time_of(panels, depthwise, 1, threads)};
  for (int64_t parts = 2; parts <= std::min<int64_t>(threads, depthwise.out_height); ++parts)
    if (const double time = time_of(panels, depthwise, parts, threads); time < best.time)
      best = {parts, time};
  return best;
}

struct PanelSlots {
  Slot input, output, scratch;
};

class PanelsStep : public Step {
 public:
  PanelsStep(const Layer& pointwise, const Layer& depthwise, const ConvPanelsKernel& form,
             Tensor weights, Tensor bias, Tensor depthwise_weights, Tensor depthwise_bias,
             std::vector<PanelPart> parts, const PanelSlots& slots)
      : pointwise_(pointwise),
        depthwise_(depthwise),
        form_(form),
        weights_(std::move(weights)),
        bias_(std::move(bias)),
        depthwise_weights_(std::move(depthwise_weights)),
        depthwise_bias_(std::move(depthwise_bias)),
        parts_(std::move(parts)),
        slots_(slots),
        panels_(form, pointwise.problem) {}

  // Bytes of weights, all panels' own of the depthwise layer behind those of the other.
  static size_t packed_bytes(const Layer& pointwise, const Layer& depthwise, const Panels& panels) {
    return align_up(pointwise.kernel->packed_bytes(pointwise.problem)) +
           static_cast<size_t>(panels.count) * panel_packed(depthwise, panels);
  }
  static size_t panel_packed(const Layer& depthwise, const Panels& panels) {
    return align_up(
        depthwise.kernel->packed_bytes(some_channels(depthwise.problem, panels.columns)));
  }
  // Of scratch: what panels share, then the map of one, or of a part of it, for each worker.
  static size_t map_bytes(const ConvProblem& pointwise, const Panels& panels,
                          std::span<const PanelPart> parts) {
    int64_t rows = 0;
    for (const PanelPart& part : parts) rows = std::max(rows, part.in.count());
    return align_up(static_cast<size_t>(rows * pointwise.out_width * panels.columns) *
                    sizeof(float));
  }
  static size_t scratch_bytes(const ConvProblem& pointwise, const ConvPanelsKernel& form,
                              std::span<const PanelPart> parts, int threads) {
    return align_up(form.scratch_bytes(pointwise)) +
           static_cast<size_t>(threads) * map_bytes(pointwise, Panels(form, pointwise), parts);
  }

  void prepare(std::byte* packed) override {
    packed_ = pack_at(packed, *pointwise_.kernel, pointwise_.problem, weights_, bias_);
    packed += align_up(packed_.size);
    const float* bias = depthwise_bias_.empty() ? nullptr : depthwise_bias_.data<float>().data();
    for (int64_t panel = 0; panel < panels_.count; ++panel) {
      const int64_t first = panels_.first(panel);
      const ConvProblem problem = channels_of(panel);
      depthwise_.kernel->pack_into(
          problem, depthwise_weights_.data<float>().data() + first * depthwise_.problem.taps(),
          bias ? bias + first : nullptr, reinterpret_cast<float*>(packed));
      depthwise_packed_.push_back(packed_at(packed, depthwise_.kernel->packed_bytes(problem)));
      packed += panel_packed(depthwise_, panels_);
    }
    weights_ = bias_ = depthwise_weights_ = depthwise_bias_ = Tensor();
  }

  Result<void> run(RunContext& context) const override {
    const std::span<std::byte> scratch = context.scratch(slots_.scratch);
    std::byte* maps = scratch.data() + align_up(form_.scratch_bytes(pointwise_.problem));
    const size_t each = map_bytes(pointwise_.problem, panels_, parts_);
    const auto parts = static_cast<int64_t>(parts_.size());
    for (int64_t image = 0; image < slots_.input.view.dim(0); ++image) {
      const kernels::ConstMapView input = context.map(slots_.input, image);
      const kernels::MapView output = context.map(slots_.output, image);
      form_.prepare(pointwise_.problem, packed_, input, context.pool(), scratch.data());
      context.pool().parallel_for(panels_.count * parts, [&](int64_t unit, int worker) {
        auto* own = reinterpret_cast<float*>(maps + static_cast<size_t>(worker) * each);
        run_part(input, output, unit % panels_.count,
                 parts_[static_cast<size_t>(unit / panels_.count)], own, scratch.data());
      });
    }
    return {};
  }

 private:
  ConvProblem channels_of(int64_t panel) const {
    return some_channels(depthwise_.problem, panels_.columns_of(panel));
  }

  void run_part(const kernels::ConstMapView& input, const kernels::MapView& output, int64_t panel,
                const PanelPart& part, float* between, const std::byte* shared) const {
    const ConvProblem problem = part_of(channels_of(panel), part.out, part.in);
    const kernels::MapView map =
        kernels::dense_map(between, problem.in_height, problem.in_width, problem.in_channels);
    form_.run(pointwise_.problem, packed_, input, panel, part.in.begin, part.in.end, map, shared);
    kernels::MapView to =
        kernels::channel_slice(output, panels_.first(panel), problem.out_channels);
    to.data = to.at(part.out.begin, 0);
    to.height = part.out.count();
    depthwise_.kernel->run(problem, depthwise_packed_[static_cast<size_t>(panel)], {map, to, {}},
                           alone_, {});
  }

  Layer pointwise_, depthwise_;
  const ConvPanelsKernel& form_;
  Tensor weights_, bias_, depthwise_weights_, depthwise_bias_;  // the model's, until prepare()
  std::vector<PanelPart> parts_;
  PanelSlots slots_;
  Panels panels_;
  kernels::PackedConv packed_;
  std::vector<kernels::PackedConv> depthwise_packed_;  // by panel
  mutable ThreadPool alone_{1};                        // for what one worker does
};

}  // namespace

int64_t least_panel_bytes(int64_t l2_bytes) { return std::clamp(l2_bytes, kMiB, 2 * kMiB) * 3 / 8; }

const char* panels_refuse(Planner& planner, const Node& pointwise, const Node& depthwise) {
  if (!std::holds_alternative<Conv>(pointwise.op) || conv_refuse(planner, pointwise) ||
      !planner.in_memory(pointwise.outputs[0]) || has_input(pointwise, 3))
    return "the layer before is no convolution, or adds a map";
  const Layer first = layer_of(planner, pointwise), second = layer_of(planner, depthwise);
  const ConvPanelsKernel* form = kernels::conv_panels_form(*first.kernel, first.problem);
  if (!form) return "the layer before has no kernel that computes some outputs at a time";
  const ConvProblem& p = second.problem;
  const Panels panels(*form, first.problem);
  const ConvProblem some = some_channels(p, panels.columns);
  if (planner.choose(some).kernel != second.kernel || second.kernel->scratch_bytes(some, 1) > 0)
    return "its kernel is another for some channels";
  const int64_t pixels = first.problem.out_height * first.problem.out_width;
  const auto bytes = [&](int64_t channels) {
    return pixels * channels * static_cast<int64_t>(sizeof(float));
  };
  if (bytes(p.in_channels) < least_panel_bytes(cpu_features().l2_bytes))
    return "the map before it is near";
  if (bytes(panels.columns) > kMostPanelBytes) return "a panel of the map before it is far";
  if (panels.count == 1) return "the map before it is one panel";
  if (best_division(panels, p, planner.threads()).time > kMostTime)
    return "threads would not have alike much to do, or do it twice";
  assert(second.kernel->tile_rows(p) == 1);
  return nullptr;
}

void conv_panels_emit(Planner& planner, const Node& pointwise, const Node& depthwise) {
  const Layer first = layer_of(planner, pointwise), second = layer_of(planner, depthwise);
  const ConvPanelsKernel& form = *kernels::conv_panels_form(*first.kernel, first.problem);
  const Panels panels(form, first.problem);
  planner.note_conv(pointwise, first.problem);
  planner.note_conv(depthwise, second.problem);
  StepDraft draft = planner.draft(
      depthwise, std::string(first.kernel->name) + " + " + second.kernel->name + " by panels");
  const int64_t images = planner.shape(depthwise.outputs[0])[0];
  for (const auto& [node, layer] :
       {std::pair{&pointwise, &first}, std::pair{&depthwise, &second}}) {
    add_part(planner, *node, layer->problem, draft.info);
    draft.info.cost += static_cast<double>(images) * layer->kernel->cost(layer->problem);
  }
  draft.info.packed_bytes = PanelsStep::packed_bytes(first, second, panels);
  std::vector<PanelPart> parts =
      parts_of(second.problem, best_division(panels, second.problem, planner.threads()).parts);
  draft.info.scratch_bytes =
      PanelsStep::scratch_bytes(first.problem, form, parts, planner.threads());
  PanelSlots slots;
  slots.input = planner.as_map(pointwise.inputs[0]);
  slots.output = planner.new_map(depthwise.outputs[0]);
  slots.scratch = planner.new_scratch(draft.info.scratch_bytes);
  if (kernels::gains_by_odd_distance(second.problem, panels.columns, slots.output.view.stride(3))) {
    Slot maps = slots.scratch;
    maps.view.offset += static_cast<int64_t>(align_up(form.scratch_bytes(first.problem)));
    planner.keep_odd(maps, slots.output);
  }
  draft.touches = {slots.input, slots.output, slots.scratch};
  const auto floats = [&](const Node& node, size_t i) {
    const Tensor* tensor = floats_of(planner, node, i);
    return tensor ? *tensor : Tensor();
  };
  draft.step = std::make_unique<PanelsStep>(first, second, form, floats(pointwise, 1),
                                            floats(pointwise, 2), floats(depthwise, 1),
                                            floats(depthwise, 2), std::move(parts), slots);
  planner.add(std::move(draft));
}

}  // namespace shrike
