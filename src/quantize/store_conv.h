// A convolution's weights and bias as integers behind a DQ, as files have them. Private to
// quantize.
#pragma once

#include <string>
#include <vector>

#include "quantize/place.h"

namespace shrike {

struct StoredNames {
  std::string weights, bias;  // what is behind them is added: ".q", ".scales", ".dq"
};

// `node` reads its weights and its bias from DQ nodes, which are appended to `nodes`: weights with
// room for the bias (weights.h), the bias in steps of x_scale * scales[o].
void store_conv(Graph& graph, Node& node, const IntegerConv& conv, float x_scale,
                const StoredNames& names, std::vector<Node>& nodes);

}  // namespace shrike
