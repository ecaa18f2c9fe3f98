// The trained network as a file that other programs run.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// ONNX: batch norms folded, or as nodes for those who want to see their scales; the head written
// out, the file replaced whole. Errors name the file.
enum class SavedNorms : uint8_t { kFolded, kNodes };
Result<void> save_trained(Graph network, SavedNorms norms, const std::filesystem::path& path);

}  // namespace shrike
