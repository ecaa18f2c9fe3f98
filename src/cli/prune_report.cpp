#include "cli/prune_report.h"

#include "cli/judgement_text.h"
#include "cli/table_text.h"
#include "formats/json.h"
#include "report/number.h"

namespace shrike {

namespace {

template <typename T>
Json pair_of(const T& before, const T& after) {
  return {{"before", before}, {"after", after}};
}

std::string change(double before, double after, int digits, const char* unit) {
  const double share = before > 0 ? after / before : 0;
  return fixed(before, digits) + " before, " + fixed(after, digits) + unit + " after (" +
         fixed(100 * share, 1) + " %)\n";
}

Json recovery_json(const RecoveryReport& r) {
  return {{"epochs", r.epochs},
          {"steps", r.steps},
          {"folder", r.folder},
          {"bytes", r.bytes},
          {"map50_95", accuracy_json(r.judgement)},
          {"network_ms", r.ms}};
}

std::string recovery_text(const RecoveryReport& r) {
  const std::string steps = r.steps > 1 ? " in " + std::to_string(r.steps) + " steps" : "";
  return "after " + std::to_string(r.epochs) + (r.epochs == 1 ? " epoch" : " epochs") +
         " of training" + steps + " (" + r.folder + "): file " +
         fixed(static_cast<double>(r.bytes) * 1e-6, 2) + " MB, network " + fixed(r.ms, 2) +
         " ms\n" + accuracy_text(r.judgement);
}

}  // namespace

std::string prune_json(const Graph& before, const PruneReport& r) {
  const PruneOutcome& o = r.outcome;
  Json layers = Json::array(), whole = Json::array();
  for (const PrunedLayer& layer : o.layers)
    layers.push_back({{"name", layer.name}, {"before", layer.before}, {"after", layer.after}});
  for (const Whole& part : o.whole)
    whole.push_back({{"node", describe_whole(before, part)}, {"channels", part.channels}});
  const char* const all = r.unstructured ? "all" : "removable";
  const char* const gone = r.unstructured ? "zero" : "removed";
  Json json = {{"model", r.model},
               {"file", r.file},
               {"data", r.data},
               {"importance", r.importance},
               {"judged_pictures", r.judgement.pictures},
               {"truth", r.own_truth ? "model" : "labels"},
               {"macs", pair_of(o.before.macs, o.after.macs)},
               {"parameters", pair_of(o.before.parameters, o.after.parameters)},
               {"bytes", pair_of(r.bytes_before, r.bytes_after)},
               {r.unstructured ? "blocks" : "channels", {{all, o.channels}, {gone, o.removed}}},
               {"map50_95", accuracy_json(r.judgement)},
               {"network_ms", pair_of(r.ms_before, r.ms_after)}};
  if (o.table_ms_before > 0) json["table_ms"] = pair_of(o.table_ms_before, o.table_ms_after);
  if (r.recovery) json["recovery"] = recovery_json(*r.recovery);
  json["layers"] = layers;
  json["whole"] = whole;
  return dump_json(json) + "\n";
}

std::string prune_text(const PruneReport& r) {
  const PruneOutcome& o = r.outcome;
  Table table;
  table.columns = {{"Layer"}, {"Channels before", true}, {"After", true}};
  for (const PrunedLayer& layer : o.layers)
    if (layer.before != layer.after)
      table.rows.push_back({layer.name, Number{static_cast<double>(layer.before), 0},
                            Number{static_cast<double>(layer.after), 0}});
  std::string text = table.rows.empty() ? "" : table_text(table) + "\n";
  text += grouped(static_cast<uint64_t>(o.removed)) + " of the " +
          grouped(static_cast<uint64_t>(o.channels)) +
          (r.unstructured ? " blocks of four weights are zero; of what is not zero:\n"
                          : " channels that can leave have left\n");
  const auto scaled = [](auto x, double unit) { return static_cast<double>(x) / unit; };
  text += "multiply-adds " + change(scaled(o.before.macs, 1e6), scaled(o.after.macs, 1e6), 1, " M");
  text += "parameters    " +
          change(scaled(o.before.parameters, 1e6), scaled(o.after.parameters, 1e6), 3, " M");
  text +=
      "file          " + change(scaled(r.bytes_before, 1e6), scaled(r.bytes_after, 1e6), 2, " MB");
  text += "network       " + change(r.ms_before, r.ms_after, 2, " ms");
  if (o.table_ms_before > 0)
    text += "by the table  " + change(o.table_ms_before, o.table_ms_after, 2, " ms");
  text += "judged by " + grouped(r.judgement.pictures) + " pictures";
  text += r.own_truth ? "; what the model finds is the truth, as there are no labels\n" : "\n";
  text += accuracy_text(r.judgement);
  return r.recovery ? text + recovery_text(*r.recovery) : text;
}

}  // namespace shrike
