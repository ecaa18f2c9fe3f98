// The network in the making: what each kind of section reads from and adds to.
#pragma once

#include <string>
#include <vector>

#include "formats/darknet/cfg.h"
#include "formats/darknet/weights.h"
#include "ir/graph.h"

namespace shrike::darknet {

// One [yolo] section.
struct YoloScale {
  ValueId map = kNoValue;
  std::vector<float> anchors;  // w, h of those that its mask selects
  int64_t classes = 0;
  float scale_xy = 1;
  int layer = 0;
};

class Builder {
 public:
  explicit Builder(Weights weights) : weights_(std::move(weights)) {}

  Graph graph;
  std::vector<YoloScale> scales;

  // Feature map (1, C, H, W) that the current section reads: the input or the last layer's output.
  // An error after a [yolo] section, whose output is no feature map.
  Result<ValueId> previous(const Section& section) const;
  // Output of the layer that `index` names: from the start, or from the section back if negative.
  Result<ValueId> layer(const Section& section, int64_t index) const;
  const Shape& shape(ValueId id) const { return *graph.value(id).shape; }

  // Ends the section: its output, or kNoValue for one that nothing may read.
  void finish_layer(ValueId output) { layers_.push_back(output); }

  // Adds a node whose output is named "layer_12_NAME", with its shape inferred.
  Result<ValueId> add(const Section& section, Op op, std::vector<ValueId> inputs,
                      std::string_view name);
  // The next weights of the file.
  Result<ValueId> weights(const Section& section, std::string_view name, Shape shape);
  ValueId constant(const Section& section, std::string_view name, Tensor tensor);
  // The activation that the section names, `fallback` if it names none, applied to x.
  Result<ValueId> activate(const Section& section, std::string_view fallback, ValueId x);

  Result<void> finish_weights() const { return weights_.finish(); }

 private:
  Weights weights_;
  std::vector<ValueId> layers_;
};

}  // namespace shrike::darknet
