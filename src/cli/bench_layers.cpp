#include "cli/bench_layers.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <vector>

#include "base/excerpt.h"
#include "kernels/tile/peak.h"

namespace shrike {

namespace {

// Time and multiply-adds of one step, or of several.
struct Cost {
  int count = 0;
  double ms = 0;
  int64_t macs = 0;

  void add(const Cost& other) {
    count += other.count;
    ms += other.ms;
    macs += other.macs;
  }
};

void put_cost(Json& row, const Cost& cost, double total_ms, double peak) {
  row["ms"] = cost.ms;
  row["share"] = total_ms > 0 ? cost.ms / total_ms : 0;
  const bool multiplies = cost.macs > 0 && cost.ms > 0;
  const double gmacs = multiplies ? static_cast<double>(cost.macs) / cost.ms * 1e-6 : 0;
  row["gmacs"] = multiplies ? Json(gmacs) : Json();
  row["peak"] = multiplies ? Json(gmacs / peak) : Json();
}

Json sums_json(const std::map<std::string, Cost>& sums, double total_ms, double peak) {
  std::vector<std::pair<std::string, Cost>> ordered(sums.begin(), sums.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.second.ms > b.second.ms; });
  Json rows = Json::array();
  for (const auto& [name, cost] : ordered) {
    Json row = {{"name", name}, {"count", cost.count}};
    put_cost(row, cost, total_ms, peak);
    rows.push_back(std::move(row));
  }
  return rows;
}

Json parts_json(const StepInfo& info) {
  Json rows = Json::array();
  for (const StepPart& part : info.parts)
    if (part.op.empty()) {
      rows.push_back({{"node", part.node}, {"problem", part.problem}, {"macs", part.macs}});
    } else {
      rows.push_back({{"node", part.node},
                      {"op", part.op},
                      {"shape", to_string(part.output_shape)},
                      {"kernel", part.kernel}});
    }
  return rows;
}

Json declined_json(const StepInfo& info) {
  Json rows = Json::array();
  for (const DeclinedWay& way : info.declined)
    rows.push_back({{"way", way.way}, {"reason", way.reason}});
  return rows;
}

// "      12.3   44.5  75 %", of whatever has a cost.
std::string cost_text(const Json& row) {
  char text[64], speed[32] = "";
  if (!row["gmacs"].is_null())
    std::snprintf(speed, sizeof speed, "%7.1f %4.0f %%", row["gmacs"].get<double>(),
                  100 * row["peak"].get<double>());
  std::snprintf(text, sizeof text, "%9.3f %5.1f %% %14s", row["ms"].get<double>(),
                100 * row["share"].get<double>(), speed);
  return text;
}

std::string word(const Json& row, const char* key) {
  return printable(row[key].get<std::string>());
}

std::string part_text(const Json& part) {
  if (part.contains("problem")) return word(part, "problem");
  return word(part, "op") + " " + word(part, "shape") + ", " + word(part, "kernel");
}

// One line a reason: "not a, b: the reason".
void print_declined(const Json& declined) {
  std::set<std::string> said;
  for (const Json& first : declined) {
    const std::string reason = word(first, "reason");
    if (!said.insert(reason).second) continue;
    std::string ways;
    for (const Json& row : declined)
      if (word(row, "reason") == reason) ways += (ways.empty() ? "" : ", ") + word(row, "way");
    std::printf("%35snot %s: %s\n", "", ways.c_str(), reason.c_str());
  }
}

void print_sums(const char* title, const Json& rows) {
  std::printf("\n%9s %7s %14s  %s\n", "MS", "SHARE", "GMAC/S  PEAK", title);
  for (const Json& row : rows)
    if (row["ms"].get<double>() > 0)
      std::printf("%s  %s, %d\n", cost_text(row).c_str(), word(row, "name").c_str(),
                  row["count"].get<int>());
}

Json event_json(const TraceEvent& event, const StepInfo& info) {
  Json json = {{"name", event.is_step ? info.op + " " + info.node : info.kernel},
               {"cat", event.is_step ? "step" : "work"},
               {"ph", "X"},
               {"pid", 0},
               {"tid", event.thread},
               {"ts", event.begin_us},
               {"dur", event.end_us - event.begin_us}};
  if (event.is_step)
    json["args"] = {
        {"kernel", info.kernel}, {"shape", to_string(info.output_shape)}, {"macs", info.macs}};
  return json;
}

}  // namespace

Json layers_json(const Session& session) {
  const double peak = kernels::peak_gmacs() * session.threads();
  const std::vector<Plan::Entry>& steps = session.plan().steps();
  std::map<std::string, Cost> kernels, operators;
  Cost total;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Cost cost{steps[i].info.layers(), session.step_ms()[i], steps[i].info.macs};
    total.add(cost);
    kernels[steps[i].info.kernel].add(cost);
    operators[steps[i].info.op].add(cost);
  }
  Json layers = Json::array();
  for (size_t i = 0; i < steps.size(); ++i) {
    const StepInfo& info = steps[i].info;
    Json row = {{"node", info.node},
                {"op", info.op},
                {"shape", to_string(info.output_shape)},
                {"kernel", info.kernel},
                {"macs", info.macs},
                {"problem", info.problem.empty() ? Json() : Json(info.problem)}};
    put_cost(row, {1, session.step_ms()[i], info.macs}, total.ms, peak);
    row["parts"] = parts_json(info);
    row["declined"] = declined_json(info);
    layers.push_back(std::move(row));
  }
  return {{"peak_gmacs", peak},
          {"layers", std::move(layers)},
          {"by_kernel", sums_json(kernels, total.ms, peak)},
          {"by_operator", sums_json(operators, total.ms, peak)}};
}

void print_layers(const Json& layers) {
  std::printf("peak     %.1f GMAC/s\n\n", layers["peak_gmacs"].get<double>());
  std::printf("%9s %7s %14s  %-14s %-16s %s\n", "MS", "SHARE", "GMAC/S  PEAK", "OPERATOR", "OUTPUT",
              "KERNEL, NODE");
  for (const Json& row : layers["layers"]) {
    std::printf("%s  %-14s %-16s %s, %s\n", cost_text(row).c_str(), word(row, "op").c_str(),
                word(row, "shape").c_str(), word(row, "kernel").c_str(), word(row, "node").c_str());
    if (!row["problem"].is_null()) std::printf("%35s%s\n", "", word(row, "problem").c_str());
    for (const Json& part : row["parts"])
      std::printf("%35s%s, %s\n", "", part_text(part).c_str(), word(part, "node").c_str());
    print_declined(row["declined"]);
  }
  print_sums("KERNEL, LAYERS", layers["by_kernel"]);
  print_sums("OPERATOR, LAYERS", layers["by_operator"]);
}

std::string chrome_trace(const Plan& plan, const Trace& trace) {
  Json events = Json::array();
  std::set<int> threads;
  for (const TraceEvent& event : trace) {
    threads.insert(event.thread);
    events.push_back(event_json(event, plan.steps()[static_cast<size_t>(event.step)].info));
  }
  for (const int thread : threads)
    events.push_back({{"name", "thread_name"},
                      {"ph", "M"},
                      {"pid", 0},
                      {"tid", thread},
                      {"args", {{"name", "thread " + std::to_string(thread)}}}});
  return dump_json({{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}});
}

}  // namespace shrike
