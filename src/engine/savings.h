// Plans within a limit: which convolutions take slower kernels with smaller weights.
//
// Winograd's kernels pay for their speed in packed weights: up to 7 times those of the model. Each
// convolution has a few kernels worth having, the fastest first; going to the next one saves bytes
// and costs time. Over all convolutions these steps are taken in one fixed order, the least time a
// byte first, until the plan is within the limit: so a larger limit never gives a slower plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "kernels/qconv/qconv.h"

namespace shrike {

// A convolution of a plan: all that its kernel is chosen by.
struct ConvNote {
  size_t node = 0;  // index in the graph
  std::variant<kernels::ConvProblem, kernels::QConvProblem> problem;
  int64_t images = 1;
};

// One step of one convolution to smaller weights.
struct Saving {
  size_t node = 0;
  int64_t max_packed_bytes = 0;  // for ConvProblem
  size_t bytes = 0;              // saved, compared with the step before
  double cost = 0;  // products at full speed, of floats or integers, that it takes more
};

// In the order to take them. Steps of one convolution are in order, and each is worth taking: there
// is no mix of two others that saves as much and costs less.
std::vector<Saving> find_savings(std::span<const ConvNote> convs);

}  // namespace shrike
