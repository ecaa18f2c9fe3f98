// Planner: walks a graph's nodes in order, asks the step families (families.h) who takes each, and
// keeps where every value lies. What the families see of a plan in the making.
//
// A value has one slot, in the layout its producer writes or as a view of another value; as_map()
// and as_dense() give it in a layout a kernel asks for, through a copy step where it lies in no
// such way (made once per value and layout, constants when the plan is made).
//
// Plans are made twice (build_plan): the first shows which values could be written straight into
// the Concat that joins them (placement.h), the second puts them there.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/conv_choice.h"
#include "engine/memory_limit.h"
#include "engine/placement.h"
#include "engine/plan.h"
#include "engine/row_chain.h"
#include "engine/savings.h"
#include "ir/graph.h"
#include "kernels/precision.h"

namespace shrike {

struct PlanOptions {
  int threads = 1;
  bool nhwc_ports = false;
  bool inputs_used_up = false;
  MemoryLimit memory = {};
  int scratch_threads = 0;  // threads that scratch is counted for; 0: `threads`
  ChooseConv choose_conv = choose_by_estimate;
  kernels::Precision precision = kernels::Precision::kFp32;  // of convolutions
  std::vector<ValueId> uneven = {};  // weights that find_uneven() finds, in order
};

// Nodes that are computed as one step, band by band (bands.h), by index, in order.
using Chains = std::vector<std::vector<size_t>>;
// The one with the node, or null.
const std::vector<size_t>* chain_of(const Chains& chains, size_t node);
inline bool in_any_chain(const Chains& chains, size_t node) { return chain_of(chains, node); }

// Convolutions that are to be computed together, and why others are not, by the later one's index.
struct Joined {
  Chains chains = {};
  std::map<size_t, const char*> declined = {};
};

// What is decided before the walk, from the plans before.
struct PlanChoices {
  Placements placements = {};
  std::vector<int64_t> max_packed_bytes = {};  // by node; empty: no limits
  Chains bands = {};                           // no node in two of them
  Chains halves = {};                          // likewise, and of three: see halves_choice.h
  Chains panels = {};                          // likewise, and of two: see panel_choice.h
  std::map<size_t, const char*> no_halves = {};
  std::map<size_t, const char*> no_panels = {};
  std::map<size_t, const char*> no_bands = {};  // by node: why it is in none, see far_bands.h
};

// A plan whose steps have packed their weights, each letting go of the graph's own. Errors (kModel)
// name input, operator and node; kUsage says the least memory where the limit is below it. Under a
// limit the choice of kernels does not depend on the number of threads.
Result<std::shared_ptr<const Plan>> build_plan(Graph graph, const PlanOptions& options);

// A step as its family describes it.
struct StepDraft {
  StepInfo info;
  std::unique_ptr<Step> step;  // null: nothing to do
  std::vector<Slot> touches;   // every slot it reads, writes or scribbles on
  StepOfRows of_rows = {};     // where it can be computed by rows; then `step` is that of all
};

class Planner {
 public:
  Planner(const Graph& graph, const PlanOptions& options, PlanChoices choices);

  // The whole walk. Once.
  Result<void> run();

  // ---- What a family asks.
  const Graph& graph() const { return graph_; }
  // That scratch must suffice for.
  int threads() const {
    return options_.scratch_threads > 0 ? options_.scratch_threads : options_.threads;
  }
  int64_t max_packed_bytes(const Node& node) const;
  kernels::Precision precision() const { return options_.precision; }
  bool is_uneven(ValueId weights) const;
  ConvChoice choose(const kernels::ConvProblem& problem) const {
    return options_.choose_conv(problem);
  }
  // Whether a value has a buffer: its shape is static, of at most kMaxRank extents, not empty.
  bool in_memory(ValueId id) const;
  // Where a value that is computed already, or constant, lies.
  const Slot& slot(ValueId id);
  const Shape& shape(ValueId id) const { return *graph_.value(id).shape; }
  // A map that is no dense tensor as well: what is worth keeping a map.
  bool lies_as_map(ValueId id);
  Slot as_map(ValueId id);    // requires rank 4
  Slot as_dense(ValueId id);  // row-major without gaps

