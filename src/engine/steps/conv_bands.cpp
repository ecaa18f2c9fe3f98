#include "engine/steps/conv_bands.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "engine/bands.h"
#include "engine/steps/ask.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"

namespace shrike {

namespace {

using kernels::ConvProblem;
using kernels::MapView;

// Rows of the last layer's map in a band: few, so that windows stay in a core's own caches, and as
// many as kernels need to be as fast as on whole maps.
constexpr int64_t kRows = 8;

// Parts of a map that are computed side by side: two for each thread where they have 16 rows each,
// so that who is late holds the others up for less, else one, or as many as have 8. Each part
// computes anew what it needs of the rows above it.
int64_t parts_of(const BandLayer& last, int threads) {
  if (threads == 1) return 1;
  const int64_t rows = last.problem.out_height;
  if (rows >= 16 * 2 * threads) return 2 * threads;
  return std::clamp<int64_t>(rows / 8, 1, threads);
}

// Where parts may begin: at whole bands, of which each thread gets as many, or anywhere.
int64_t grain_of(const BandLayer& last, int threads) {
  return last.problem.out_height % (kRows * threads) == 0 ? kRows : 1;
}

// Calls visit(layer, part) for all that is computed.
template <typename Visit>
void for_each_part(const Bands& bands, const Visit& visit) {
  for (const std::vector<Band>& part : bands.parts)
    for (const Band& band : part)
      for (size_t i = 0; i < band.size(); ++i)
        if (band[i].out.count() > 0) visit(i, band[i]);
}

// A map whose first row is row `origin` of another, from row `begin` of that on.
template <typename Map>
Map rows_from(Map map, int64_t origin, int64_t begin) {
  map.data = map.at(begin - origin, 0);
  return map;
}

struct BandSlots {
  Slot input;
  std::vector<Slot> residuals;  // by layer
  Slot output, scratch;
};

class BandsStep : public Step {
 public:
  // picture: null, or what runs in the first kernel's stead where the input is no map.
  BandsStep(std::vector<BandLayer> layers, const kernels::ConvPictureKernel* picture,
            std::vector<Tensor> weights, std::vector<Tensor> biases, Bands bands,
            BandScratch layout, int64_t shares, BandSlots slots)
      : layers_(std::move(layers)),
        picture_(picture),
        weights_(std::move(weights)),
        biases_(std::move(biases)),
        bands_(std::move(bands)),
        layout_(std::move(layout)),
        shares_(shares),
        slots_(std::move(slots)),
        packed_(layers_.size()) {}

  void prepare(std::byte* packed) override {
    for (size_t i = 0; i < layers_.size(); ++i) {
      packed_[i] = pack_at(packed, *layers_[i].kernel, layers_[i].problem, weights_[i], biases_[i]);
      weights_[i] = biases_[i] = Tensor();
      packed += align_up(packed_[i].size);
    }
  }

  Result<void> run(RunContext& context) const override {
    const auto parts = static_cast<int64_t>(bands_.parts.size());
    const int64_t units = slots_.output.view.dim(0) * parts;
    context.pool().parallel_for(units, [&](int64_t index, int worker) {
      const auto share = static_cast<size_t>(units <= shares_ ? index : worker);
      run_part(context, index / parts, bands_.parts[static_cast<size_t>(index % parts)],
               context.scratch(slots_.scratch).subspan(share * layout_.bytes, layout_.bytes));
    });
    return {};
  }

 private:
  void run_part(RunContext& context, int64_t image, const std::vector<Band>& part,
                std::span<std::byte> scratch) const {
    for (size_t b = 0; b < part.size(); ++b) {
      if (b + 1 < part.size()) ask_for(part[b + 1]);
      for (size_t i = 0; i < layers_.size(); ++i) {
        const BandPart& own = part[b][i];
        if (own.kept.count() > 0) move_rows(i, own.kept, part[b - 1][i].origin, scratch);
        if (own.out.count() == 0) continue;
        const MapView to = i + 1 < layers_.size()
                               ? rows_from(window(i, scratch), own.origin, own.out.begin)
                               : rows_from(context.map(slots_.output, image), 0, own.out.begin);
        if (i == 0 && picture_) {
          kernels::Picture input = picture_at(context, slots_.input, image);
          input.data = input.at(own.in.begin, 0);
          picture_->run(own.problem, packed_[i], input, to, alone_, scratch.subspan(layout_.kernel),
                        false);
          continue;
        }
        kernels::ConvMaps maps;
        maps.input = i > 0 ? rows_from(window(i - 1, scratch), part[b][i - 1].origin, own.in.begin)
                           : rows_from(context.map(slots_.input, image), 0, own.in.begin);
        maps.output = to;
        if (slots_.residuals[i].in_memory())
          maps.residual = rows_from(context.map(slots_.residuals[i], image), 0, own.out.begin);
        maps.input.height = own.in.count();
        maps.output.height = maps.residual.height = own.out.count();
        layers_[i].kernel->run(own.problem, packed_[i], maps, alone_,
                               scratch.subspan(layout_.kernel));
      }
    }
  }

  // What a band is told lies in memory that nothing has read since the last run.
  static void ask_for(const Band& band) {
    constexpr size_t kLine = 64;
    const auto* bytes = reinterpret_cast<const char*>(band.data());
    for (size_t i = 0; i < band.size() * sizeof(BandPart); i += kLine)
      __builtin_prefetch(bytes + i);
  }

