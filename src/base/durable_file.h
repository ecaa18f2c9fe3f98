// Files that outlive a loss of power once they are written.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/result.h"

namespace shrike {

// write_file() (base/file.h) of the pieces one behind the other, and the bytes and the file's name
// are on the disk when it returns. Errors as there.
Result<void> write_durable_file(const std::filesystem::path& path,
                                std::span<const std::span<const std::byte>> pieces);
Result<void> write_durable_file(const std::filesystem::path& path, std::string_view text);

}  // namespace shrike
