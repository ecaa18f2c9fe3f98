#include "cli/quantize_times.h"

#include "base/excerpt.h"
#include "base/file.h"
#include "calibrate/mixed.h"
#include "cli/quantize_report.h"
#include "formats/json.h"
#include "formats/json_items.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

// What a value's conversion takes, of a report's "timed_ms"; nothing where the table has none.
Result<ConversionMs> read_conversion(const std::string& text, const fs::path& path) {
  SHRIKE_ASSIGN(const Json report, parse_json(text, shown_path(path)));
  ConversionMs conversion;
  const auto timed = report.find("timed_ms");
  if (timed == report.end() || !timed->is_object() || !timed->contains("conversion_ns"))
    return conversion;
  const Json& ns = timed->at("conversion_ns");
  const auto read = [&](const char* name, double& ms) -> Result<void> {
    if (!ns.is_object() || !ns.contains(name) || !ns[name].is_number() ||
        !(ns[name].get<double>() >= 0))
      return input_error(shown_path(path) + ": conversion_ns lacks a time " + name);
    ms = ns[name].get<double>() / 1e6;
    return {};
  };
  SHRIKE_TRY(read("to_integers", conversion.to_integers));
  SHRIKE_TRY(read("to_floats", conversion.to_floats));
  return conversion;
}

Result<LayerMs> read_ms(const Json& ms, const fs::path& path) {
  LayerMs row;
  for (size_t type = 0; type < kLayerTypes; ++type) {
    const auto found = ms.find(kLayerTypeNames[type]);
    if (found == ms.end() || !found->is_number())
      return input_error(shown_path(path) + ": a layer's ms lacks " + kLayerTypeNames[type]);
    row[type] = found->get<double>();
    if (!(row[type] > 0))
      return input_error(shown_path(path) + ": a layer's ms of " + kLayerTypeNames[type] +
                         " is not above 0");
  }
  return row;
}

// Whether the table is of pictures of this size, where it says so.
Result<void> check_size(const QuantizedLayer& layer, const TimesTable::Row& row,
                        const fs::path& path) {
  if (!row.products || *row.products == static_cast<double>(layer.products)) return {};
  return input_error(shown_path(path) + ": the layer " + in_quotes(layer.name) +
                     " has another size there: it is of another network, or of one for other "
                     "pictures");
}

}  // namespace

Result<TimesTable> read_times_table(const fs::path& path, const Graph& network) {
  TimesTable table{path, {}, {}};
  SHRIKE_ASSIGN(const std::string text, read_text(path, ErrorKind::kInput));
  const auto take = [&](const std::string&, const Json& layer) -> Result<void> {
    if (!layer.contains("name") || !layer["name"].is_string() || !layer.contains("ms") ||
        !layer["ms"].is_object())
      return {};
    TimesTable::Row row;
    SHRIKE_ASSIGN(row.ms, read_ms(layer["ms"], path));
    if (layer.contains("products") && layer["products"].is_number())
      row.products = layer["products"].get<double>();
    table.layers[layer["name"].get<std::string>()].push_back(row);
    return {};
  };
  SHRIKE_TRY(read_json_items(text, path.string(), {{"layers"}, {"name", "ms", "products"}, take}));
  SHRIKE_ASSIGN(table.conversion, read_conversion(text, path));
  SHRIKE_TRY(times_of(network, table));
  return table;
}

Result<MixedTimes> times_of(const Graph& network, const TimesTable& table) {
  MixedTimes times{{}, table.conversion};
  std::map<std::string, size_t> taken;  // rows by name: names need not be unique
  for (const QuantizedLayer& layer : layers_of_report(network, {})) {
    const auto rows = table.layers.find(layer.name);
    const size_t place = taken[layer.name]++;
    if (rows == table.layers.end() || place >= rows->second.size())
      return input_error(shown_path(table.source) + ": has no times of the layer " +
                         in_quotes(layer.name));
    const TimesTable::Row& row = rows->second[place];
    SHRIKE_TRY(check_size(layer, row, table.source));
    times.layers[layer.conv] = row.ms;
  }
  return times;
}

}  // namespace shrike
