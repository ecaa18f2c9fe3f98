// Sound messages that are hostile networks: what changing bytes alone would hardly ever reach.
#pragma once

#include <string>
#include <string_view>

namespace shrike::fuzz {

// One to four changes: extents, attributes, counts, edges (cycles and dangling names among them),
// names used twice, element types, operator sets, external data, metadata. Empty where `input` is
// no model. The same for the same seed.
std::string mutate_onnx(std::string_view input, unsigned seed);

}  // namespace shrike::fuzz
