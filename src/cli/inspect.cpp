// shrike inspect: what a model is made of.
#include <cstdio>
#include <map>

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

// What is shown of a graph, which itself goes into the plan.
struct Summary {
  std::vector<Value> inputs, outputs;
  std::map<std::string, std::string> metadata;
  NetworkSize size;
  Result<std::string> head = usage_error("not looked for");
};

Summary summary_of(const Graph& graph) {
  Summary summary{{}, {}, graph.metadata, size_of(graph), describe_head(graph)};
  for (ValueId id : graph.inputs) summary.inputs.push_back(graph.value(id));
  for (ValueId id : graph.outputs) summary.outputs.push_back(graph.value(id));
  return summary;
}

std::string value_text(const Value& value) {
  return value.name + " " + std::string(dtype_name(value.dtype)) + " " +
         (value.shape ? to_string(*value.shape) : "?");
}

std::string joined(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) text += (text.empty() ? "" : ", ") + value_text(value);
  return text;
}

Json values_json(const std::vector<Value>& values) {
  Json rows = Json::array();
  for (const Value& value : values) {
    Json shape = value.shape ? Json(value.shape->dims()) : Json();
    rows.push_back(
        {{"name", value.name}, {"type", dtype_name(value.dtype)}, {"shape", std::move(shape)}});
  }
  return rows;
}

// The plan that would be run, on one thread: its steps are the layers.
Result<Session> planned(Graph graph, int limit) {
  std::vector<Shape> shapes;
  size_t inputs = 0;
  for (ValueId id : graph.inputs) {
    shapes.push_back(*graph.value(id).shape);
    inputs += static_cast<size_t>(shapes.back().element_count().value_or(0)) * sizeof(float);
  }
  SHRIKE_ASSIGN(Graph prepared, prepare_for_inference(std::move(graph), shapes));
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
    for (const StepPart& part : info.parts)
      if (explain && !part.op.empty())
        std::printf("%48s  %s %s, %s, %s\n", "", part.op.c_str(),
                    to_string(part.output_shape).c_str(), part.kernel.c_str(),
                    printable(part.node).c_str());
    for (const DeclinedWay& way : info.declined)
      if (explain) std::printf("%48s  not %s: %s\n", "", way.way.c_str(), way.reason.c_str());
  }
}

void print_text(const LoadedModel& model, const Summary& graph, const Result<Session>& session,
                const Options& o) {
  std::printf("model        %s, %.1f MB\n", printable(model.source).c_str(),
              static_cast<double>(model.bytes) / 1e6);
  std::printf("inputs       %s\n", printable(joined(graph.inputs)).c_str());
  std::printf("outputs      %s\n", printable(joined(graph.outputs)).c_str());
  for (const auto& [key, value] : graph.metadata)
    std::printf("%-12s %s\n", printable(key).c_str(), printable(value.substr(0, 200)).c_str());
  std::printf("head         %s\n",
              graph.head ? graph.head->c_str()
                         : ("not recognised: " + printable(graph.head.error().message)).c_str());
  std::printf("parameters   %.3f M\n", static_cast<double>(graph.size.parameters) / 1e6);
  std::printf("MACs         %.3f G\n", static_cast<double>(graph.size.macs) / 1e9);
  if (!session) {
    std::printf("cannot run   %s\n", printable(session.error().message).c_str());
    return;
  }
  const Plan& plan = session->plan();
  std::printf("computed     %.3f G MACs\n", static_cast<double>(plan.macs()) / 1e9);
  std::printf("activations  %.1f MB\n", static_cast<double>(plan.arena_bytes()) / 1e6);
  if (o.memory) print_memory(plan);
  print_layers(plan, o.explain);
}

void print_json(const LoadedModel& model, const Summary& graph, const Result<Session>& session,
                const Options& o) {
  Json json = {{"model", model.source},
               {"model_bytes", model.bytes},
               {"inputs", values_json(graph.inputs)},
               {"outputs", values_json(graph.outputs)},
               {"metadata", graph.metadata},
               {"head", graph.head ? Json(*graph.head) : Json()},
               {"parameters", graph.size.parameters},
               {"macs", graph.size.macs}};
  if (!graph.head) json["head_reason"] = graph.head.error().message;
  if (session) {
    json["computed_macs"] = session->plan().macs();
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
  SHRIKE_ASSIGN(Graph graph, at_size(std::move(model.graph), size, model.source));
  if (o.text) {
    const std::string text = print_graph(graph, {o.whole ? -1 : kShownElements});
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kExitOk;
  }
  const Summary summary = summary_of(graph);
  const Result<Session> session = planned(std::move(graph), o.memory_limit);
  (o.json ? print_json : print_text)(model, summary, session, o);
  return kExitOk;
}

}  // namespace shrike
