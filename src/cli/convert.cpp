// shrike convert: any model that Shrike reads, as ONNX.
#include <cstdio>
#include <filesystem>

#include "base/excerpt.h"
#include "base/file_name.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/memory_option.h"
#include "cli/model_names.h"
#include "cli/model_option.h"
#include "cli/network.h"
#include "cli/overwriting.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "cli/values.h"
#include "formats/json.h"
#include "formats/names_literal.h"
#include "formats/onnx_writer.h"
#include "passes/pipeline.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string size, names_file;
  bool fold = false, json = false;
  OnnxWriteOptions write;
};

// MODEL OUT, or CFG WEIGHTS OUT with the first two in either order.
Result<ModelOption> model_of(const Words& words) {
  if (words.size() == 2) return ModelOption{words[0], {}};
  if (words.size() != 3)
    return usage_error(
        "convert needs a model and a file to write: shrike convert a.cfg a.weights "
        "b.onnx");
  const bool swapped = lower_ending(words[0]) == ".weights";
  return ModelOption{words[swapped ? 1 : 0], words[swapped ? 0 : 1]};
}

Result<Graph> converted(LoadedModel model, const Options& o) {
  Graph graph = std::move(model.graph);
  if (!o.size.empty()) {
    SHRIKE_ASSIGN(const auto size, parse_size(o.size));
    SHRIKE_ASSIGN(graph, at_size(std::move(graph), size, model.source));
  }
  if (!o.names_file.empty()) {
    SHRIKE_ASSIGN(model.names, read_names_file(o.names_file));
  }
  const bool asked = !o.names_file.empty();
  if (asked || !graph.metadata.contains("names")) SHRIKE_TRY(add_names(graph, model.names));
  SHRIKE_TRY(run_passes(graph, saving_passes()));
  SHRIKE_TRY(run_passes(graph, cleanup_passes()));
  if (o.fold) SHRIKE_TRY(run_passes(graph, folding_passes()));
  return graph;
}

}  // namespace

Result<int> convert_command(const Words& words) {
  Options o;
  std::vector<std::string> shown_in_the_help;
  CLI::App app(
      "Writes a model (an .onnx, a Darknet .cfg and .weights, or a name that pull knows) "
      "as ONNX that other programs run.",
      "shrike convert");
  app.add_option("model", shown_in_the_help, "The model's file or files, then the file to write")
      ->type_name(kFileValue);
  add_size_option(app, o.size);
  app.add_flag("--fold-batchnorm", o.fold, "Batch norms go into the convolutions before them");
  app.add_option("--opset", o.write.opset, "ONNX operator set")
      ->capture_default_str()
      ->check(whole_number_in(kMinWriteOpset, kMaxWriteOpset));
  app.add_option("--names", o.names_file, "File with the names of the classes, one a line")
      ->type_name(kFileValue);
  app.add_flag("--json", o.json, "One JSON object on standard output");
  add_memory_option(app);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;

  SHRIKE_ASSIGN(const ModelOption option, model_of(arguments.words));
  const fs::path out = arguments.words.back();
  if (lower_ending(out) != ".onnx")
    return usage_error("convert writes ONNX: " + out.string() + " does not end in .onnx");
  SHRIKE_ASSIGN(FoundModel found, find_model_files(option));
  SHRIKE_ASSIGN(LoadedModel model, load_found_model(std::move(found)));
  SHRIKE_TRY(check_not_input(out, model.files));
  SHRIKE_TRY(check_not_input(out, {o.names_file}));
  const std::string source = model.source;
  Result<Graph> graph = converted(std::move(model), o);
  if (!graph) return in_context("convert " + source, graph.error());
  if (Result<void> saved = save_onnx(*graph, out, o.write); !saved)
    return in_context("convert " + source, saved.error());
  say("wrote " + printable(out.string()));
  if (o.json)
    std::printf("%s\n", dump_json({{"model", source},
                                   {"file", out.string()},
                                   {"opset", o.write.opset},
                                   {"nodes", graph->nodes.size()}})
                            .c_str());
  return kExitOk;
}

}  // namespace shrike
