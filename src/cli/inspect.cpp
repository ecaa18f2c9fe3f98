// shrike inspect: what a model is made of.
#include <cstdio>

#include "base/excerpt.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/memory_limit.h"
#include "cli/memory_report.h"
#include "cli/model_option.h"
#include "cli/network.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "engine/session.h"
#include "formats/json.h"
#include "ir/text.h"
#include "passes/pipeline.h"

namespace shrike {

namespace {

constexpr int64_t kShownElements = 16;  // of a constant in the graph's text

struct Options {
  ModelOption model;
  std::string size;
  int memory_limit = 0;
  bool json = false, text = false, whole = false, explain = false, memory = false;
};

std::string value_text(const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  return value.name + " " + std::string(dtype_name(value.dtype)) + " " +
         (value.shape ? to_string(*value.shape) : "?");
}

std::string joined(const Graph& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (ValueId id : ids) text += (text.empty() ? "" : ", ") + value_text(graph, id);
  return text;
}

Json values_json(const Graph& graph, const std::vector<ValueId>& ids) {
  Json rows = Json::array();
  for (ValueId id : ids) {
    const Value& value = graph.value(id);
    Json shape = value.shape ? Json(value.shape->dims()) : Json();
    rows.push_back(
        {{"name", value.name}, {"type", dtype_name(value.dtype)}, {"shape", std::move(shape)}});
  }
  return rows;
}

// The plan that would be run, on one thread: its steps are the layers.
Result<Session> planned(const Graph& graph, int limit) {
  std::vector<Shape> shapes;
  size_t inputs = 0;
  for (ValueId id : graph.inputs) {
    shapes.push_back(*graph.value(id).shape);
    inputs += static_cast<size_t>(shapes.back().element_count().value_or(0)) * sizeof(float);
  }
  SHRIKE_ASSIGN(Graph prepared, prepare_for_inference(graph, shapes));
  return Session::create(std::move(prepared),
                         {.threads = 1, .memory = process_limit(limit, inputs)});
}

Json layers_json(const Plan& plan, bool explain) {
  Json rows = Json::array();
  for (const Plan::Entry& entry : plan.steps()) {
    const StepInfo& info = entry.info;
    Json row = {{"node", info.node},
                {"op", info.op},
                {"shape", info.output_shape.dims()},
                {"macs", info.macs}};
    if (explain) {
      row["kernel"] = info.kernel;
      row["declined"] = Json::array();
      for (const DeclinedWay& way : info.declined)
        row["declined"].push_back({{"way", way.way}, {"reason", way.reason}});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void print_layers(const Plan& plan, bool explain) {
  std::printf("\n%-16s %-18s %12s  %s\n", "OPERATOR", "OUTPUT", "MMACS",
              explain ? "KERNEL, NODE" : "NODE");
  for (const Plan::Entry& entry : plan.steps()) {
    const StepInfo& info = entry.info;
    std::printf("%-16s %-18s %12.3f  %s%s\n", info.op.c_str(), to_string(info.output_shape).c_str(),
                static_cast<double>(info.macs) / 1e6, explain ? (info.kernel + ", ").c_str() : "",
                printable(info.node).c_str());
    for (const DeclinedWay& way : info.declined)
      if (explain) std::printf("%48s  not %s: %s\n", "", way.way.c_str(), way.reason.c_str());
  }
}

void print_text(const LoadedModel& model, const Graph& graph, const Result<std::string>& head,
                const Result<Session>& session, const Options& o) {
  std::printf("model        %s, %.1f MB\n", printable(model.source).c_str(),
              static_cast<double>(model.bytes) / 1e6);
  std::printf("inputs       %s\n", printable(joined(graph, graph.inputs)).c_str());
  std::printf("outputs      %s\n", printable(joined(graph, graph.outputs)).c_str());
  for (const auto& [key, value] : graph.metadata)
    std::printf("%-12s %s\n", printable(key).c_str(), printable(value.substr(0, 200)).c_str());
  std::printf(
      "head         %s\n",
      head ? head->c_str() : ("not recognised: " + printable(head.error().message)).c_str());
  std::printf("parameters   %.3f M\n", static_cast<double>(parameter_count(graph)) / 1e6);
  if (!session) {
    std::printf("cannot run   %s\n", printable(session.error().message).c_str());
    return;
  }
  const Plan& plan = session->plan();
  std::printf("MACs         %.3f G\n", static_cast<double>(plan.macs()) / 1e9);
  std::printf("activations  %.1f MB\n", static_cast<double>(plan.arena_bytes()) / 1e6);
  if (o.memory) print_memory(plan);
  print_layers(plan, o.explain);
}

void print_json(const LoadedModel& model, const Graph& graph, const Result<std::string>& head,
                const Result<Session>& session, const Options& o) {
  Json json = {{"model", model.source},
               {"model_bytes", model.bytes},
               {"inputs", values_json(graph, graph.inputs)},
               {"outputs", values_json(graph, graph.outputs)},
               {"metadata", graph.metadata},
               {"head", head ? Json(*head) : Json()},
               {"parameters", parameter_count(graph)}};
  if (!head) json["head_reason"] = head.error().message;
  if (session) {
    json["macs"] = session->plan().macs();
    json["activation_bytes"] = session->plan().arena_bytes();
    if (o.memory) json["memory"] = memory_json(session->plan());
    json["layers"] = layers_json(session->plan(), o.explain);
  } else {
    json["cannot_run"] = session.error().message;
  }
  std::printf("%s\n", dump_json(json).c_str());
}

void add_options(CLI::App& app, Options& o) {
  add_model_options(app, o.model);
  add_size_option(app, o.size);
  app.add_flag("--json", o.json, "As JSON");
  app.add_flag("--text", o.text, "Only the graph's text, long constants cut short");
  app.add_flag("--whole", o.whole, "With --text: constants whole, so that it can be read back");
  app.add_flag("--memory", o.memory, "What the plan needs of memory, and for what");
  add_memory_limit_option(app, o.memory_limit);
  app.add_flag("--explain", o.explain, "Which kernel each layer gets, and why not a faster one");
}

}  // namespace

Result<int> inspect_command(const Words& words) {
  Options o;
  std::vector<std::string> shown_in_the_help;
  CLI::App app("Shows what a model is made of.", "shrike inspect");
  app.add_option("model-file", shown_in_the_help, "The model (as with --model)")
      ->type_name(kModelValue);
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (arguments.words.size() > 1) return usage_error("inspect looks at one model");
  if (o.whole && !o.text) return usage_error("--whole is about the graph's text: give --text, too");
  if (o.text && (o.json || o.explain || o.memory || o.memory_limit > 0))
    return usage_error(
        "--text shows only the graph's text: leave --json, --explain, --memory and --memory-limit "
        "out");
  if (!arguments.words.empty()) o.model.model = arguments.words.front();

  SHRIKE_ASSIGN(LoadedModel model, load_model_option(o.model));
  if (o.text && o.size.empty()) {
    const std::string text = print_graph(model.graph, {o.whole ? -1 : kShownElements});
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kExitOk;
  }
  std::optional<std::array<int, 2>> size;
  if (!o.size.empty()) {
    SHRIKE_ASSIGN(size, parse_size(o.size));
  }
  SHRIKE_ASSIGN(const Graph graph, at_size(std::move(model.graph), size, model.source));
  if (o.text) {
    const std::string text = print_graph(graph, {o.whole ? -1 : kShownElements});
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kExitOk;
  }
  const Result<std::string> head = describe_head(graph);
  const Result<Session> session = planned(graph, o.memory_limit);
  (o.json ? print_json : print_text)(model, graph, head, session, o);
  return kExitOk;
}

}  // namespace shrike
