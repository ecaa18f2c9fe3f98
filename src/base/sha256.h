// SHA-256 (FIPS 180-4): whether bytes are those they should be. Linking a crypto library for one
// function that is off every hot path would be the larger thing to carry.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/result.h"

namespace shrike {

class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);

  // The digest of everything given so far as 64 lower-case hexadecimal digits. Call once, last.
  std::string hex_digest();

 private:
  void process_block(const std::byte* block);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> pending_ = {};
  uint64_t length_ = 0;  // bytes given; the last length_ % 64 of them are in pending_
};

std::string sha256_hex(std::span<const std::byte> bytes);

// Errors (kRuntime) name the path.
Result<std::string> sha256_of_file(const std::filesystem::path& path);

}  // namespace shrike