  // Between layer i and the next.
  MapView window(size_t i, std::span<std::byte> scratch) const {
    const ConvProblem& problem = layers_[i].problem;
    auto* data = reinterpret_cast<float*>(scratch.data() + layout_.windows[i]);
    const int64_t pixel = window_pixel(layers_, i);
    return {data,  bands_.window_rows[i],    problem.out_width, problem.out_channels,
            pixel, problem.out_width * pixel};
  }

  void move_rows(size_t i, Rows kept, int64_t origin, std::span<std::byte> scratch) const {
    const MapView rows = window(i, scratch);
    std::memmove(rows.data, rows.at(kept.begin - origin, 0),
                 static_cast<size_t>(kept.count() * rows.row_stride) * sizeof(float));
  }

  std::vector<BandLayer> layers_;
  const kernels::ConvPictureKernel* picture_;
  std::vector<Tensor> weights_, biases_;  // the model's own, until prepare()
  Bands bands_;
  BandScratch layout_;
  int64_t shares_;  // of scratch: for each unit of work, or for each worker
  BandSlots slots_;
  std::vector<kernels::PackedConv> packed_;
  mutable ThreadPool alone_{1};  // for what one worker does
};

BandLayer choose(Planner& planner, const Node& node) {
  BandLayer layer{conv_problem(planner, node), nullptr};
  layer.problem.max_packed_bytes = planner.max_packed_bytes(node);
  planner.note_conv(node, layer.problem);
  layer.kernel = kernels::select_kernel(kernels::conv_kernels(), layer.problem).kernel;
  return layer;
}

// As one thread does it: plans under a limit of memory must not depend on the threads.
double cost_of(std::span<const BandLayer> layers) {
  double cost = 0;
  for_each_part(split_into_bands(layers, kRows, 1, kRows), [&](size_t i, const BandPart& part) {
    cost += layers[i].kernel->cost(part.problem);
  });
  return cost;
}

}  // namespace

BandScratch::BandScratch(std::span<const BandLayer> layers, const Bands& bands) {
  for (size_t i = 0; i + 1 < layers.size(); ++i) {
    windows.push_back(bytes);
    const int64_t row = layers[i].problem.out_width * window_pixel(layers, i);
    bytes += align_up(static_cast<size_t>(bands.window_rows[i] * row) * sizeof(float));
  }
  kernel = bytes;
  size_t most = 0;
  for_each_part(bands, [&](size_t i, const BandPart& part) {
    most = std::max(most, layers[i].kernel->scratch_bytes(part.problem, 1));
  });
  bytes += align_up(most);
}

bool can_band(Planner& planner, const Node& node) {
  if (!std::holds_alternative<Conv>(node.op) || conv_refuse(planner, node) ||
      !planner.in_memory(node.outputs[0]) ||
      (has_input(node, 3) && !planner.in_memory(node.inputs[3])))
    return false;
  // Also with those kernels that it may get with less for its weights.
  ConvProblem problem = conv_problem(planner, node);
  for (size_t before = SIZE_MAX;;) {
    const auto& kernel = *kernels::select_kernel(kernels::conv_kernels(), problem).kernel;
    if (kernel.tile_rows(problem) == 0) return false;
    const size_t bytes = kernel.packed_bytes(problem);
    if (bytes == 0 || bytes >= before) return true;
    before = bytes;
    problem.max_packed_bytes = static_cast<int64_t>(bytes) - 1;
  }
}

void conv_bands_emit(Planner& planner, std::span<const Node* const> nodes) {
  const Node &first = *nodes.front(), &last = *nodes.back();
  StepDraft draft = planner.draft(last, {});
  std::vector<BandLayer> layers;
  std::vector<Tensor> weights, biases;
  BandSlots slots;
  std::string kernels_named;
  const auto images = planner.shape(last.outputs[0])[0];
  for (const Node* node : nodes) {
    layers.push_back(choose(planner, *node));
    const BandLayer& layer = layers.back();
    kernels_named += (kernels_named.empty() ? "" : " + ") + std::string(layer.kernel->name);
    add_part(planner, *node, layer.problem, draft.info);
    draft.info.packed_bytes += align_up(layer.kernel->packed_bytes(layer.problem));
    weights.push_back(*floats_of(planner, *node, 1));
    const Tensor* bias = floats_of(planner, *node, 2);
    biases.push_back(bias ? *bias : Tensor());
    slots.residuals.push_back(has_input(*node, 3) ? planner.as_map(node->inputs[3]) : Slot());
  }
  draft.info.kernel = kernels_named + " by bands";
  Bands bands = split_into_bands(layers, kRows, parts_of(layers.back(), planner.threads()),
                                 grain_of(layers.back(), planner.threads()));
  BandScratch layout(layers, bands);
  draft.info.cost = static_cast<double>(images) * cost_of(layers);
  const int64_t shares =
      std::min<int64_t>(planner.threads(), images * static_cast<int64_t>(bands.parts.size()));
  draft.info.scratch_bytes = static_cast<size_t>(shares) * layout.bytes;
  const auto* picture = picture_form(planner, first.inputs[0], *layers.front().kernel);
  slots.input = picture ? planner.slot(first.inputs[0]) : planner.as_map(first.inputs[0]);
  slots.output = planner.new_map(last.outputs[0]);
  slots.scratch = planner.new_scratch(draft.info.scratch_bytes);
  draft.touches = slots.residuals;
  draft.touches.insert(draft.touches.end(), {slots.input, slots.output, slots.scratch});
  draft.step =
      std::make_unique<BandsStep>(std::move(layers), picture, std::move(weights), std::move(biases),
                                  std::move(bands), std::move(layout), shares, std::move(slots));
  planner.add(std::move(draft));
}

}  // namespace shrike
