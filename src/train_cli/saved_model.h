// The trained network as a file that other programs run.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "ir/graph.h"

namespace shrike {

// ONNX: batch norms folded, the head written out, the file replaced whole. Errors name the file.
Result<void> save_trained(Graph network, const std::filesystem::path& path);

}  // namespace shrike