  // ---- What a family defines: where an output lies.
  Slot new_map(ValueId id);
  Slot new_dense(ValueId id);
  Slot new_rows(ValueId id);                  // dense, or rows of the last axis further apart
  Slot new_tensor(ValueId id);                // shape depends on the data
  void define(ValueId id, const Slot& slot);  // a view of what another value wrote
  Slot new_scratch(size_t bytes);
  // Asks for an odd number of cache lines between two slots' first elements, which they get where
  // nothing asked for something else before.
  void keep_odd(const Slot& a, const Slot& b);
  // The output of a Concat, and note of its inputs for the second plan.
  Slot new_concat(ValueId id, Layout layout, std::span<const ValueId> inputs, int axis);
  // The layout the first plan gave a Concat's output; nothing in the first plan.
  std::optional<Layout> concat_layout(ValueId id) const;

  // Note of a convolution, for a plan with smaller weights.
  template <typename Problem>
  void note_conv(const Node& node, Problem problem) {
    problem.max_packed_bytes = INT64_MAX;
    convs_.push_back({index_of(node), std::move(problem), shape(node.outputs[0])[0]});
  }

  // A draft with the node's names and the families that declined it.
  StepDraft draft(const Node& node, std::string kernel) const;
  void add(StepDraft draft);

  // ---- After run().
  const std::vector<ConcatNote>& concats() const { return concats_; }
  const std::vector<Owner>& owners() const { return owners_; }
  const std::vector<ConvNote>& convs() const { return convs_; }
  // By step; of a step that is computed by rows with others the first node alone, which has no
  // weights.
  const Chains& nodes_of_steps() const { return nodes_of_steps_; }
  // The plan, its arena laid out, its weights not packed.
  Result<std::shared_ptr<Plan>> finish();

 private:
  using Key = std::pair<ValueId, Layout>;

  Result<void> add_inputs();
  void add_outputs();
  Result<void> add_node(const Node& node);
  void add_bands(const std::vector<size_t>& chain);
  int new_buffer(Buffer buffer);
  Slot constant_slot(Tensor tensor);
  // The slot a value's producer writes, in the Concat it is placed in or in a buffer of its own.
  Slot produced(ValueId id, Layout layout);
  Slot converted(ValueId id, Layout layout);
  size_t index_of(const Node& node) const;
  void place(ValueId id, const Slot& slot);
  // Steps that are computed by rows, as one (row_chain.h).
  bool extends_chain(const StepDraft& draft) const;
  void extend_chain(StepDraft draft);
  void end_chain();
  void touch(const Slot& slot, int step);

  const Graph& graph_;
  PlanOptions options_;
  PlanChoices choices_;
  std::shared_ptr<Plan> plan_;
  std::map<ValueId, Slot> slots_;
  std::map<Key, Slot> produced_;
  std::map<Key, Slot> conversions_;
  std::vector<Owner> owners_;  // by buffer
  std::vector<ConcatNote> concats_;
  std::vector<ConvNote> convs_;
  Chains nodes_of_steps_;
  StepOfRows last_rows_;               // of the last step, where others can be computed with it
  RowChain* chain_ = nullptr;          // the last step, where others are
  std::vector<DeclinedWay> declined_;  // by the families asked about the node in progress
};

// A plan whose weights are not packed, and what the next one may be made of.
struct Draft {
  std::shared_ptr<Plan> plan;
  std::vector<ConvNote> convs;
  Chains nodes;  // by step
};
Result<Draft> lay_out(const Graph& graph, const PlanOptions& options, PlanChoices choices);

}  // namespace shrike
