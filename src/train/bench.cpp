// Times steps of training on pictures and objects made up here:
//   train_bench [--scratch yolov8n | --model FILE] [--classes 3] [--size 320] [--batch 16]
//               [--threads 2] [--steps 12] [--profile yes]
// A step is forward, loss, backward and SGD with Nesterov momentum, without the clipping and the
// average of a run's. Prints the fastest and the median step, images a second, and the most memory that was resident. --profile adds where the
// time of the steps but the first went, by operator.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "formats/model.h"
#include "passes/training_graph.h"
#include "train/guard.h"
#include "train/keep_memory.h"
#include "train/loss.h"
#include "train/module.h"
#include "train/operator_times.h"
#include "train/run_once.h"
#include "zoo/scratch.h"

namespace shrike::train {
namespace {

struct Arguments {
  std::string scratch = "yolov8n", model;
  int64_t classes = 3, batch = 16;
  int size = 320, threads = 2, steps = 12;
  bool profile = false;
};

bool set(Arguments& arguments, const std::string& name, const std::string& value) {
  const int whole = std::atoi(value.c_str());
  if (name == "scratch") return arguments.scratch = value, true;
  if (name == "model") return arguments.model = value, true;
  if (name == "profile") return arguments.profile = true;
  if (whole < 1) return false;
  if (name == "classes") return arguments.classes = whole, true;
  if (name == "batch") return arguments.batch = whole, true;
  if (name == "size") return arguments.size = whole, true;
  if (name == "threads") return arguments.threads = whole, true;
  if (name == "steps") return arguments.steps = whole, true;
  return false;
}

Result<TrainingGraph> load(const Arguments& arguments) {
  Graph graph;
  if (arguments.model.empty()) {
    zoo::ScratchOptions options;
    options.classes = arguments.classes;
    options.size = {arguments.size, arguments.size};
    SHRIKE_ASSIGN(graph, zoo::scratch_model(arguments.scratch, options));
  } else {
    SHRIKE_ASSIGN(graph, load_model({arguments.model, {}}));
  }
  return prepare_for_training(std::move(graph), arguments.size, arguments.size);
}

// Twelve objects a picture, between a tenth and a third of its side.
Targets made_up_targets(const Arguments& arguments, int64_t classes) {
  constexpr int64_t kObjects = 12;
  const int64_t count = arguments.batch * kObjects;
  const at::Tensor corner = at::rand({count, 2}) * 0.6, sides = 0.1 + at::rand({count, 2}) * 0.23;
  return {arguments.batch, at::arange(arguments.batch, at::kLong).repeat_interleave(kObjects),
          at::randint(classes, {count}, at::kLong),
          at::cat({corner, corner + sides}, 1) * arguments.size};
}

class Sgd {
 public:
  explicit Sgd(const Parameters& parameters) {
    for (const Parameter& p : parameters.all())
      if (learns(p.role)) entries_.push_back({p.tensor, at::zeros_like(p.tensor), decays(p.role)});
  }
  void step() {
    constexpr double kRate = 0.01, kMomentum = 0.937, kDecay = 5e-4;
    const c10::NoGradGuard no_gradients;
    for (Entry& entry : entries_) {
      at::Tensor gradient = entry.weights.grad();
      if (!gradient.defined()) continue;
      if (entry.decays) gradient.add_(entry.weights, kDecay);
      entry.velocity.mul_(kMomentum).add_(gradient);
      entry.weights.add_(gradient.add_(entry.velocity, kMomentum), -kRate);
      entry.weights.mutable_grad().reset();
    }
  }

 private:
  struct Entry {
    at::Tensor weights, velocity;
    bool decays;
  };
  std::vector<Entry> entries_;
};

// Of "VmRSS:", what is resident, or "VmHWM:", the most that was.
double resident_mb(std::string_view row) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(row)) return std::stod(line.substr(row.size())) * 1024 / 1e6;
  return 0;
}

