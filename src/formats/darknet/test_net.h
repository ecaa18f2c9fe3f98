// Darknet models made by hand for tests.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/darknet_reader.h"
#include "formats/test_folder.h"

namespace shrike::darknet {

// The header of a weights file and `count` floats 1, 2, 3, ...
inline std::string weights_bytes(size_t count, int32_t major = 0, int32_t minor = 2) {
  std::string out;
  for (const int32_t number : {major, minor, int32_t{5}})
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
  out.append(major * 10 + minor >= 2 ? 8 : 4, '\0');  // images seen
  for (size_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>(i + 1);
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return out;
}

inline Result<Graph> read_net(const std::string& cfg, const std::string& weights) {
  const TestFolder folder;
  SHRIKE_TRY(write_file(folder / "tiny.cfg", cfg));
  SHRIKE_TRY(write_file(folder / "tiny.weights", weights));
  return read_darknet(folder / "tiny.cfg", folder / "tiny.weights");
}

}  // namespace shrike::darknet
