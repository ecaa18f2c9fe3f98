#include "cli/quantize_report.h"

#include <map>

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

std::string accuracy_text(const QuantizeReport& r) {
  std::string text =
      "mAP 0.50:0.95 " + fixed(r.before, 3) + " before, " + fixed(r.after, 3) + " after";
  if (r.difference)
    text += ": " + signed_fixed(100 * r.difference->difference, 2) +
            " points (95 %: " + signed_fixed(100 * r.difference->interval95.low, 2) + " to " +
            signed_fixed(100 * r.difference->interval95.high, 2) + ")";
  return text + "\n";
}

}  // namespace

std::vector<QuantizedLayer> layers_of_report(const Calibration& c) {
  std::map<ValueId, const RangeChoice*> ranges;
  for (size_t g = 0; g < c.plan.groups.size(); ++g)
    for (const ValueId id : c.plan.groups[g].tensors) ranges[id] = &c.ranges[g];
  std::vector<QuantizedLayer> layers;
  for (const Node& node : c.network.nodes) {
    if (!std::holds_alternative<Conv>(node.op)) continue;
    const Shape &w = *c.network.static_shape(node.inputs[1]),
                &y = *c.network.static_shape(node.outputs[0]);
    QuantizedLayer layer;
    layer.name = node.name.empty() ? c.network.value(node.outputs[0]).name : node.name;
    layer.products = w[1] * w[2] * w[3] * y[1] * y[2] * y[3];
    if (c.plan.convs.contains(node.outputs[0])) {
      const RangeChoice& choice = *ranges.at(node.inputs[0]);
      layer.bits = 8;
      layer.range = to_string(choice);
      layer.low = static_cast<double>(choice.range.low);
      layer.high = static_cast<double>(choice.range.high);
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

double points_lost(const QuantizeReport& report) {
  return report.before && report.after ? 100 * (*report.before - *report.after) : 0;
}

std::string quantize_json(const QuantizeReport& r) {
  Json layers = Json::array();
  for (const QuantizedLayer& layer : r.layers)
    layers.push_back({{"name", layer.name},
                      {"products", layer.products},
                      {"bits", layer.bits},
                      {"range", layer.range},
                      {"low", layer.low},
                      {"high", layer.high}});
  Json map = {{"before", number(r.before)}, {"after", number(r.after)}};
  map["difference"] = r.difference ? Json(r.difference->difference) : Json(nullptr);
  map["interval95"] =
      r.difference ? Json::array({r.difference->interval95.low, r.difference->interval95.high})
                   : Json(nullptr);
  return dump_json({{"model", r.model},
                    {"file", r.file},
                    {"data", r.data},
                    {"calibration_pictures", r.calibrated},
                    {"judged_pictures", r.judged},
                    {"halved", r.halved},
                    {"truth", r.own_truth ? "float model" : "labels"},
                    {"bytes_before", r.bytes_before},
                    {"bytes_after", r.bytes_after},
                    {"integer_share", integer_share(r.layers)},
                    {"map50_95", map},
                    {"network_ms", {{"before", r.ms_before}, {"after", r.ms_after}}},
                    {"layers", layers}}) +
         "\n";
}

std::string quantize_text(const QuantizeReport& r) {
  Table table;
  table.columns = {{"Layer in floats"}, {"Products", true}};
  for (const QuantizedLayer& layer : r.layers)
    if (layer.bits == 32)
      table.rows.push_back({layer.name, Number{static_cast<double>(layer.products), 0}});
  std::string text = table_text(table);
  if (!text.empty()) text += "\n";
  text += percent(integer_share(r.layers)) + " of the products in integers, " +
          in_megabytes(r.bytes_before) + " before, " + in_megabytes(r.bytes_after) + " after\n";
  text += "calibrated by " + grouped(r.calibrated) + " pictures, judged by " + grouped(r.judged) +
          (r.halved ? " others, halved by their names" : " others");
  text +=
      r.own_truth ? "; what the float model finds is the truth, as there are no labels\n" : "\n";
  text += accuracy_text(r);
  text += "network " + fixed(r.ms_before, 2) + " ms a picture before, " + fixed(r.ms_after, 2) +
          " after, on one thread\n";
  return text;
}

}  // namespace shrike
