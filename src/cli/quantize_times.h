// Times of another machine, for mixed: its report (quantize --to mixed --json), or what has as much
// of that as is needed.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "calibrate/exceptions.h"
#include "ir/graph.h"

namespace shrike {

// What a network's layers and conversions take.
struct MixedTimes {
  std::map<ValueId, std::array<double, kLayerTypes>> layers;  // ms by convolution's output and type
  ConversionMs conversion;
};

struct TimesTable {
  std::filesystem::path source;
  std::map<std::string, std::array<double, kLayerTypes>> layers;  // ms by the convolution's name
  ConversionMs conversion;
};

// {"layers": [{"name", "products", "ms": {"int8","int16","float"}}],
//  "timed_ms": {"conversion_ns": {"to_integers","to_floats"}}}; without "timed_ms" conversions take
// no time, and without "products" nobody looks whether layers have the network's size. Errors
// (kInput) name the file: not there, not such a table, of another network.
Result<TimesTable> read_times_table(const std::filesystem::path& path, const Graph& network);

// The same by the outputs of this network's convolutions. Errors (kInput): it lacks one.
Result<MixedTimes> times_of(const Graph& network, const TimesTable& table);

}  // namespace shrike
