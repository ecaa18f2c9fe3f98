// What the vision tests share: the files of golden/ and testdata/, and the noise they were made of.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "vision/image.h"

namespace shrike::golden {

inline std::filesystem::path folder() { return SHRIKE_VISION_DIR; }

inline std::ifstream open(const std::string& name) {
  std::ifstream file(folder() / "golden" / name);
  EXPECT_TRUE(file.good()) << "no golden/" << name;
  return file;
}

// FNV-1a, 64 bits, as 16 hexadecimal digits.
inline std::string fnv(std::span<const std::byte> bytes) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const std::byte b : bytes) hash = (hash ^ static_cast<uint64_t>(b)) * 0x100000001B3;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

inline std::string fnv(const Image& image) { return fnv(std::as_bytes(std::span(image.bytes()))); }

// golden/generate.py: noise().
inline std::vector<uint8_t> noise(size_t count, uint32_t seed) {
  std::vector<uint8_t> out(count);
  for (uint8_t& byte : out) {
    seed = seed * 1664525u + 1013904223u;
    byte = static_cast<uint8_t>(seed >> 24);
  }
  return out;
}

// golden/generate.py: floats().
inline std::vector<float> noise_floats(size_t count, uint32_t seed) {
  std::vector<float> out;
  for (const uint8_t byte : noise(count, seed))
    out.push_back((static_cast<float>(byte) - 128) / 24 + static_cast<float>(out.size()) / 4096);
  return out;
}

inline Image noise_image(int width, int height, uint32_t seed) {
  Image image(width, height);
  image.bytes() = noise(image.bytes().size(), seed);
  return image;
}

}  // namespace shrike::golden
