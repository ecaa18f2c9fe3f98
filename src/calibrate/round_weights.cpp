#include "calibrate/layers.h"
#include "calibrate/passes.h"
#include "quantize/rounding.h"

namespace shrike {

namespace {

// Numbers that are kept of the layers of one run over the pictures: 512 MB. One layer may need
// more.
constexpr int64_t kMostProducts = int64_t{1} << 27;

int64_t products_of(const Layer& layer) {
  return layer.patches.groups() * layer.patches.row_size() * layer.patches.row_size();
}

// Rounds the layers' weights by what the pictures show of their inputs, which are integers too.
Result<void> round_layers(Calibration& c, std::span<const Layer> layers,
                          const CalibrationOptions& options, ThreadPool& pool) {
  std::vector<std::vector<Moments>> moments;
  for (const Layer& layer : layers)
    moments.emplace_back(static_cast<size_t>(layer.patches.groups()),
                         Moments(layer.patches.row_size()));
  const auto take = [&](size_t l, int64_t group, std::vector<float>& rows) {
    round_to(*layers[l].form, rows);
    moments[l][static_cast<size_t>(group)].add(rows, pool);
  };
  SHRIKE_TRY(show_layers(c, layers, options, take));
  for (size_t l = 0; l < layers.size(); ++l) {
    layers[l].conv->weights = round_for_output(layers[l].weights(c.network), moments[l], pool);
    moments[l] = {};
  }
  return {};
}

}  // namespace

Result<void> round_weights(Calibration& c, const CalibrationOptions& options) {
  ThreadPool pool(options.threads);
  const std::vector<Layer> layers = layers_of(c);
  for (size_t begin = 0, end = 0; begin < layers.size(); begin = end) {
    int64_t products = 0;
    while (end < layers.size() &&
           (end == begin || products + products_of(layers[end]) <= kMostProducts))
      products += products_of(layers[end++]);
    SHRIKE_TRY(round_layers(c, std::span(layers).subspan(begin, end - begin), options, pool));
  }
  return {};
}

}  // namespace shrike
