// A model at one size of input, for the commands that look at it as a network rather than as a
// detector: run, bench, inspect, convert.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// The graph with batch, height and width of its picture input fixed: batch 1 where dynamic, the
// given size, or default_size(). A model saved at another fixed size has its head lifted and is
// bound anew, f16 becoming f32; the imgsz metadata follows. Errors name `source` and why it cannot
// be run at that size: kUsage for a size that does not fit its stride, else kModel.
Result<Graph> at_size(Graph graph, const std::optional<std::array<int, 2>>& size,
                      const std::string& source);

// Of a model whose picture input leaves its height or width open: that the file which is written
// for default_size() is at that size alone, and how another one is chosen. Empty for other models.
std::string fixed_size_note(const Graph& graph, const std::string& source);

// What a person counts (ir/network_cost.h), the head's decode apart, where it is recognised: the
// same for one network in floats, in integers, with its head lifted or in ONNX's operators.
struct NetworkSize {
  int64_t macs = 0;  // multiply-adds of one run
  int64_t parameters = 0;
};
NetworkSize size_of(const Graph& graph);

// "anchor_free, strides 8 16 32, 80 classes, reg_max 16"; for a graph without a lifted head it is
// lifted from a copy first, and NMS behind it is told. An error says why there is none.
Result<std::string> describe_head(const Graph& graph);

}  // namespace shrike
