// shrike bench: how long a model takes, and what memory.
#include <chrono>
#include <cstdio>

#include "base/cpu.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/model_option.h"
#include "cli/network.h"
#include "cli/process_memory.h"
#include "cli/statistics.h"
#include "cli/values.h"
#include "engine/session.h"
#include "formats/json.h"
#include "passes/pipeline.h"
#include "vision/decode.h"

namespace shrike {

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  DetectorOptions detector;
  std::string picture;
  int runs = 30, warmup = 3;
  bool json = false, decode = false, layers = false;
};

struct Measured {
  std::vector<double> ms;
  double load_ms = 0;
  double peak_rss_mb = 0;
  int threads = 0;
  int64_t macs = 0;
  Json layers;
};

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Values like those of a picture, the same in every run.
Tensor example_input(const Shape& shape) {
  Tensor tensor(DType::kF32, shape);
  uint32_t state = 1;
  for (float& x : tensor.mutable_data<float>()) {
    state = state * 1664525u + 1013904223u;
    x = static_cast<float>(state >> 8) / 16777216.0f;
  }
  return tensor;
}

Image example_picture(std::array<int, 2> size) {
  Image image(size[1], size[0]);
  uint32_t state = 1;
  for (uint8_t& x : image.bytes()) {
    state = state * 1664525u + 1013904223u;
    x = static_cast<uint8_t>(state >> 24);
  }
  return image;
}

Json layer_rows(const Session& session) {
  Json rows = Json::array();
  const auto& steps = session.plan().steps();
  for (size_t i = 0; i < steps.size(); ++i)
    rows.push_back({{"node", steps[i].info.node},
                    {"op", steps[i].info.op},
                    {"shape", to_string(steps[i].info.output_shape)},
                    {"kernel", steps[i].info.kernel},
                    {"macs", steps[i].info.macs},
                    {"ms", session.step_ms()[i]}});
  return rows;
}

Result<Graph> prepared_network(const Options& o) {
  SHRIKE_ASSIGN(LoadedModel model, load_model_option(o.detector.model));
  std::optional<std::array<int, 2>> size;
  if (!o.detector.size.empty()) {
    SHRIKE_ASSIGN(size, parse_size(o.detector.size));
  }
  SHRIKE_ASSIGN(Graph graph, at_size(std::move(model.graph), size, model.source));
  std::vector<Shape> shapes;
  for (ValueId id : graph.inputs) shapes.push_back(*graph.value(id).shape);
  return prepare_for_inference(std::move(graph), shapes);
}

// From the input tensor to all of the file's own outputs.
Result<Measured> measure_network(const Options& o) {
  Measured measured;
  const Clock::time_point start = Clock::now();
  std::vector<Tensor> inputs;
  SHRIKE_ASSIGN(Session session, [&]() -> Result<Session> {
    SHRIKE_ASSIGN(const Graph graph, prepared_network(o));
    for (ValueId id : graph.inputs) inputs.push_back(example_input(*graph.value(id).shape));
    return Session::create(graph, {o.detector.threads, false});
  }());
  measured.load_ms = ms_since(start);
  for (int i = 0; i < o.warmup + o.runs; ++i) {
    const Clock::time_point run_start = Clock::now();
    SHRIKE_ASSIGN(const auto outputs,
                  o.layers ? session.run_profiled(inputs) : session.run(inputs));
    if (i >= o.warmup) measured.ms.push_back(ms_since(run_start));
  }
  measured.peak_rss_mb = peak_rss_mb();
  measured.threads = session.threads();
  measured.macs = session.plan().macs();
  if (o.layers) measured.layers = layer_rows(session);
  return measured;
}

