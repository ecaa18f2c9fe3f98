// Plan: what a graph has become before it runs: steps in order, each with the kernel it got and
// why faster ones declined, and where every buffer lies. Immutable and shared by sessions.
//
// Nouns, lowest to highest: a Buffer is a block of bytes; a View (view.h) is a strided tensor in a
// buffer; a Slot is a view with its buffer and type, where a value lies; a Step reads slots and
// writes slots by one kernel; a Plan is all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/shape.h"
#include "base/tensor.h"
#include "engine/slot.h"
#include "engine/step.h"

namespace shrike {

// A faster way that was not taken, and why.
struct DeclinedWay {
  std::string way;  // a kernel's or step family's name
  std::string reason;

  bool operator==(const DeclinedWay&) const = default;
};

// One of several nodes that a step computes together.
struct StepPart {
  std::string node;
  std::string problem;  // of a convolution, as in StepInfo
  int64_t macs = 0;
  // Of what is computed by rows (row_chain.h), as in StepInfo.
  std::string op = {}, kernel = {};
  Shape output_shape = {};
};

struct StepInfo {
  std::string node;    // the node's name, or its first output's where it has none; "A to B"
  std::string op;      // "Conv"; "Copy" for a step that only changes a layout; "A to B"
  Shape output_shape;  // of the first output; empty where it depends on the data
  std::string kernel;  // "avx2_igemm"; "view" or "in_place" where nothing is moved
  std::vector<DeclinedWay> declined;
  std::string problem;    // of a convolution: what its kernels' times are kept under (tuning.h)
  std::string estimated;  // of a convolution: the kernel that estimates choose
  std::vector<StepPart> parts;  // of several nodes (bands.h, row_chain.h), in order
  int64_t macs = 0;
  size_t packed_bytes = 0;   // weights in the kernel's own order
  size_t scratch_bytes = 0;  // only while the step runs
  double cost = 0;           // convolutions: estimated, in multiply-adds at full speed

  int layers() const { return parts.empty() ? 1 : static_cast<int>(parts.size()); }
};

enum class BufferKind : uint8_t {
  kArena,     // at `offset` of the session's arena
  kConstant,  // `constant`
  kInput,     // graph input `input`, set by each run
};

struct Buffer {
  BufferKind kind = BufferKind::kArena;
  size_t bytes = 0;
  std::string name =
      {};  // arena: of the value it was made for, "scratch" where no value lies there
  // Arena: the steps that need it, first to last (-1: none); offset from the arena's start.
  int first = -1, last = -1;
  size_t offset = 0;
  std::optional<bool> odd = {};  // arena: whether it begins at an odd cache line, if that matters
  Tensor constant = {};
  size_t input = 0;
};

// An input or output of the graph.
struct Port {
  std::string name;
  Slot slot;
  Shape shape;
  DType dtype = DType::kUndefined;
  bool is_map = false;             // handed out as an NHWC map
  std::optional<Tensor> constant;  // an output that needs no run: no slot
};

class Plan {
 public:
  struct Entry {
    StepInfo info;
    std::unique_ptr<Step> step;  // null where nothing is to be done
  };

  const std::vector<Entry>& steps() const { return steps_; }
  const std::vector<Buffer>& buffers() const { return buffers_; }
  const std::vector<Port>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }
  int threads() const { return threads_; }

  size_t arena_bytes() const { return arena_bytes_; }
  // The largest sum of buffers that live at the same time, each in whole pairs of cache lines: no
  // plan of these buffers needs less.
  size_t arena_lower_bound() const { return arena_lower_bound_; }
  size_t packed_bytes() const;
  size_t constant_bytes() const;  // of constants that steps read as they are
  size_t output_bytes() const;    // of the tensors that each run hands out
  // What all sessions of this plan share, and what each takes, its threads' stacks apart.
  size_t shared_bytes() const { return packed_bytes() + constant_bytes(); }
  size_t session_bytes() const { return arena_bytes_ + output_bytes(); }
  double cost() const;  // the sum of all steps'
  // The step at which the most bytes of the arena are live, -1 where there is none.
  int fullest_step() const;
  // Moves the arena's buffers to where the plan's threads find their own bytes (owners.h).
  void move_to_owners();
  // Every step packs its weights. Once. An error (kRuntime) where there is not the memory.
  Result<void> pack(int threads);
  int64_t macs() const;

  // Values whose shape depends on the data: how many tensors a session keeps for them.
  int tensor_count() const { return tensor_count_; }

 private:
  friend class Planner;

  Result<void> lay_out_arena();

  std::vector<Entry> steps_;
  std::vector<Buffer> buffers_;
  std::vector<Port> inputs_, outputs_;
  int threads_ = 1;
  int tensor_count_ = 0;
  size_t arena_bytes_ = 0;
  size_t arena_lower_bound_ = 0;
  std::shared_ptr<std::byte> packed_;  // the steps' weights, one behind the other
};

}  // namespace shrike
