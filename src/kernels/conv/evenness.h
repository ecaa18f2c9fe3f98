// How much the channels of a convolution's weights differ in size.
#pragma once

namespace shrike::kernels {

struct ConvProblem;

inline constexpr const char* kUneven = "its channels differ too much in size";

// Whether inputs or outputs differ so much that products in pairs (pointwise_pairs.h), which add
// weights to inputs, would lose what the small ones give: the standard deviation of the binary
// logarithm of their weights' norms, over channels that are not all zeros, is above 1.5 of inputs
// (weights a thousandth as large in half of the channels make 5) or 2.5 of outputs. What known
// networks have is in docs/decisions/038-wider-panels.md; those whose channels were scaled, as for
// integers, may have more. Looks at about 64 outputs for each input, and the other way round.
// weights: as ConvKernel::pack_into() takes them, groups 1.
bool has_uneven_channels(const ConvProblem& problem, const float* weights);

}  // namespace shrike::kernels
