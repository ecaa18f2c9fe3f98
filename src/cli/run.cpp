// shrike run: one NumPy array in, every output of the graph as a file.
#include <cstdio>
#include <filesystem>
#include <set>

#include "base/excerpt.h"
#include "base/file.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/memory_limit.h"
#include "cli/model_option.h"
#include "cli/network.h"
#include "cli/output_names.h"
#include "cli/overwriting.h"
#include "cli/precision_option.h"
#include "cli/tuning_option.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "engine/session.h"
#include "formats/json.h"
#include "formats/npy.h"
#include "passes/pipeline.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

struct Options {
  ModelOption model;
  std::string input, output, size, precision = kFullPrecision;
  int threads = 0, memory_limit = 0;
  bool tune = false, json = false;
};

Result<std::vector<Tensor>> run_once(Graph graph, const Tensor& input, const std::string& source,
                                     const Options& o) {
  if (graph.inputs.size() != 1)
    return model_error(source + " has " + std::to_string(graph.inputs.size()) +
                       " inputs; run feeds one");
  if (input.dtype() != DType::kF32)
    return input_error(o.input + " holds " + std::string(dtype_name(input.dtype())) +
                       ", not float32");
  SHRIKE_TRY(check_tune(o.tune, o.memory_limit));
  SHRIKE_ASSIGN(const kernels::Precision precision, parse_precision(o.precision));
  if (!o.size.empty()) {
    SHRIKE_ASSIGN(const auto size, parse_size(o.size));
    SHRIKE_ASSIGN(graph, at_size(std::move(graph), size, source));
  }
  const std::optional<Shape> wanted = graph.value(graph.inputs[0]).shape;
  const Shape shapes[] = {input.shape()};
  const Tensor inputs[] = {input};
  const MemoryLimit limit = process_limit(o.memory_limit, input.byte_size());
  Result<std::vector<Tensor>> outputs = [&]() -> Result<std::vector<Tensor>> {
    SHRIKE_ASSIGN(Graph prepared, prepare_for_inference(std::move(graph), shapes));
    SessionOptions options{.threads = o.threads, .memory = limit};
    options.precision = precision;
    KernelTuner tuner;
    if (o.tune) {
      SHRIKE_ASSIGN(options.choose_conv, tuner.choice(prepared, options.precision));
    }
    SHRIKE_ASSIGN(Session session, Session::create(std::move(prepared), options));
    tell_fewer_threads(limit, o.threads, session.plan().threads());
    return session.run(inputs);
  }();
  if (outputs) return outputs;
  return in_context("running " + source + " (input " + (wanted ? to_string(*wanted) : "?") +
                        ") on " + o.input + " (" + to_string(input.shape()) + ")",
                    outputs.error());
}

// NAME.npy, or NAME_2.npy where an output before took that name.
std::vector<fs::path> output_files(const std::vector<std::string>& names, const fs::path& folder) {
  std::set<std::string> taken;
  std::vector<fs::path> files;
  for (const std::string& output : names) {
    const std::string own = safe_file_name(output);
    std::string name = own;
    for (int number = 2; !taken.insert(name).second; ++number)
      name = own + "_" + std::to_string(number);
    files.push_back(folder / (name + ".npy"));
  }
  return files;
}

// A row for each: {"name", "file", "type", "shape"}.
Result<Json> save_outputs(const std::vector<Tensor>& outputs, const std::vector<std::string>& names,
                          const std::vector<fs::path>& files, const fs::path& folder) {
  SHRIKE_TRY(make_folders(folder));
  Json rows = Json::array();
  for (size_t i = 0; i < outputs.size(); ++i) {
    SHRIKE_TRY(save_npy(outputs[i], files[i]));
    rows.push_back({{"name", names[i]},
                    {"file", files[i].string()},
                    {"type", dtype_name(outputs[i].dtype())},
                    {"shape", outputs[i].shape().dims()}});
  }
  return rows;
}

void print_outputs(const std::vector<Tensor>& outputs, const Json& rows) {
  for (size_t i = 0; i < outputs.size(); ++i)
    std::printf("%s  %s %s\n", printable(rows[i]["file"].get<std::string>()).c_str(),
                rows[i]["type"].get<std::string>().c_str(), to_string(outputs[i].shape()).c_str());
}

void add_options(CLI::App& app, Options& o) {
  add_model_options(app, o.model);
  app.add_option("--input", o.input, "The array, a .npy file")->type_name(kFileValue)->required();
  app.add_option("--output", o.output,
                 "Folder for the outputs; unsafe characters of their names become _")
      ->type_name(kFolderValue)
      ->required();
  add_size_option(app, o.size);
  add_threads_option(app, o.threads);
  add_memory_limit_option(app, o.memory_limit);
  add_tune_option(app, o.tune);
  add_precision_option(app, o.precision);
  app.add_flag("--json", o.json, "One JSON object on standard output");
}

}  // namespace

Result<int> run_command(const Words& words) {
  Options o;
  CLI::App app(
      "Feeds one float32 array (N, C, H, W), as it is, and writes each output of the "
      "model as DIR/NAME.npy.",
      "shrike run");
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (!arguments.words.empty())
    return usage_error("run takes --input FILE, not the word " + arguments.words.front());

  SHRIKE_ASSIGN(const Tensor input, read_npy(o.input));
  SHRIKE_ASSIGN(LoadedModel model, load_model_option(o.model));
  std::vector<std::string> names;
  for (ValueId id : model.graph.outputs) names.push_back(model.graph.value(id).name);
  const std::vector<fs::path> files = output_files(names, o.output);
  model.files.emplace_back(o.input);
  for (const fs::path& file : files) SHRIKE_TRY(check_not_input(file, model.files));
  SHRIKE_ASSIGN(const std::vector<Tensor> outputs,
                run_once(std::move(model.graph), input, model.source, o));
  SHRIKE_ASSIGN(const Json rows, save_outputs(outputs, names, files, o.output));
  if (o.json) {
    std::printf("%s\n", dump_json({{"model", model.source}, {"outputs", rows}}).c_str());
  } else {
    print_outputs(outputs, rows);
  }
  return kExitOk;
}

}  // namespace shrike
