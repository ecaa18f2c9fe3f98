#include "train/carrier.h"

namespace shrike::train {

std::unique_ptr<Carrier> gloo_carrier(const Carrier::Place&) { return nullptr; }

}  // namespace shrike::train
