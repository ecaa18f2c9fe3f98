#include "engine/tuning.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>

#include "engine/planner.h"
#include "engine/pool_choice.h"
#include "engine/session.h"
#include "engine/steps/conv_problem.h"
#include "kernels/conv/candidates.h"

namespace shrike {

namespace {

using Clock = std::chrono::steady_clock;
using kernels::ConvKernel;
using kernels::ConvProblem;

// The gain that is worth leaving the estimated kernel: repeated measurements differ by as much.
constexpr double kLeastGain = 0.03;
constexpr int kLeastRuns = 2, kMostRuns = 7;  // of each plan

// The time of a problem's kernel; infinite where it is not known.
double time_of(const KernelTimes& times, std::string_view problem, std::string_view kernel) {
  const auto kernels = times.find(problem);
  if (kernels == times.end()) return INFINITY;
  const auto known = kernels->second.find(kernel);
  return known == kernels->second.end() ? INFINITY : known->second;
}

// By problem, the kernels that are not known yet.
using Missing = std::map<std::string, std::vector<const ConvKernel*>, std::less<>>;

Result<Missing> missing_kernels(const Graph& graph, const Tuning& tuning) {
  Missing missing;
  const auto note = [&](const ConvProblem& problem) {
    const std::string name = kernels::problem_text(problem);
    std::vector<const ConvKernel*> rows = kernels::conv_candidates(problem);
    // Where there is no choice, no time is needed to make it.
    if (rows.size() > 1)
      std::erase_if(rows, [&](const ConvKernel* row) {
        return time_of(tuning.times, name, row->name) < INFINITY;
      });
    else
      rows.clear();
    if (!rows.empty()) missing.emplace(name, std::move(rows));
    return choose_by_estimate(problem);
  };
  const PlanOptions options{.threads = 1,
                            .nhwc_ports = false,
                            .choose_conv = note,
                            .precision = tuning.precision,
                            .uneven = find_uneven(graph)};
  Planner planner(graph, options, {});
  SHRIKE_TRY(planner.run());
  return missing;
}

// Values like those of a picture, the same in every run.
Result<std::vector<Tensor>> noise_inputs(const Graph& graph) {
  std::vector<Tensor> inputs;
  uint32_t state = 1;
  for (ValueId id : graph.inputs) {
    SHRIKE_ASSIGN(Tensor tensor, Tensor::make(graph.value(id).dtype, *graph.value(id).shape));
    if (tensor.dtype() == DType::kF32)
      for (float& x : tensor.mutable_data<float>()) {
        state = state * 1664525u + 1013904223u;
        x = static_cast<float>(state >> 8) / 16777216.0f;
      }
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

// Of convolutions that some kernel computes together with the pooling behind them, that pooling:
// what other kernels leave to it is their time, too. Both as StepInfo names nodes.
using Poolings = std::map<std::string, std::string, std::less<>>;

Poolings find_poolings(const Graph& graph) {
  const PlanOptions options{};
  const Planner names(graph, options, {});  // never run
  Poolings poolings;
  for (const std::vector<size_t>& pair : find_poolable(graph, options))
    poolings.emplace(names.draft(graph.nodes[pair[0]], {}).info.node,
                     names.draft(graph.nodes[pair[1]], {}).info.node);
  return poolings;
}

// Milliseconds of the pooling behind a convolution where it is a step of its own.
double pooling_ms(const Session& session, const Poolings& poolings, const std::string& conv) {
  const auto pooling = poolings.find(conv);
  if (pooling == poolings.end()) return 0;
  const std::vector<Plan::Entry>& steps = session.plan().steps();
  for (size_t i = 0; i < steps.size(); ++i)
    if (steps[i].info.op == "MaxPool" && steps[i].info.node == pooling->second)
      return session.step_ms()[i];
  return 0;
}

// The means over the plan's layers of each problem in `wanted`, of one picture.
void add_times(const Session& session, const std::map<std::string, std::string>& wanted,
               const Poolings& poolings, KernelTimes& times) {
  struct Sum {
    double ms = 0;
    int64_t pictures = 0;
  };
  std::map<std::string, Sum> sums;
  const std::vector<Plan::Entry>& steps = session.plan().steps();
  for (size_t i = 0; i < steps.size(); ++i) {
    const StepInfo& info = steps[i].info;
    const auto found = wanted.find(info.problem);
    if (found == wanted.end() || found->second != info.kernel) continue;
    sums[info.problem].ms += session.step_ms()[i] + pooling_ms(session, poolings, info.node);
    sums[info.problem].pictures += info.output_shape[0];
  }
  for (const auto& [problem, sum] : sums)
    if (sum.ms > 0) times[problem][wanted.at(problem)] = sum.ms / static_cast<double>(sum.pictures);
}

class Measurement {
 public:
  Measurement(const Graph& graph, Tuning& tuning, Missing missing, std::vector<Tensor> inputs)
      : graph_(graph), tuning_(tuning), missing_(std::move(missing)), inputs_(std::move(inputs)) {
    for (const auto& [problem, rows] : missing_) plans_ = std::max(plans_, rows.size());
  }

  // Plan `index` computes each problem by its kernel of that index, if there are as many. What
  // cannot be run, as it needs more memory than is allowed, stays unmeasured.
  void run() {
    for (size_t index = 0; index < plans_ && (index == 0 || !late()); ++index)
      (void)run_plan(index);
  }

 private:
  static double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }
  bool late() const { return since(start_) > tuning_.seconds; }

  ConvChoice choose(const ConvProblem& problem, size_t index) const {
    ConvChoice choice = choose_by_estimate(problem);
    const auto rows = missing_.find(kernels::problem_text(problem));
    if (rows != missing_.end() && index < rows->second.size()) choice.kernel = rows->second[index];
    return choice;
  }

  Result<void> run_plan(size_t index) {
    SessionOptions options{.threads = 1, .precision = tuning_.precision};
    options.choose_conv = [&](const ConvProblem& problem) { return choose(problem, index); };
    SHRIKE_ASSIGN(Session session, Session::create(graph_, options));
    const int least = index == 0 ? kLeastRuns : 1;
    for (int i = 0; i < runs_ && (i < least || !late()); ++i) {
      if (tuning_.on_progress)
        tuning_.on_progress(static_cast<int>(index) * runs_ + i, static_cast<int>(plans_) * runs_);
      const Clock::time_point before = Clock::now();
      SHRIKE_TRY(session.run_profiled(inputs_));
      if (index > 0 || i != 1) continue;
      // The first has met cold memory.
      const double all_plans = since(before) * static_cast<double>(plans_);
      runs_ = all_plans * kMostRuns <= tuning_.seconds
                  ? kMostRuns
                  : std::max(kLeastRuns, static_cast<int>(tuning_.seconds / all_plans));
    }
    std::map<std::string, std::string> wanted;
    for (const auto& [problem, rows] : missing_)
      if (index < rows.size()) wanted[problem] = rows[index]->name;
    add_times(session, wanted, poolings_, tuning_.times);
    tuning_.measured = true;
    return {};
  }

  const Graph& graph_;
  Tuning& tuning_;
  const Missing missing_;
  const std::vector<Tensor> inputs_;
  const Poolings poolings_ = find_poolings(graph_);
  size_t plans_ = 0;
  int runs_ = kMostRuns;
  const Clock::time_point start_ = Clock::now();
};

std::string milliseconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f ms", ms);
  return text;
}

}  // namespace

Result<void> tune(const Graph& prepared, Tuning& tuning) {
  SHRIKE_ASSIGN(Missing missing, missing_kernels(prepared, tuning));
  if (missing.empty()) return {};
  SHRIKE_ASSIGN(std::vector<Tensor> inputs, noise_inputs(prepared));
  Measurement(prepared, tuning, std::move(missing), std::move(inputs)).run();
  return {};
}

ChooseConv choose_by_times(KernelTimes known) {
  const auto shared = std::make_shared<const KernelTimes>(std::move(known));
  return [shared](const ConvProblem& problem) {
    const KernelTimes& times = *shared;
    const std::string name = kernels::problem_text(problem);
    const std::vector<const ConvKernel*> rows = kernels::conv_candidates(problem);
    ConvChoice choice{rows.front(), rows.front(), {}};
    const double estimated = time_of(times, name, rows.front()->name);
    if (estimated == INFINITY) return choose_by_estimate(problem);
    double least = estimated * (1 - kLeastGain);
    for (const ConvKernel* row : rows)
      if (const double ms = time_of(times, name, row->name); ms < least) {
        least = ms;
        choice.kernel = row;
      }
    const std::string chosen = milliseconds(time_of(times, name, choice.kernel->name));
    for (const ConvKernel* row : rows) {
      if (row == choice.kernel) continue;
      const double ms = time_of(times, name, row->name);
      choice.declined.push_back({row->name, ms < INFINITY
                                                ? "measured " + milliseconds(ms) + ", not " + chosen
                                                : "not measured"});
    }
    return choice;
  };
}

TuningGain tuning_gain(const Plan& plan, const KernelTimes& times) {
  TuningGain gain;
  for (const Plan::Entry& entry : plan.steps()) {
    const StepInfo& info = entry.info;
    if (info.problem.empty()) continue;
    const double estimated = time_of(times, info.problem, info.estimated);
    const double tuned = time_of(times, info.problem, info.kernel);
    if (estimated == INFINITY || tuned == INFINITY) continue;
    ++gain.layers;
    gain.changed += info.kernel != info.estimated ? 1 : 0;
    gain.estimated_ms += estimated;
    gain.tuned_ms += tuned;
  }
  return gain;
}

}  // namespace shrike
