#include "engine/session.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "base/cpu.h"
#include "base/excerpt.h"
#include "base/float_control.h"
#include "base/memory.h"
#include "base/team.h"
#include "base/work_recorder.h"
#include "engine/arena.h"
#include "engine/planner.h"
#include "engine/steps/copy.h"

namespace shrike {

namespace {

using Clock = std::chrono::steady_clock;

// A step's event, then those of its loops.
void append_events(int step, WorkSpan whole, std::span<const WorkSpan> parts,
                   Clock::time_point run_start, Trace& trace) {
  const auto microseconds = [&](Clock::time_point at) {
    return std::chrono::duration<double, std::micro>(at - run_start).count();
  };
  trace.push_back({step, 0, true, microseconds(whole.begin), microseconds(whole.end)});
  // A worker may have looked for work before the step began.
  for (const WorkSpan& part : parts)
    trace.push_back({step, part.worker, false, microseconds(std::max(part.begin, whole.begin)),
                     microseconds(part.end)});
}

// Whether output i, and nothing else that is exchanged, is all of a buffer of the arena.
bool fills_a_buffer(const Plan& plan, size_t i) {
  const Port& port = plan.outputs()[i];
  if (port.constant || port.is_map || !port.slot.in_memory()) return false;
  const Buffer& buffer = plan.buffers()[static_cast<size_t>(port.slot.buffer)];
  const size_t bytes = static_cast<size_t>(port.slot.view.count()) * dtype_size(port.dtype);
  if (buffer.kind != BufferKind::kArena || buffer.bytes > align_up(bytes) || bytes == 0 ||
      port.slot.view.offset != 0 || !is_dense(port.slot.view))
    return false;
  const auto same = [&](const Port& other) { return other.slot.buffer == port.slot.buffer; };
  return std::none_of(plan.inputs().begin(), plan.inputs().end(), same) &&
         std::count_if(plan.outputs().begin(), plan.outputs().end(), same) == 1;
}

void set_base(std::byte*& base, std::byte* address) {
  std::atomic_ref(base).store(address, std::memory_order_relaxed);
}

// Some buffers elsewhere for a while.
class OtherBases {
 public:
  explicit OtherBases(std::vector<std::byte*>& bases) : bases_(bases) {}
  OtherBases(const OtherBases&) = delete;
  OtherBases& operator=(const OtherBases&) = delete;
  ~OtherBases() {
    for (const auto& [buffer, base] : before_) set_base(bases_[buffer], base);
  }
  void put(size_t buffer, std::byte* base) {
    before_.emplace_back(buffer, bases_[buffer]);
    set_base(bases_[buffer], base);
  }

 private:
  std::vector<std::byte*>& bases_;
  std::vector<std::pair<size_t, std::byte*>> before_;
};

}  // namespace

struct Session::State {
  State(std::shared_ptr<const Plan> made, Arena memory)
      : plan(std::move(made)),
        arena(std::move(memory)),
        bases(plan->buffers().size(), nullptr),
        tensors(static_cast<size_t>(plan->tensor_count())),
        step_ms(plan->steps().size(), 0),
        team(plan->threads(),
             [this](ThreadPool& member, size_t first) { run_shared_steps(member, first); }) {
    for (size_t i = 0; i < bases.size(); ++i) {
      const Buffer& buffer = plan->buffers()[i];
      if (buffer.kind == BufferKind::kArena && buffer.first >= 0)
        bases[i] = arena.data() + buffer.offset;
      // Steps only read constants and inputs.
      if (buffer.kind == BufferKind::kConstant)
        bases[i] = const_cast<std::byte*>(buffer.constant.bytes().data());
    }
  }

  ThreadPool& pool() { return team.pool(); }
  RunContext context() { return RunContext(pool(), bases, tensors); }

  Result<void> take_input(size_t i, const Tensor& tensor);
  Result<void> run_steps();
  Result<void> run_steps_timed(Trace* trace);
  // Whether the team may run step i; where nothing is to be done, too.
  bool is_shared(size_t i) const {
    const Step* step = plan->steps()[i].step.get();
    return !step || !step->by_caller_only();
  }
  // From one on to the first that is not.
  void run_shared_steps(ThreadPool& member, size_t first) noexcept;

