// Which convolutions have one type, whatever it is.
#pragma once

#include <vector>

#include "quantize/place.h"

namespace shrike {

// The convolutions that read one group of tensors (quantize/groups.h), and the groups that an
// addition joins, as what is added has one type.
struct Unit {
  std::vector<size_t> groups;  // of the plan
  std::vector<ValueId> convs;  // their outputs, in the network's order
};

// Each group and each convolution of the plan is in one of them, which come in the order of their
// first groups.
std::vector<Unit> units_of(const Graph& network, const IntegerPlan& plan);

}  // namespace shrike
