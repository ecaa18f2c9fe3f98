// shrike bench: how long a model takes, and what memory.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>

#include "base/cpu.h"
#include "base/file.h"
#include "cli/arguments.h"
#include "cli/bench_layers.h"
#include "cli/bench_streams.h"
#include "cli/commands.h"
#include "cli/detector_options.h"
#include "cli/exit_code.h"
#include "cli/memory_limit.h"
#include "cli/model_option.h"
#include "cli/network.h"
#include "cli/network_time.h"
#include "cli/overwriting.h"
#include "cli/process_memory.h"
#include "cli/statistics.h"
#include "cli/tuning_option.h"
#include "cli/value_names.h"
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
  std::string picture, trace;
  int runs = 30, warmup = 3, streams = 0;
  bool json = false, decode = false, layers = false;
};

struct Measured {
  std::vector<double> ms;
  double load_ms = 0;
  double peak_rss_mb = 0;
  int threads = 0;
  int64_t macs = 0;
  double pictures_a_second = 0;  // of streams, else 0
  Json layers;
  std::optional<TuningGain> tuned;
};

// Small, as it is in nobody's account of memory: what is measured begins behind the letterbox.
Image example_picture() {
  Image image(128, 128);
  uint32_t state = 1;
  for (uint8_t& x : image.bytes()) {
    state = state * 1664525u + 1013904223u;
    x = static_cast<uint8_t>(state >> 24);
  }
  return image;
}

// The file's network at the size it is timed at.
Result<Graph> network_of(const Options& o) {
  SHRIKE_ASSIGN(LoadedModel model, load_model_option(o.detector.model));
  SHRIKE_TRY(check_not_input(o.trace, model.files));
  std::optional<std::array<int, 2>> size;
  if (!o.detector.size.empty()) {
    SHRIKE_ASSIGN(size, parse_size(o.detector.size));
  }
  return at_size(std::move(model.graph), size, model.source);
}

Result<Graph> prepared_network(const Options& o) {
  SHRIKE_ASSIGN(Graph graph, network_of(o));
  std::vector<Shape> shapes;
  for (ValueId id : graph.inputs) shapes.push_back(*graph.value(id).shape);
  Result<Graph> prepared = prepare_for_inference(std::move(graph), shapes);
  if (!prepared) return in_context(o.detector.model.model, prepared.error());
  return prepared;
}

// One profiled run after the other: the layers, and the trace of the fastest.
Result<void> measure_layers(const Options& o, Session& session, std::span<const Tensor> inputs,
                            Measured& measured) {
  Trace trace, fastest;
  for (int i = 0; i < o.warmup + o.runs; ++i) {
    const Clock::time_point run_start = Clock::now();
    SHRIKE_TRY(session.run_profiled(inputs, o.trace.empty() ? nullptr : &trace));
    if (i < o.warmup) continue;
    measured.ms.push_back(ms_since(run_start));
    if (measured.ms.back() <= *std::min_element(measured.ms.begin(), measured.ms.end()))
      fastest = trace;
  }
  if (o.layers) measured.layers = layers_json(session);
  if (o.trace.empty()) return {};
  return write_file(o.trace, chrome_trace(session.plan(), fastest));
}

Result<void> measure_runs(const Options& o, Session& session, std::span<const Tensor> inputs,
                          Measured& measured) {
  if (o.layers || !o.trace.empty()) return measure_layers(o, session, inputs, measured);
  if (o.streams > 0) {
    SHRIKE_ASSIGN(StreamTimes times, run_streams(session, inputs, o.streams, o.warmup, o.runs));
    measured.ms = std::move(times.ms);
    measured.pictures_a_second = times.pictures_a_second;
    return {};
  }
  SHRIKE_ASSIGN(measured.ms, time_runs(session, inputs, o.warmup, o.runs));
  return {};
}

// The network ready to run, and example inputs for it. The graph goes with the return.
Result<Session> create_session(const Options& o, std::vector<Tensor>& inputs, KernelTuner& tuner) {
  SHRIKE_ASSIGN(Graph graph, prepared_network(o));
  size_t held = 0;
  const auto named = [&](const Error& error) { return in_context(o.detector.model.model, error); };
  for (ValueId id : graph.inputs) {
    Result<Tensor> input = example_input(*graph.value(id).shape);
    if (!input) return named(input.error());
    inputs.push_back(*std::move(input));
    held += inputs.back().byte_size();
  }
  const auto sessions = static_cast<size_t>(std::max(1, o.streams));
  SessionOptions options{.threads = threads_a_stream(o.detector.threads, o.streams),
                         .memory = process_limit(o.detector.memory_limit, held, sessions)};
  SHRIKE_ASSIGN(options.precision, parse_precision(o.detector.precision));
  if (o.detector.tune) {
    SHRIKE_ASSIGN(options.choose_conv, tuner.choice(graph, options.precision));
  }
  Result<Session> session = Session::create(std::move(graph), options);
  if (!session) return named(session.error());
  tell_fewer_threads(options.memory, options.threads, session->plan().threads());
  return session;
}

// From the input tensor to all of the file's own outputs; all but the peak of memory.
Result<Measured> measure_session(const Options& o) {
  Measured measured;
  const Clock::time_point start = Clock::now();
  std::vector<Tensor> inputs;
  KernelTuner tuner;
  SHRIKE_ASSIGN(Session session, create_session(o, inputs, tuner));
  measured.load_ms = ms_since(start);
  if (o.detector.tune) measured.tuned = tuner.gain(session.plan());
  SHRIKE_TRY(measure_runs(o, session, inputs, measured));
  measured.threads = session.threads();
  return measured;
}