// From the input tensor to boxes over the threshold, on a picture.
Result<Measured> measure_decoding(const Options& o) {
  Measured measured;
  const Clock::time_point start = Clock::now();
  SHRIKE_ASSIGN(Detector detector, make_detector(o.detector));
  measured.load_ms = ms_since(start);
  Image picture = example_picture(detector.input_size());
  if (!o.picture.empty()) {
    SHRIKE_ASSIGN(picture, read_image(o.picture));
  }
  for (int i = 0; i < o.warmup + o.runs; ++i) {
    SHRIKE_ASSIGN(const Detections found, detector.detect(picture, {}));
    if (i >= o.warmup)
      measured.ms.push_back(found.timing.inference_ms + found.timing.postprocess_ms);
  }
  measured.peak_rss_mb = peak_rss_mb();
  measured.threads = detector.threads();
  measured.macs = detector.macs();
  return measured;
}

void print_text(const Measured& m, const Spread& spread, uint64_t bytes) {
  std::printf("latency  min %.2f ms, median %.2f ms, p90 %.2f ms (%zu runs, %d thread%s)\n",
              spread.min, spread.median, spread.p90, m.ms.size(), m.threads,
              m.threads == 1 ? "" : "s");
  std::printf(
      "load     %.1f ms\nmemory   %.1f MB at most\nmodel    %.1f MB, %.3f GMACs\ncpu      "
      "%s\n",
      m.load_ms, m.peak_rss_mb, static_cast<double>(bytes) / 1e6, static_cast<double>(m.macs) / 1e9,
      cpu_name().c_str());
  for (const Json& row : m.layers) {
    const double ms = row["ms"].get<double>();
    const double gmacs = static_cast<double>(row["macs"].get<int64_t>()) / 1e9;
    std::printf("%8.3f ms %8.1f GMAC/s  %-14s %-16s %-18s %s\n", ms, ms > 0 ? gmacs / ms * 1e3 : 0,
                row["op"].get<std::string>().c_str(), row["shape"].get<std::string>().c_str(),
                row["kernel"].get<std::string>().c_str(), row["node"].get<std::string>().c_str());
  }
}

void add_options(CLI::App& app, Options& o) {
  add_detector_options(app, o.detector);
  app.add_option("--runs", o.runs, "Runs that count")
      ->capture_default_str()
      ->check(whole_number_in(1, 1000000));
  app.add_option("--warmup", o.warmup, "Runs before those")
      ->capture_default_str()
      ->check(whole_number_in(0, 1000000));
  app.add_flag("--json", o.json, "As JSON");
  app.add_flag("--decode", o.decode, "Time up to the boxes, not to the model's own outputs");
  app.add_option("--picture", o.picture, "The picture for --decode (noise when absent)");
  app.add_flag("--layers", o.layers, "The least time of each step, too");
}

// Options that would do nothing.
Result<void> check_combination(const CLI::App& app, const Options& o) {
  if (o.decode && o.layers)
    return usage_error("--layers times the network alone: leave --decode out");
  for (const char* option : {"--picture", "--names", "--layout", "--preprocess"})
    if (!o.decode && app.count(option) > 0)
      return usage_error(std::string(option) + " is about boxes: give --decode, too");
  return {};
}

}  // namespace

Result<int> bench_command(const Words& words) {
  Options o;
  CLI::App app("Measures from the input tensor to all of the model's own outputs.", "shrike bench");
  add_options(app, o);
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (!arguments.words.empty())
    return usage_error("bench takes --model NAME, not the word " + arguments.words.front());
  SHRIKE_TRY(check_combination(app, o));

  SHRIKE_ASSIGN(const FoundModel found, find_model_files(o.detector.model));
  SHRIKE_ASSIGN(const Measured m, o.decode ? measure_decoding(o) : measure_network(o));
  const Spread spread = spread_of(m.ms);
  if (!o.json) {
    print_text(m, spread, found.bytes);
    return kExitOk;
  }
  Json json = {
      {"latency_ms", {{"min", spread.min}, {"median", spread.median}, {"p90", spread.p90}}},
      {"load_ms", m.load_ms},
      {"peak_rss_mb", m.peak_rss_mb},
      {"model_bytes", found.bytes},
      {"gmacs", static_cast<double>(m.macs) / 1e9},
      {"threads", m.threads},
      {"cpu", cpu_name()}};
  if (o.layers) json["layers"] = m.layers;
  std::printf("%s\n", dump_json(json).c_str());
  return kExitOk;
}

}  // namespace shrike