void print(const std::vector<double>& seconds, const Arguments& arguments, double loss) {
  std::vector<double> sorted(seconds.begin() + (seconds.size() > 1 ? 1 : 0), seconds.end());
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  std::printf("first step %.3f s, then fastest %.3f s, median %.3f s: %.1f images/s\n", seconds[0],
              sorted[0], median, static_cast<double>(arguments.batch) / median);
  std::printf("peak memory %.0f MB, last loss %.9g\n", resident_mb("VmHWM:"), loss);
}

void print_profile(const std::vector<OperatorTime>& times, int steps) {
  std::printf("%9s %7s %9s  %s\n", "ms a step", "calls", "", "operator");
  const double per_step = 1000.0 / steps;
  for (const OperatorTime& t : times)
    if (t.seconds * per_step >= 0.5)
      std::printf("%9.1f %7.0f %9s  %.100s\n", t.seconds * per_step,
                  static_cast<double>(t.calls) / steps, t.backward ? "backward" : "",
                  t.name.c_str());
}

Result<void> run(const Arguments& arguments) {
  keep_freed_memory();
  set_threads(arguments.threads);
  SHRIKE_ASSIGN(const TrainingGraph training, load(arguments));
  SHRIKE_ASSIGN(const Parameters parameters, Parameters::of(training.graph));
  ModuleOptions options;
  options.outputs = training.head.maps;
  options.detached = training.detached;
  if (training.one_to_many)
    options.outputs.insert(options.outputs.end(), training.one_to_many->maps.begin(),
                           training.one_to_many->maps.end());
  SHRIKE_ASSIGN(const Module module, Module::build(training.graph, parameters, options));
  return guarded("a step of training", [&]() -> Result<void> {
    at::manual_seed(0);
    const auto loss = make_loss(training.head.head);
    const auto one_to_many = training.one_to_many ? make_loss(training.one_to_many->head) : nullptr;
    const size_t own = training.head.maps.size();
    std::printf("MB: %.0f before the first step\n", resident_mb("VmRSS:"));
    const at::Tensor pictures = at::rand({arguments.batch, 3, arguments.size, arguments.size});
    const Targets targets = made_up_targets(arguments, training.head.head.num_classes);
    Sgd sgd(parameters);
    std::vector<double> seconds;
    double last = 0;
    for (int step = 0; step < arguments.steps; ++step) {
      if (arguments.profile && step == 1) start_operator_times();
      const auto begin = std::chrono::steady_clock::now();
      SHRIKE_ASSIGN(std::vector<at::Tensor> maps,
                    module.forward(std::span(&pictures, 1), RunMode{true}));
      if (step == 0) std::printf("MB: %.0f after the first forward pass", resident_mb("VmRSS:"));
      at::Tensor total = (*loss)(std::span(maps).first(own), targets).total;
      if (one_to_many) total = total + (*one_to_many)(std::span(maps).subspan(own), targets).total;
      if (step == 0) std::printf(", %.0f after the loss", resident_mb("VmRSS:"));
      maps.clear();
      total.backward();
      if (step == 0) std::printf(", %.0f after backward\n", resident_mb("VmRSS:"));
      sgd.step();
      last = total.item<double>();
      seconds.push_back(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    print(seconds, arguments, last);
    if (arguments.profile && arguments.steps > 1)
      print_profile(stop_operator_times(), arguments.steps - 1);
    return {};
  });
}

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (!name.starts_with("--") || i + 1 == argc || !set(arguments, name.substr(2), argv[i + 1])) {
      std::fprintf(stderr, "train_bench: bad argument %s; see src/train/bench.cpp\n", argv[i]);
      return 1;
    }
  }
  const Result<void> result = run(arguments);
  if (!result) std::fprintf(stderr, "train_bench: %s\n", result.error().message.c_str());
  return result ? 0 : 1;
}

}  // namespace
}  // namespace shrike::train

int main(int argc, char** argv) { return shrike::train::main(argc, argv); }
