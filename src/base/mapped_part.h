// Parts of a mapped file whose memory goes when they are read no more.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/file.h"

namespace shrike {

// A share of `file` for whoever reads `bytes` of it. When the last copy goes, so does the memory
// those bytes took; others may still read them, the system then fetches them from the file again.
std::shared_ptr<const void> share_part(std::shared_ptr<const MappedFile> file,
                                       std::span<const std::byte> bytes);

}  // namespace shrike
