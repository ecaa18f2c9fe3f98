#include <algorithm>

#include "base/memory.h"
#include "calibrate/layers.h"
#include "calibrate/observer.h"
#include "calibrate/passes.h"
#include "ir/describe.h"
#include "quantize/rounding.h"

namespace shrike {

namespace {

// Numbers that are kept of the layers of one run over the pictures: 512 MB, and of one layer.
constexpr int64_t kMostProducts = int64_t{1} << 27;

int64_t products_of(const Layer& layer) {
  return layer.patches.groups() * layer.patches.row_size() * layer.patches.row_size();
}

// Those that are not too large; a note for each of the others.
std::vector<Layer> small_layers(Calibration& c) {
  std::vector<Layer> layers = layers_of(c);
  std::erase_if(layers, [&](const Layer& layer) {
    if (products_of(layer) <= kMostProducts) return false;
    c.notes.push_back(describe(c.network, *layer.node) + ": of " +
                      std::to_string(layer.patches.row_size()) +
                      " inputs, too many for round_weights; its weights are the nearest");
    return true;
  });
  return layers;
}

// Rounds the layers' weights by what the pictures show of their inputs, which are integers too.
Result<void> round_layers(Calibration& c, std::span<const Layer> layers,
                          const CalibrationOptions& options, ThreadPool& pool) {
  int64_t all = 0, largest = 0;
  for (const Layer& layer : layers) {
    all += products_of(layer);
    largest = std::max(largest, layer.patches.row_size() * layer.patches.row_size());
  }
  MemoryClaim claim;  // what is kept, and a picture's and the factors of one layer
  if (!claim.take(static_cast<size_t>(all + 2 * largest) * sizeof(float)))
    return out_of_memory("rounding weights");
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
    SHRIKE_TRY(go_on(options.proceed));
    layers[l].conv->weights = round_for_output(layers[l].weights(c.network), moments[l], pool,
                                               options.weight_bits);
    moments[l] = {};
  }
  return {};
}

}  // namespace

Result<void> round_weights(Calibration& c, const CalibrationOptions& options) {
  if (options.weights != DType::kI8) return {};
  ThreadPool pool(options.threads);
  const std::vector<Layer> layers = small_layers(c);
  for (size_t begin = 0, end = 0; begin < layers.size(); begin = end) {
    int64_t products = 0;
    while (end < layers.size() && products + products_of(layers[end]) <= kMostProducts)
      products += products_of(layers[end++]);
    SHRIKE_TRY(round_layers(c, std::span(layers).subspan(begin, end - begin), options, pool));
  }
  return {};
}

}  // namespace shrike
