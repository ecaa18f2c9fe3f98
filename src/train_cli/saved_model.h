// The trained network as a file that other programs run.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// The bytes of an ONNX file: batch norms folded, or as nodes for those who want to see their scales;
// the head written out, integers as quantize writes them.
enum class SavedNorms : uint8_t { kFolded, kNodes };
Result<std::string> trained_file(Graph network, SavedNorms norms);

}  // namespace shrike
