// The convolutions of a plan, and what they read. Private to calibrate.
#pragma once

#include <functional>

#include "calibrate/calibration.h"
#include "quantize/patches.h"

namespace shrike {

// A convolution that the plan makes integers of.
struct Layer {
  const Node* node;  // of the calibration's network
  IntegerConv* conv;
  const IntegerForm* form;  // of its input
  Patches patches;

  const Tensor& weights(const Graph& network) const { return *network.constant(node->inputs[1]); }
};

// All of them, in the network's order.
std::vector<Layer> layers_of(Calibration& calibration);

// How often a convolution of static shapes multiplies.
int64_t products_of(const Graph& network, const Node& conv);

// How many positions of a layer's output are looked at in a picture.
inline constexpr int64_t kPositions = 256;

// Given rows (quantize/patches.h) of one group of one layer.
using TakeRows = std::function<void(size_t layer, int64_t group, std::vector<float>& rows)>;

// Shows the pictures to the network in floats, and gives what the layers' inputs hold there.
Result<void> show_layers(const Calibration& calibration, std::span<const Layer> layers,
                         const CalibrationOptions& options, const TakeRows& take);

}  // namespace shrike
