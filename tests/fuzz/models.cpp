// Harnesses of model files: what is read must be sound, and must go all the way that commands send
// it, up to the plan, or be refused.
#include "base/tensor.h"
#include "darknet_net.h"
#include "detect/network.h"
#include "engine/session.h"
#include "formats/darknet/cfg.h"
#include "formats/darknet_reader.h"
#include "formats/onnx_reader.h"
#include "formats/onnx_writer.h"
#include "harness.h"
#include "hostile_folder.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "memory_file.h"
#include "passes/pipeline.h"

namespace shrike::fuzz {

namespace {

constexpr int kSide = 64;  // of pictures, where the model leaves it open

void plan_of(const Graph& prepared, bool nhwc_ports) {
  (void)Session::create(prepared, {.threads = 1, .nhwc_ports = nhwc_ports});
}

// As `detect`.
void to_detector(const Graph& graph) {
  LoadOptions options;
  const Result<Network> network = make_network(graph, options);
  if (!has_value(network)) return;
  require(!!verify(network->graph), "a network that is made is sound");
  plan_of(network->graph, true);
}

// As `run`, `bench` and `inspect`.
void to_session(const Graph& graph) {
  const Result<std::vector<Shape>> shapes = input_shapes(graph, kSide, kSide);
  if (!has_value(shapes)) return;
  const Result<Graph> prepared = prepare_for_inference(graph, *shapes);
  if (!has_value(prepared)) return;
  require(!!verify(*prepared), "a graph that is prepared is sound");
  plan_of(*prepared, false);
}

// As `convert`.
void to_file(Graph graph) {
  if (!has_value(run_passes(graph, saving_passes())) ||
      !has_value(run_passes(graph, cleanup_passes())))
    return;
  require(!!verify(graph), "a graph to be saved is sound");
  const Result<std::string> written = write_onnx(graph, {17});
  if (!has_value(written)) return;
  const Result<Graph> back = read_onnx(std::as_bytes(std::span(*written)), nullptr, "written");
  require(!!back, "a model that is written reads back");
}

void all_commands(const Graph& graph) {
  require(!!verify(graph), "a model that is read is sound");
  const Result<Graph> parsed = parse_graph(print_graph(graph), "printed");
  require(parsed && same_graph(graph, *parsed), "a graph's text reads back as the graph");
  to_detector(graph);
  to_session(graph);
  to_file(graph);
}

}  // namespace

void run_onnx(Bytes input) {
  // What hostile external data could name lies there.
  static const HostileFolder folder;
  const Result<Graph> graph = read_onnx(input, nullptr, "fuzz.onnx", folder.path());
  if (has_value(graph)) return all_commands(*graph);
  require(graph.error().message.find("fuzz.onnx") != std::string::npos, "an error names the file");
}

void run_graph_text(Bytes input) {
  const Result<Graph> graph = parse_graph(as_text(input), "fuzz.txt");
  if (!has_value(graph)) return;
  const Result<Graph> again = parse_graph(print_graph(*graph), "printed");
  require(again && same_graph(*graph, *again), "a graph's text reads back as the graph");
  (void)has_value(verify(*graph));
}

void run_darknet_cfg(Bytes input) {
  static const MemoryFile weights(darknet_weights_bytes(4096));
  (void)has_value(darknet::parse_cfg(as_text(input), "fuzz.cfg"));
  const MemoryFile cfg(as_text(input));
  const Result<Graph> graph = read_darknet(cfg.path(), weights.path());
  if (has_value(graph)) all_commands(*graph);
}

void run_darknet_weights(Bytes input) {
  static const MemoryFile cfg{std::string_view(kDarknetNet)};
  const MemoryFile weights(as_text(input));
  const Result<Graph> graph = read_darknet(cfg.path(), weights.path());
  if (has_value(graph)) all_commands(*graph);
}

}  // namespace shrike::fuzz
