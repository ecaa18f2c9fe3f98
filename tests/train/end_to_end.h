// Files as end-to-end detectors are exported: rows of boxes, each object once, batch norms folded.
#pragma once

#include <filesystem>

namespace shrike::testing {

// YOLOv8n's network of random weights for 64x64 pixels and classes red and blue, under the head of
// YOLOv10 (`reg_max` 16) or of YOLO26 (1).
void write_end_to_end(const std::filesystem::path& path, int64_t reg_max);

}  // namespace shrike::testing
