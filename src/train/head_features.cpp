#include "train/head_features.h"

#include <algorithm>
#include <cassert>

namespace shrike::train {

namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

// By value the node that computes it; kNone for inputs and constants.
std::vector<size_t> producers(const Graph& graph) {
  std::vector<size_t> producer(graph.values.size(), kNone);
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    for (const ValueId id : graph.nodes[n].outputs)
      if (id != kNoValue) producer[static_cast<size_t>(id)] = n;
  return producer;
}

// By value whether `map` is computed from it, itself left out.
std::vector<bool> sources_of(const Graph& graph, const std::vector<size_t>& producer, ValueId map) {
  std::vector<bool> found(graph.values.size(), false);
  std::vector<ValueId> open{map};
  while (!open.empty()) {
    const size_t node = producer[static_cast<size_t>(open.back())];
    open.pop_back();
    if (node == kNone) continue;
    for (const ValueId id : graph.nodes[node].inputs) {
      if (id == kNoValue || found[static_cast<size_t>(id)]) continue;
      found[static_cast<size_t>(id)] = true;
      open.push_back(id);
    }
  }
  return found;
}

// By value whether it is computed from the graph's inputs: not so what is made of weights alone.
std::vector<bool> made_of_inputs(const Graph& graph) {
  std::vector<bool> made(graph.values.size(), false);
  for (const ValueId id : graph.inputs) made[static_cast<size_t>(id)] = true;
  for (const Node& node : graph.nodes) {
    const bool any = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
      return id != kNoValue && made[static_cast<size_t>(id)];
    });
    for (const ValueId id : node.outputs)
      if (any && id != kNoValue) made[static_cast<size_t>(id)] = true;
  }
  return made;
}

}  // namespace

Result<std::vector<ValueId>> head_features(const Graph& graph, std::span<const ValueId> maps,
                                           size_t per_scale) {
  assert(per_scale > 0 && maps.size() % per_scale == 0);
  const std::vector<size_t> producer = producers(graph);
  const std::vector<bool> of_picture = made_of_inputs(graph);
  std::vector<ValueId> features;
  for (size_t first = 0; first < maps.size(); first += per_scale) {
    std::vector<bool> shared = sources_of(graph, producer, maps[first]);
    for (size_t i = 1; i < per_scale; ++i) {
      const std::vector<bool> others = sources_of(graph, producer, maps[first + i]);
      for (size_t v = 0; v < shared.size(); ++v) shared[v] = shared[v] && others[v];
    }
    // Nodes are in an order that they can run in: what is computed last is nearest to the maps.
    ValueId last = kNoValue;
    size_t last_node = 0;
    for (size_t v = 0; v < shared.size(); ++v) {
      if (!shared[v] || !of_picture[v] || producer[v] == kNone || producer[v] < last_node) continue;
      last = static_cast<ValueId>(v);
      last_node = producer[v];
    }
    if (last == kNoValue)
      return model_error("its head reads the picture itself: there are no features to learn from");
    features.push_back(last);
  }
  return features;
}

}  // namespace shrike::train
