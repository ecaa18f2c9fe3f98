// Times of another machine, for mixed: its report (quantize --to mixed --json), or what has as much
// of that as is needed.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "calibrate/exceptions.h"
#include "ir/graph.h"

namespace shrike {

using LayerMs = std::array<double, kLayerTypes>;  // by type

// What a network's layers and conversions take.
struct MixedTimes {
  std::map<ValueId, LayerMs> layers;  // by convolution's output
  ConversionMs conversion;
};

struct TimesTable {
  struct Row {
    LayerMs ms = {};
    std::optional<double> products = {};  // of one picture, where the table says so
  };

  std::filesystem::path source;
  std::map<std::string, std::vector<Row>> layers;  // by the convolution's name, in turn
  ConversionMs conversion;
};

// {"layers": [{"name", "products", "ms": {"int8","int16","float"}}],
//  "timed_ms": {"conversion_ns": {"to_integers","to_floats"}}}; without "timed_ms" conversions take
// no time, and without "products" nobody looks whether layers have the network's size. Layers of
// one name take its rows in turn. Errors (kInput) name the file: not there, not such a table, of
// another network.
Result<TimesTable> read_times_table(const std::filesystem::path& path, const Graph& network);

// The same by the outputs of this network's convolutions. Errors (kInput): it lacks one, or has
// one of another size.
Result<MixedTimes> times_of(const Graph& network, const TimesTable& table);

}  // namespace shrike
