// A network in integers as it learns: weights are floats again, and steps are what somebody learns.
//
//   stored, as in a file                     learned
//   DQ(q, scales, zeros) of weights          DQ(Clip(Q(w, s, zeros), -m, m), s, zeros), s = Exp(e)
//   DQ(Q(x, s, zero), s, zero)               the same, s = Exp(e)
//   DQ(q, steps) of i32: a bias              b; rounded to steps of x's s * the weights' s when it
//   is
//                                            stored again
// What learns is w, b and e, so that steps stay positive and move by shares of themselves; w and e
// of weights are called "NAME" and "NAME.step", e of the tensor scaled by "NAME.scale" "NAME.step".
// Tensors that share a scale share e. The steps of the picture are its bytes: its s stays constant.
// m is largest_weight() (weights.h), and one more below where others' bytes have -128. Zero points
// stay what they are.
#pragma once

#include <map>
#include <string>

#include "ir/graph.h"

namespace shrike {

using FloatsByName = std::map<std::string, Tensor, std::less<>>;

// Stored to learned. Weights start at what their integers stand for; those of `floats`, as near to
// these as their integers allow, which stay what they are; but what is zero stays zero. Ids change.
// Errors (kModel) name the node: integers that are no weights or biases of convolutions nor
// activations with one scale, weights with zero points or of more than `bits`.
Result<void> learn_integers(Graph& graph, int bits, const FloatsByName& floats = {});

// Learned to stored; a graph without anything learned stays as it is. Errors (kModel): as above.
Result<void> store_integers(Graph& graph);

// Exp(e), within the scales that layers are computed with (ir/ops/quantize.h).
float step_of(float e);

}  // namespace shrike