// From the input tensor to boxes over the threshold, on a picture; all but the peak of memory.
Result<Measured> measure_detector(const Options& o) {
  Measured measured;
  const Clock::time_point start = Clock::now();
  size_t held = 0;
  if (o.detector.memory_limit > 0 && !o.picture.empty()) held = picture_bytes({o.picture}, false);
  SHRIKE_ASSIGN(Detector detector, make_detector(o.detector, {.held = held}));
  measured.load_ms = ms_since(start);
  Image picture;
  if (o.picture.empty()) {
    picture = example_picture();
  } else {
    SHRIKE_ASSIGN(picture, read_image(o.picture));
  }
  for (int i = 0; i < o.warmup + o.runs; ++i) {
    SHRIKE_ASSIGN(const Detections found, detector.detect(picture, {}));
    if (i >= o.warmup)
      measured.ms.push_back(found.timing.inference_ms + found.timing.postprocess_ms);
  }
  measured.threads = detector.threads();
  measured.macs = detector.macs();
  return measured;
}

Result<Measured> measure(const Options& o) {
  if (!o.decode) SHRIKE_TRY(check_tune(o.detector.tune, o.detector.memory_limit));
  SHRIKE_ASSIGN(Measured measured, o.decode ? measure_detector(o) : measure_session(o));
  // The network is gone: what reading and printing numbers takes is not beside it.
  measured.peak_rss_mb = peak_rss_mb();
  if (!o.decode) {
    // Read once more, so that counting is in neither time nor memory.
    SHRIKE_ASSIGN(const Graph graph, network_of(o));
    measured.macs = size_of(graph).macs;
  }
  return measured;
}

void print_text(const Options& o, const Measured& m, const Spread& spread, uint64_t bytes) {
  std::printf("latency  min %.2f ms, median %.2f ms, p90 %.2f ms (%zu runs, %d thread%s)\n",
              spread.min, spread.median, spread.p90, m.ms.size(), m.threads,
              m.threads == 1 ? "" : "s");
  std::printf(
      "load     %.1f ms\nmemory   %.1f MB at most\nmodel    %.1f MB, %.3f GMACs\ncpu      "
      "%s\n",
      m.load_ms, m.peak_rss_mb, static_cast<double>(bytes) / 1e6, static_cast<double>(m.macs) / 1e9,
      cpu_name().c_str());
  if (m.pictures_a_second > 0)
    std::printf("streams  %d, %.2f pictures/s together\n", o.streams, m.pictures_a_second);
  if (m.tuned)
    std::printf(
        "tuned    %d of %d layers by other kernels than estimated: %.2f ms instead of %.2f\n",
        m.tuned->changed, m.tuned->layers, m.tuned->tuned_ms, m.tuned->estimated_ms);
  if (o.layers) print_layers(m.layers);
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
  app.add_option("--picture", o.picture, "The picture for --decode (noise when absent)")
      ->type_name(kFileValue);
  app.add_flag(
      "--layers", o.layers,
      "The least time of each step, its kernel and why not a faster one, and sums of them");
  app.add_option("--trace", o.trace,
                 "File for the fastest run's steps and threads, for chrome://tracing or Perfetto")
      ->type_name(kFileValue);
  app.add_option("--streams", o.streams,
                 "Run this many pictures at once, with shared weights; --threads is of each stream")
      ->check(whole_number_in(1, 1024));
}

// Options that would do nothing.
Result<void> check_combination(const CLI::App& app, const Options& o) {
  for (const char* option : {"--layers", "--trace", "--streams"})
    if (o.decode && app.count(option) > 0)
      return usage_error(std::string(option) + " times the network alone: leave --decode out");
  for (const char* option : {"--layers", "--trace"})
    if (o.streams > 0 && app.count(option) > 0)
      return usage_error(std::string(option) + " shows one stream: leave --streams out");
  for (const char* option : {"--picture", "--max-pixels", "--names", "--layout", "--preprocess"})
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
  SHRIKE_ASSIGN(const Measured m, measure(o));
  const Spread spread = spread_of(m.ms);
  if (!o.json) {
    print_text(o, m, spread, found.bytes);
    return kExitOk;
  }
  Json json = {
      {"latency_ms", {{"min", spread.min}, {"median", spread.median}, {"p90", spread.p90}}},
      {"load_ms", m.load_ms},
      {"peak_rss_mb", m.peak_rss_mb},
      {"model_bytes", found.bytes},
      {"gmacs", static_cast<double>(m.macs) / 1e9},
      {"threads", m.threads},
      {"arithmetic", arithmetic(o.detector.precision, o.detector.tune)},
      {"cpu", cpu_name()}};
  if (o.streams > 0) {
    json["streams"] = o.streams;
    json["pictures_per_second"] = m.pictures_a_second;
  }
  if (m.tuned)
    json["tuned"] = {{"layers", m.tuned->layers},
                     {"changed", m.tuned->changed},
                     {"estimated_ms", m.tuned->estimated_ms},
                     {"tuned_ms", m.tuned->tuned_ms}};
  if (o.layers) json.update(m.layers);
  std::printf("%s\n", dump_json(json).c_str());
  return kExitOk;
}

}  // namespace shrike
