#include "cli/network_time.h"

#include <time.h>

#include <algorithm>

#include "cli/interrupt.h"
#include "cli/statistics.h"
#include "passes/pipeline.h"

namespace shrike {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostRounds = 10;
constexpr double kSameTime = 0.01;
constexpr int kRuns = 15, kFewestRuns = 3;
constexpr double kRoundMs = 500;  // of slow networks fewer runs are a round

// What this thread has had of a processor.
double processor_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

// The median of some runs behind one that warms the caches.
Result<double> median_of_runs(Session& session, std::span<const Tensor> inputs, int runs) {
  std::vector<double> ms;
  for (int i = 0; i <= runs; ++i) {
    const double start = processor_ms();
    SHRIKE_TRY(session.run(inputs));
    if (i > 0) ms.push_back(processor_ms() - start);
  }
  return spread_of(std::move(ms)).median;
}

}  // namespace

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

Result<Tensor> example_input(const Shape& shape) {
  SHRIKE_ASSIGN(Tensor tensor, Tensor::make(DType::kF32, shape));
  uint32_t state = 1;
  for (float& x : tensor.mutable_data<float>()) {
    state = state * 1664525u + 1013904223u;
    x = static_cast<float>(state >> 8) / 16777216.0f;
  }
  return tensor;
}

Result<std::vector<double>> time_runs(Session& session, std::span<const Tensor> inputs, int warmup,
                                      int runs) {
  std::vector<double> ms;
  for (int i = 0; i < warmup + runs; ++i) {
    const Clock::time_point start = Clock::now();
    SHRIKE_TRY(session.run(inputs));
    if (i >= warmup) ms.push_back(ms_since(start));
  }
  return ms;
}

Result<Session> session_of_file(Graph network) {
  std::vector<Shape> shapes;
  for (const ValueId id : network.inputs) shapes.push_back(*network.static_shape(id));
  SHRIKE_ASSIGN(Graph prepared, prepare_for_inference(std::move(network), shapes));
  return Session::create(std::move(prepared), {.threads = 1});
}

Result<double> network_ms(Graph network) {
  std::vector<Tensor> inputs;
  for (const ValueId id : network.inputs) {
    SHRIKE_ASSIGN(Tensor input, example_input(*network.static_shape(id)));
    inputs.push_back(std::move(input));
  }
  SHRIKE_ASSIGN(Session session, session_of_file(std::move(network)));
  SHRIKE_ASSIGN(const double once, median_of_runs(session, inputs, 1));
  const int runs =
      std::clamp(static_cast<int>(kRoundMs / std::max(once, 1e-3)), kFewestRuns, kRuns);
  std::vector<double> medians;
  while (medians.size() < kMostRounds) {
    if (interrupted() != 0) return runtime_error("ended early");
    SHRIKE_ASSIGN(const double median, median_of_runs(session, inputs, runs));
    medians.push_back(median);
    std::ranges::sort(medians);
    if (medians.size() > 2 && medians[1] - medians[0] <= kSameTime * medians[0]) break;
  }
  return medians[0];
}

}  // namespace shrike
