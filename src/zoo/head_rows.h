// What the channels of a head's raw maps mean, and the convolutions that make them.
#pragma once

#include <cstdint>
#include <functional>

#include "ir/graph.h"

namespace shrike::zoo {

enum class HeadRow : uint8_t { kBox, kObjectness, kClass };

// Channel `channel` of raw map `map` (0 .. maps_per_scale - 1) of a scale (ir/ops/head.h).
HeadRow head_row(const Head& head, size_t map, int64_t channel);

// The convolution that makes one raw map, alone.
struct Predictor {
  Head head;
  size_t scale = 0, map = 0;
  size_t node = 0;                              // index into graph.nodes
  ValueId weights = kNoValue, bias = kNoValue;  // bias: kNoValue where there is none

  HeadRow row(size_t channel) const { return head_row(head, map, static_cast<int64_t>(channel)); }
};

// Of every Head node; maps that no convolution with constant f32 weights makes are left out. The
// graph may be changed in between, but for its nodes.
void for_each_predictor(const Graph& graph, const std::function<void(const Predictor&)>& call);

}  // namespace shrike::zoo
