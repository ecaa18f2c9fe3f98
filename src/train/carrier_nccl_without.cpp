#include "train/carrier.h"

namespace shrike::train {

std::unique_ptr<Carrier> nccl_carrier(const Carrier::Place&) { return nullptr; }

}  // namespace shrike::train