  std::shared_ptr<const Plan> plan;
  Arena arena;
  std::vector<std::byte*> bases;  // by buffer
  std::vector<Tensor> tensors;    // of values whose shape depends on the data
  std::vector<double> step_ms;
  Team team;  // the first to go, as its threads may be late
};

Result<void> Session::State::take_input(size_t i, const Tensor& tensor) {
  const Port& port = plan->inputs()[i];
  if (tensor.dtype() != port.dtype || tensor.shape() != port.shape)
    return input_error("input " + in_quotes(port.name) + " is " +
                       std::string(dtype_name(port.dtype)) + " " + to_string(port.shape) +
                       ", not " + std::string(dtype_name(tensor.dtype())) + " " +
                       to_string(tensor.shape()));
  if (!port.slot.in_memory()) {
    tensors[static_cast<size_t>(port.slot.tensor)] = tensor;
  } else if (port.is_map) {
    copy_view(dense_view(port.shape), tensor.bytes().data(), port.slot.view,
              bases[static_cast<size_t>(port.slot.buffer)], dtype_size(port.dtype), pool());
  } else {
    set_base(bases[static_cast<size_t>(port.slot.buffer)],
             const_cast<std::byte*>(tensor.bytes().data()));
  }
  return {};
}

Result<void> Session::State::run_steps() {
  RunContext run = context();
  const DenormalsAsZeros zeros;
  const std::vector<Plan::Entry>& steps = plan->steps();
  const bool gains = team.gains();
  for (size_t i = 0; i < steps.size();) {
    if (!gains || !is_shared(i)) {
      if (steps[i].step) SHRIKE_TRY(steps[i].step->run(run));
      ++i;
      continue;
    }
    team.run(i);
    while (i < steps.size() && is_shared(i)) ++i;
  }
  return {};
}

void Session::State::run_shared_steps(ThreadPool& member, size_t first) noexcept {
  RunContext own(member, bases, tensors);
  for (size_t i = first; i < plan->steps().size() && is_shared(i); ++i) {
    if (!plan->steps()[i].step) continue;
    [[maybe_unused]] const Result<void> done = plan->steps()[i].step->run(own);
    assert(done);
  }
}

Result<void> Session::State::run_steps_timed(Trace* trace) {
  RunContext run = context();
  const DenormalsAsZeros zeros;
  std::optional<WorkRecorder> recorder;
  if (trace) {
    trace->clear();
    recorder.emplace(pool());
  }
  const Clock::time_point run_start = Clock::now();
  for (size_t i = 0; i < plan->steps().size(); ++i) {
    const Plan::Entry& entry = plan->steps()[i];
    if (!entry.step) continue;
    const Clock::time_point start = Clock::now();
    SHRIKE_TRY(entry.step->run(run));
    const Clock::time_point end = Clock::now();
    const double ms = std::chrono::duration<double, std::milli>(end - start).count();
    step_ms[i] = step_ms[i] == 0 ? ms : std::min(step_ms[i], ms);
    if (recorder)
      append_events(static_cast<int>(i), {0, start, end}, recorder->take(), run_start, *trace);
  }
  return {};
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::create(Graph prepared, const SessionOptions& options) {
  const int threads = options.threads > 0 ? options.threads : usable_cores();
  try {
    SHRIKE_ASSIGN(std::shared_ptr<const Plan> plan,
                  build_plan(std::move(prepared), {.threads = threads,
                                                   .nhwc_ports = options.nhwc_ports,
                                                   .inputs_used_up = options.inputs_used_up,
                                                   .memory = options.memory,
                                                   .choose_conv = options.choose_conv,
                                                   .precision = options.precision}));
    return of(std::move(plan));
  } catch (const std::bad_alloc&) {
    return out_of_memory("the network's weights, packed");
  }
}

Result<Session> Session::of(std::shared_ptr<const Plan> plan) {
  SHRIKE_ASSIGN(Arena arena, Arena::make(plan->arena_bytes()));
  return Session(std::make_unique<State>(std::move(plan), std::move(arena)));
}

Result<Session> Session::another(const Session& first) { return of(first.state_->plan); }

// Outputs that are a whole buffer of the arena are written to where they are handed out.
template <typename RunSteps>
Result<std::vector<Tensor>> Session::run_tensors(std::span<const Tensor> inputs,
                                                 const RunSteps& steps) {
  SHRIKE_TRY(set_inputs(inputs));
  const std::vector<Port>& ports = plan().outputs();
  std::vector<Tensor> results(ports.size());
  {
    OtherBases bases(state_->bases);
    for (size_t i = 0; i < ports.size(); ++i) {
      if (!fills_a_buffer(plan(), i)) continue;
      SHRIKE_ASSIGN(results[i], Tensor::make_unfilled(ports[i].dtype, ports[i].shape));
      bases.put(static_cast<size_t>(ports[i].slot.buffer), results[i].mutable_bytes().data());
    }
    SHRIKE_TRY(steps());
  }
  for (size_t i = 0; i < ports.size(); ++i) {
    if (results[i].dtype() != DType::kUndefined) continue;
    SHRIKE_ASSIGN(results[i], output(i));
  }
  return results;
}

Result<std::vector<Tensor>> Session::run(std::span<const Tensor> inputs) {
  return run_tensors(inputs, [&] { return state_->run_steps(); });
}

Result<std::vector<Tensor>> Session::run_profiled(std::span<const Tensor> inputs, Trace* trace) {
  return run_tensors(inputs, [&] { return state_->run_steps_timed(trace); });
}

Result<void> Session::set_inputs(std::span<const Tensor> inputs) {
  const std::vector<Port>& ports = plan().inputs();
  if (inputs.size() != ports.size())
    return input_error("the network takes " + std::to_string(ports.size()) + " inputs, not " +
                       std::to_string(inputs.size()));
  for (size_t i = 0; i < inputs.size(); ++i) SHRIKE_TRY(state_->take_input(i, inputs[i]));
  return {};
}

Result<Tensor> Session::output(size_t i) const {
  const Port& port = plan().outputs()[i];
  if (port.constant) return *port.constant;
  if (!port.slot.in_memory()) return state_->tensors[static_cast<size_t>(port.slot.tensor)];
  SHRIKE_ASSIGN(Tensor result, Tensor::make_unfilled(port.dtype, port.shape));
  copy_view(port.slot.view, state_->bases[static_cast<size_t>(port.slot.buffer)],
            dense_view(port.shape), result.mutable_bytes().data(), dtype_size(port.dtype),
            state_->pool());
  return result;
}

bool Session::input_is_map(size_t i) const { return plan().inputs()[i].is_map; }
bool Session::output_is_map(size_t i) const { return plan().outputs()[i].is_map; }

kernels::MapView Session::input_map(size_t i, int64_t image) {
  assert(input_is_map(i) && plan().inputs()[i].dtype == DType::kF32);
  return state_->context().map(plan().inputs()[i].slot, image);
}

kernels::BasicMapView<uint8_t> Session::input_bytes(size_t i, int64_t image) {
  assert(input_is_map(i) && plan().inputs()[i].dtype == DType::kU8);
  return state_->context().map_of<uint8_t>(plan().inputs()[i].slot, image);
}

kernels::ConstMapView Session::output_map(size_t i, int64_t image) const {
  assert(output_is_map(i));
  return state_->context().map(plan().outputs()[i].slot, image);
}

Result<void> Session::run_maps() {
  assert(std::all_of(plan().inputs().begin(), plan().inputs().end(),
                     [](const Port& port) { return port.is_map; }));
  return state_->run_steps();
}

const Plan& Session::plan() const { return *state_->plan; }
int Session::threads() const { return state_->pool().threads(); }
std::span<const double> Session::step_ms() const { return state_->step_ms; }

}  // namespace shrike
