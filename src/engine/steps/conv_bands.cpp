#include "engine/steps/conv_bands.h"

#include <algorithm>
#include <cstdint>

#include "engine/bands.h"
#include "engine/steps/ask.h"
#include "engine/steps/conv_problem.h"
#include "engine/steps/families_list.h"
#include "engine/steps/pack.h"

namespace shrike {

namespace {

using kernels::ConstMapView;
using kernels::ConvKernel;
using kernels::MapView;

// Of the last layer's map. More rows compute less twice, fewer need less memory.
constexpr int64_t kRows = 16;

using Bands = std::vector<std::vector<BandPart>>;

// Where a step's scratch has what: the rows between two layers, then the kernels' own.
struct BandScratch {
  std::vector<size_t> rows;  // offset, by the layer that writes them; none for the last
  size_t kernel = 0;         // offset
  size_t bytes = 0;
};

BandScratch lay_out_scratch(std::span<const BandLayer> layers, const Bands& bands, int threads) {
  BandScratch scratch;
  for (size_t i = 0; i + 1 < layers.size(); ++i) {
    int64_t most = 0;
    for (const std::vector<BandPart>& band : bands) most = std::max(most, band[i].out.count());
    scratch.rows.push_back(scratch.bytes);
    const int64_t row = layers[i].problem.out_width * layers[i].problem.out_channels;
    scratch.bytes += align_up(static_cast<size_t>(most * row) * sizeof(float));
  }
  scratch.kernel = scratch.bytes;
  size_t kernel = 0;
  for (const std::vector<BandPart>& band : bands)
    for (size_t i = 0; i < layers.size(); ++i)
      kernel = std::max(kernel, layers[i].kernel->scratch_bytes(band[i].problem, threads));
  scratch.bytes += align_up(kernel);
  return scratch;
}

// Rows [begin, begin + count) of a map whose first row is row `origin`.
template <typename Map>
Map rows_of(Map map, int64_t origin, Rows rows) {
  map.data = map.at(rows.begin - origin, 0);
  map.height = rows.count();
  return map;
}

class BandsStep : public Step {
 public:
  BandsStep(std::vector<BandLayer> layers, std::vector<Tensor> weights, std::vector<Tensor> biases,
            Bands bands, BandScratch layout, Slot input, Slot output, Slot scratch)
      : layers_(std::move(layers)),
        weights_(std::move(weights)),
        biases_(std::move(biases)),
        bands_(std::move(bands)),
        layout_(std::move(layout)),
        input_(input),
        output_(output),
        scratch_(scratch),
        packed_(layers_.size()) {}

  void prepare(std::byte* packed) override {
    for (size_t i = 0; i < layers_.size(); ++i) {
      packed_[i] = pack_at(packed, *layers_[i].kernel, layers_[i].problem, weights_[i], biases_[i]);
      weights_[i] = biases_[i] = Tensor();
      packed += align_up(packed_[i].size);
    }
  }

  Result<void> run(RunContext& context) const override {
    for (int64_t image = 0; image < input_.view.dim(0); ++image)
      for (const std::vector<BandPart>& band : bands_) run_band(context, image, band);
    return {};
  }

 private:
  void run_band(RunContext& context, int64_t image, const std::vector<BandPart>& band) const {
    const std::span<std::byte> scratch = context.scratch(scratch_);
    ConstMapView from = context.map(input_, image);
    int64_t origin = 0;  // the row of the map that `from` starts with
    for (size_t i = 0; i < band.size(); ++i) {
      const BandPart& part = band[i];
      MapView to;
      if (i + 1 == band.size()) {
        to = rows_of(context.map(output_, image), 0, part.out);
      } else {
        to =
            kernels::dense_map(reinterpret_cast<float*>(scratch.data() + layout_.rows[i]),
                               part.out.count(), part.problem.out_width, part.problem.out_channels);
      }
      layers_[i].kernel->run(part.problem, packed_[i], {rows_of(from, origin, part.in), to, {}},
                             context.pool(), scratch.subspan(layout_.kernel));
      from = to;
      origin = part.out.begin;
    }
  }

  std::vector<BandLayer> layers_;
  std::vector<Tensor> weights_, biases_;  // the model's own, until prepare()
  Bands bands_;
  BandScratch layout_;
  Slot input_, output_, scratch_;
  std::vector<kernels::PackedConv> packed_;
};

BandLayer choose(Planner& planner, const Node& node) {
  BandLayer layer{conv_problem(planner, node), nullptr};
  layer.problem.max_packed_bytes = planner.max_packed_bytes(node);
  planner.note_conv(node, layer.problem);
  layer.kernel = kernels::select_kernel(kernels::conv_kernels(), layer.problem).kernel;
  return layer;
}

// Of all bands, so that what is computed twice counts twice.
double cost_of(std::span<const BandLayer> layers, const Bands& bands) {
  double cost = 0;
  for (const std::vector<BandPart>& band : bands)
    for (size_t i = 0; i < layers.size(); ++i) cost += layers[i].kernel->cost(band[i].problem);
  return cost;
}

}  // namespace

bool can_band(Planner& planner, const Node& node) {
  if (!std::holds_alternative<Conv>(node.op) || has_input(node, 3) || conv_refuse(planner, node) ||
      !planner.in_memory(node.outputs[0]))
    return false;
  // Also with those kernels that it may get with less for its weights.
  kernels::ConvProblem problem = conv_problem(planner, node);
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
  const Node& last = *nodes.back();
  StepDraft draft = planner.draft(last, {});
  std::vector<BandLayer> layers;
  std::vector<Tensor> weights, biases;
  std::string kernels_named;
  const auto images = planner.shape(last.outputs[0])[0];
  for (const Node* node : nodes) {
    layers.push_back(choose(planner, *node));
    const BandLayer& layer = layers.back();
    kernels_named += (kernels_named.empty() ? "" : " + ") + std::string(layer.kernel->name);
    draft.info.macs += images * layer.problem.macs();
    draft.info.packed_bytes += align_up(layer.kernel->packed_bytes(layer.problem));
    weights.push_back(*floats_of(planner, *node, 1));
    const Tensor* bias = floats_of(planner, *node, 2);
    biases.push_back(bias ? *bias : Tensor());
  }
  draft.info.kernel = kernels_named + " by bands";
  Bands bands = split_into_bands(layers, kRows);
  BandScratch layout = lay_out_scratch(layers, bands, planner.threads());
  draft.info.cost = static_cast<double>(images) * cost_of(layers, bands);
  draft.info.scratch_bytes = layout.bytes;
  const Slot input = planner.as_map(nodes.front()->inputs[0]);
  const Slot output = planner.new_map(last.outputs[0]);
  const Slot scratch = planner.new_scratch(layout.bytes);
  draft.touches = {input, output, scratch};
  draft.step =
      std::make_unique<BandsStep>(std::move(layers), std::move(weights), std::move(biases),
                                  std::move(bands), std::move(layout), input, output, scratch);
  planner.add(std::move(draft));
}

}  // namespace shrike
