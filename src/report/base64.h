// RFC 4648, section 4: bytes inside of text, with padding.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace shrike {

std::string base64(std::span<const std::byte> bytes);

}  // namespace shrike
