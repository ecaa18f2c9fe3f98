// Batches as a user sees them: pictures side by side, with their objects.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "augment/batch.h"
#include "base/result.h"
#include "vision/image.h"

namespace shrike {

// A picture of a batch.
Image to_image(const Batch& batch, size_t picture);

// Up to `most` pictures of a batch in a square of rows, each as large as the network gets it, or
// halved until no side is over 480 pixels. Objects as draw_truth() draws them. Errors (kRuntime):
// no memory. Requires a picture.
Result<Image> batch_page(const Batch& batch, std::span<const std::string> names, size_t most = 16);

// The same as PNG. Errors name the file.
Result<void> write_batch_page(const std::filesystem::path& path, const Batch& batch,
                              std::span<const std::string> names, size_t most = 16);

}  // namespace shrike
