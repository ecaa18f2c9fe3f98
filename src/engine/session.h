// Session: one network, ready to run. A prepared graph (passes/pipeline.h) is turned into a plan
// (engine/plan.h) once, then run often; a run allocates nothing but the tensors it returns, a list
// of them, and what operators without a kernel of their own need.
//
// Feature maps live as NHWC inside (kernels/view.h). Results do not depend on the number of
// threads, bit for bit. Numbers too small for a whole mantissa are taken for zeros, and become
// zeros, in all steps (base/float_control.h). A Session is used by one thread at a time; different
// sessions share nothing that changes, and sessions made by `another` share the plan with its
// packed weights.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/tensor.h"
#include "engine/conv_choice.h"
#include "engine/memory_limit.h"
#include "engine/plan.h"
#include "engine/trace.h"
#include "ir/graph.h"
#include "kernels/precision.h"
#include "kernels/view.h"

namespace shrike {

struct SessionOptions {
  int threads = 0;  // of this session's own pool, the caller's counted; 0: usable_cores()
  // Inputs and outputs of type f32 and rank 4 are exchanged as NHWC maps, without a copy.
  bool nhwc_ports = false;
  // A run may write over its input maps, which then need no memory of their own.
  bool inputs_used_up = false;
  // Kernels with smaller weights where it asks for them; see memory_limit.h.
  MemoryLimit memory = {};
  ChooseConv choose_conv = choose_by_estimate;  // or choose_by_times of tuning.h
  // What convolutions may round their inputs and weights to, where the processor is faster then.
  kernels::Precision precision = kernels::Precision::kFp32;
};

class Session {
 public:
  // The graph's inputs must have static shapes. Of a graph that is handed over, the memory of each
  // layer's weights goes as soon as they are packed. Errors: kModel names operator, node and shape;
  // kRuntime where the machine has not the memory; kUsage where the limit is below the least.
  static Result<Session> create(Graph prepared, const SessionOptions& options);

  // Of a plan whose weights are packed.
  static Result<Session> of(std::shared_ptr<const Plan> plan);

  // A second stream over the same plan: its own activations, threads and inputs.
  static Result<Session> another(const Session& first);

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Inputs and outputs in the graph's order and layout, (N, C, H, W), row-major. Inputs must have
  // the types and shapes the graph says (kInput names the one that has not).
  Result<std::vector<Tensor>> run(std::span<const Tensor> inputs);

  // The same, and notes how long each step took (step_ms); with `trace`, when and where, too.
  Result<std::vector<Tensor>> run_profiled(std::span<const Tensor> inputs, Trace* trace = nullptr);

  // Without a copy, with nhwc_ports: write into input_map(i), run_maps(), read output_map(i).
  // The views are those of picture `image` of the batch and stay where they are for the life of
  // the session; a run does not change its inputs unless inputs_used_up allows it. is_map: f32, or
  // an input of u8, of rank 4, and nhwc_ports.
  bool input_is_map(size_t i) const;
  kernels::MapView input_map(size_t i, int64_t image = 0);                  // requires f32
  kernels::BasicMapView<uint8_t> input_bytes(size_t i, int64_t image = 0);  // requires u8
  // Requires that every input is a map.
  Result<void> run_maps();
  bool output_is_map(size_t i) const;
  kernels::ConstMapView output_map(size_t i, int64_t image = 0) const;
  // Output i of the last run_maps(), any layout, as a tensor of its own.
  Result<Tensor> output(size_t i) const;

  const Plan& plan() const;
  int threads() const;
  // Milliseconds by step of plan().steps(): the least of all profiled runs, 0 before the first.
  std::span<const double> step_ms() const;

 private:
  struct State;
  Result<void> set_inputs(std::span<const Tensor> inputs);
  template <typename RunSteps>
  Result<std::vector<Tensor>> run_tensors(std::span<const Tensor> inputs, const RunSteps& steps);
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shrike
