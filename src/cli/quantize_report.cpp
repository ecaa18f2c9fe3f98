#include "cli/quantize_report.h"

#include "cli/judgement_text.h"
#include "cli/table_text.h"
#include "formats/json.h"
#include "report/number.h"

namespace shrike {

namespace {

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

std::string percent(double share) { return fixed(100 * share, 1) + " %"; }

std::string in_megabytes(uint64_t bytes) {
  return fixed(static_cast<double>(bytes) / 1e6, 2) + " MB";
}

int bits_of(DType type) { return type == DType::kI16 ? 16 : 8; }

Json layer_json(const QuantizedLayer& layer) {
  Json row = {{"name", layer.name},
              {"products", layer.products},
              {"type", layer.type},
              {"bits", layer.bits},
              {"weight_bits", layer.weight_bits},
              {"range", layer.range},
              {"low", layer.low},
              {"high", layer.high},
              {"error", number(layer.error)},
              {"points_lost", number(layer.points)},
              {"ms_before", number(layer.ms_before)},
              {"ms_after", number(layer.ms_after)},
              {"ms", Json::object()}};
  for (const auto& [type, ms] : layer.ms) row["ms"][type] = ms;
  return row;
}

Json timed_json(const std::optional<TimedWhole>& timed) {
  if (!timed) return Json(nullptr);
  const Json conversion = {{"to_integers", 1e6 * timed->conversion.to_integers},
                           {"to_floats", 1e6 * timed->conversion.to_floats}};
  return Json({{"before", number(timed->floats)}, {"after", number(timed->after)}, {"conversion_ns", conversion}});
}

std::string layers_text(const std::vector<QuantizedLayer>& layers) {
  Table table;
  table.columns = {{"Layer"},         {"Type"},         {"Products", true},
                   {"Error", true},   {"Points", true}, {"ms before", true},
                   {"ms after", true}};
  for (const QuantizedLayer& layer : layers)
    table.rows.push_back({layer.name, layer.type, Number{static_cast<double>(layer.products), 0},
                          Number{layer.error, 5}, Number{layer.points, 2},
                          Number{layer.ms_before, 3}, Number{layer.ms_after, 3}});
  return table_text(table) + "\n";
}

// "layers: 58 int8, 3 int16"
std::string types_text(const std::vector<QuantizedLayer>& layers) {
  std::map<std::string, uint64_t> counts;
  for (const QuantizedLayer& layer : layers) ++counts[layer.type];
  std::string text;
  for (const auto& [type, count] : counts)
    text += (text.empty() ? "layers: " : ", ") + grouped(count) + " " + type;
  return text;
}

}  // namespace

std::vector<QuantizedLayer> layers_of_report(const Graph& network, const IntegerPlan& plan) {
  const auto group_of = groups_by_value(network, plan);
  std::vector<QuantizedLayer> layers;
  for (const Node& node : network.nodes) {
    if (!std::holds_alternative<Conv>(node.op)) continue;
    const Shape &w = *network.static_shape(node.inputs[1]),
                &y = *network.static_shape(node.outputs[0]);
    QuantizedLayer layer;
    layer.conv = node.outputs[0];
    layer.name = node.name.empty() ? network.value(node.outputs[0]).name : node.name;
    layer.products = w[1] * w[2] * w[3] * y[1] * y[2] * y[3];
    if (const auto found = plan.convs.find(node.outputs[0]); found != plan.convs.end()) {
      const TensorGroup& group = plan.groups[*group_of[static_cast<size_t>(node.inputs[0])]];
      layer.bits = bits_of(group.form.type);
      layer.weight_bits = bits_of(found->second.weights.q.dtype());
      layer.type = layer.weight_bits == 16 ? "int16" : layer.bits == 16 ? "int16x8" : "int8";
      layer.range = to_string(group.range);
      layer.low = static_cast<double>(group.range.range.low);
      layer.high = static_cast<double>(group.range.range.high);
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

double integer_share(const std::vector<QuantizedLayer>& layers) {
  double all = 0, integers = 0;
  for (const QuantizedLayer& layer : layers) {
    all += static_cast<double>(layer.products);
    if (layer.bits < 32) integers += static_cast<double>(layer.products);
  }
  return all > 0 ? integers / all : 0;
}

std::string quantize_json(const QuantizeReport& r) {
  Json layers = Json::array();
  for (const QuantizedLayer& layer : r.layers) layers.push_back(layer_json(layer));
  const Judgement& j = r.judgement;
  return dump_json({{"model", r.model},
                    {"file", r.file},
                    {"data", r.data},
                    {"to", r.to},
                    {"calibration_pictures", r.calibrated},
                    {"judged_pictures", j.pictures},
                    {"halved", r.halved},
                    {"truth", r.own_truth ? "float model" : "labels"},
                    {"bytes_before", r.bytes_before},
                    {"bytes_after", r.bytes_after},
                    {"integer_share", integer_share(r.layers)},
                    {"map50_95", accuracy_json(j)},
                    {"network_ms", {{"before", j.ms_before}, {"after", j.ms_after}}},
                    {"timed_ms", timed_json(r.timed)},
                    {"looks", r.looks},
                    {"layers", layers}}) +
         "\n";
}

std::string quantize_text(const QuantizeReport& r) {
  const Judgement& j = r.judgement;
  std::string text = layers_text(r.layers);
  text += types_text(r.layers) + "; " + percent(integer_share(r.layers)) +
          " of the products in integers, " + in_megabytes(r.bytes_before) + " before, " +
          in_megabytes(r.bytes_after) + " after\n";
  text += r.calibrated == 0
              ? "judged by " + grouped(j.pictures) + " pictures"
              : "calibrated by " + grouped(r.calibrated) + " pictures, judged by " +
                    grouped(j.pictures) + (r.halved ? " others, halved by their names" : " others");
  text +=
      r.own_truth ? "; what the float model finds is the truth, as there are no labels\n" : "\n";
  text += accuracy_text(j);
  if (r.looks.size() > 1)
    text += "these pictures chose among " + std::to_string(r.looks.size()) +
            " networks, of which the interval does not know\n";
  text += "network " + fixed(j.ms_before, 2) + " ms a picture before, " + fixed(j.ms_after, 2) +
          " after, on one thread: means over what judged, as busy as the machine was\n";
  if (r.timed && r.timed->floats && r.timed->after)
    text += "never slower: the raw maps take " + fixed(*r.timed->floats, 2) + " ms in floats, " +
            fixed(*r.timed->after, 2) + " so, the least of several runs in turn\n";
  return text;
}

}  // namespace shrike
