#include "train/operator_times.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <chrono>
#include <map>

namespace shrike::train {

namespace {

using Clock = std::chrono::steady_clock;

// Where backward is a node's, everything that it calls is.
struct Running {
  Clock::time_point begin;
  double inside = 0;  // seconds in what it called
  bool backward = false;
};

struct Counts {
  std::map<std::pair<std::string, bool>, OperatorTime> rows;
  std::vector<Running> stack;
};

thread_local Counts counts;
at::CallbackHandle handle = at::INVALID_CALLBACK_HANDLE;

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
  const bool outer = !counts.stack.empty() && counts.stack.back().backward;
  const bool backward = outer || function.scope() == at::RecordScope::BACKWARD_FUNCTION;
  counts.stack.push_back({Clock::now(), 0, backward});
  return nullptr;
}

void leave(const at::RecordFunction& function, at::ObserverContext*) {
  if (counts.stack.empty()) return;
  const Running done = counts.stack.back();
  counts.stack.pop_back();
  const double seconds = std::chrono::duration<double>(Clock::now() - done.begin).count();
  if (!counts.stack.empty()) counts.stack.back().inside += seconds;
  OperatorTime& row = counts.rows[{function.name(), done.backward}];
  row.name = function.name();
  row.backward = done.backward;
  ++row.calls;
  row.seconds += seconds - done.inside;
}

}  // namespace

void start_operator_times() {
  counts = {};
  handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(enter, leave)
          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION,
                   at::RecordScope::USER_SCOPE}));
}

std::vector<OperatorTime> stop_operator_times() {
  at::removeCallback(handle);
  std::vector<OperatorTime> times;
  for (auto& [name, row] : counts.rows) times.push_back(std::move(row));
  std::sort(times.begin(), times.end(),
            [](const OperatorTime& a, const OperatorTime& b) { return a.seconds > b.seconds; });
  return times;
}

}  // namespace shrike::train
