// The reverse of fold_batchnorm_into_conv: batch norms where a file has folded them away, so that
// the network can be trained as it was.
#pragma once

#include <span>
#include <vector>

#include "ir/graph.h"

namespace shrike {

// Of one convolution's output, a value each channel: over pictures, rows and columns.
struct ChannelMoments {
  std::vector<double> mean, variance;
};

// The outputs of the convolutions whose batch norm was folded, in the order of the nodes: those
// with a constant bias, no fused function, no batch norm behind, and which are not raw maps of a
// head: these never had one. Requires lifted heads.
std::vector<ValueId> folded_convolutions(const Graph& graph);

// Puts a BatchNormalization behind each of `values` (of folded_convolutions(), one of `moments`
// each), such that the graph's function stays as it is. With y = conv(x) + b, and mean m and
// variance v of y:
//   before  y
//   after   sqrt(v + epsilon) * (conv(x) - (m - b)) / sqrt(v + epsilon) + m
// The weights stay, the bias goes into the batch norm; a batch with those moments gives the same
// outputs with its own statistics. Constants are named after the bias: "name.scale", ".shift",
// ".mean", ".variance". epsilon 1e-3, as Ultralytics' models and YOLOX have it.
Result<void> insert_batchnorm(Graph& graph, std::span<const ValueId> values,
                              std::span<const ChannelMoments> moments);

}  // namespace shrike
