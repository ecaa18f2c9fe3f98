#include <malloc.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/code_pages.h"
#include "base/file.h"
#include "base/process_memory.h"
#include "engine/activation_choice.h"
#include "engine/band_choice.h"
#include "engine/far_bands.h"
#include "engine/halves_choice.h"
#include "engine/panel_choice.h"
#include "engine/planner.h"
#include "engine/pool_choice.h"
#include "engine/steps/conv_problem.h"

namespace shrike {

namespace {

// Under a limit kernels are chosen as for this many threads, whatever their number: it must not
// change them.
constexpr int kCountedThreads = 2;

// What the same model takes while it is read differs from run to run by less than this (0.4 MB in
// 25 runs of three models on Linux 6.18, where the kernel counts in batches).
constexpr size_t kReadingDiffers = 500'000;

// What steps of the readable reference (reference/evaluate.h) take beside their slots: tensors of
// their own, and their code.
constexpr size_t kEvaluated = 700'000;

size_t evaluated_bytes(const Plan& plan) {
  const bool any = std::ranges::any_of(
      plan.steps(), [](const Plan::Entry& entry) { return entry.info.kernel == "evaluate"; });
  return any ? kEvaluated : 0;
}

size_t needed_by_runs(const Plan& plan, const MemoryLimit& memory) {
  return memory.beside + evaluated_bytes(plan) + plan.shared_bytes() +
         memory.sessions * plan.session_bytes();
}

// What weights take at most while steps pack their own and let go of the graph's: each is there in
// one of both forms, and in both where a thread is at it.
size_t packing_bytes(const Graph& graph, const Draft& draft, int threads) {
  size_t most = 0;
  std::vector<size_t> both;
  for (size_t i = 0; i < draft.plan->steps().size(); ++i) {
    const size_t packed = align_up(draft.plan->steps()[i].info.packed_bytes);
    if (packed == 0 || i >= draft.nodes.size()) continue;
    size_t source = 0, copy = 0;
    for (const size_t node : draft.nodes[i])
      for (const ValueId id : graph.nodes[node].inputs)
        if (const Tensor* constant = id == kNoValue ? nullptr : graph.constant(id)) {
          source += constant->byte_size();
          // Packed by phases from a copy of no more than all (kernels/conv_transpose/phases.h).
          if (std::holds_alternative<ConvTranspose>(graph.nodes[node].op))
            copy += constant->byte_size();
        }
    most += std::max(source, packed);
    both.push_back(std::min(source, packed) + copy);
  }
  std::sort(both.begin(), both.end(), std::greater<>());
  both.resize(std::min(both.size(), static_cast<size_t>(threads)));
  return std::accumulate(both.begin(), both.end(), most);
}

// What the sessions' threads but the first take for themselves.
size_t more_threads(const PlanOptions& options) {
  const size_t threads = options.memory.sessions * static_cast<size_t>(options.scratch_threads);
  return options.memory.thread * (threads - 1);
}

// Runs and packing follow each other.
struct Needs {
  Needs(const Graph& graph, const Draft& draft, const PlanOptions& options)
      : packing(packing_bytes(graph, draft, options.scratch_threads)),
        runs(needed_by_runs(*draft.plan, options.memory) + more_threads(options)),
        most(std::max(runs, options.memory.beside + draft.plan->constant_bytes() + packing)) {}
  size_t packing, runs, most;
};

// Activations and what no kernel changes: no choice of kernels needs less beside its weights.
size_t least_beside_weights(const Plan& plan, const MemoryLimit& memory) {
  size_t scratch = 0;
  for (const Plan::Entry& entry : plan.steps())
    scratch = std::max(scratch, align_up(entry.info.scratch_bytes));
  scratch += 2 * kTensorAlignment;  // of a pair of lines, and an odd one (plan.cpp)
  const size_t bound = plan.arena_lower_bound();
  return memory.beside + evaluated_bytes(plan) + plan.constant_bytes() +
         memory.sessions * (plan.output_bytes() + bound - std::min(bound, scratch));
}

// On one thread. Reading the model is over by now, and no plan makes it smaller.
Error beyond(const Plan& plan, const Needs& needs, const MemoryLimit& memory) {
  const size_t others = memory.beside + evaluated_bytes(plan) + plan.constant_bytes();
  const size_t reading = peak_of_own_process() > 0 ? peak_of_own_process() + kReadingDiffers : 0;
  const std::string parts = reading > needs.most ? "reading the model"
                            : needs.most > needs.runs
                                ? "weights while they are packed " + megabytes(needs.packing) +
                                      ", all else " + megabytes(others)
                                : "weights " + megabytes(plan.packed_bytes()) + ", activations " +
                                      megabytes(memory.sessions * plan.arena_bytes()) +
                                      ", all else " +
                                      megabytes(others + memory.sessions * plan.output_bytes());
  return usage_error("needs at least " + megabytes(std::max(needs.most, reading)) +
                     " of memory on 1 thread, more than the limit of " + megabytes(memory.bytes) +
                     ": " + parts);
}

struct Found {
  PlanChoices choices;
  bool fits = false;
  double cost = 0;
  size_t bytes = 0;
};

bool better(const Found& a, const Found& b) {
  if (a.fits != b.fits) return a.fits;
  return a.fits ? a.cost < b.cost : a.bytes < b.bytes;
}

// With these bands: the first choice of kernels that fits, else the smallest.
Result<Found> choose_kernels(const Graph& graph, const PlanOptions& options, const Chains& bands) {
  PlanChoices choices;
  choices.bands = bands;
  choices.max_packed_bytes.assign(graph.nodes.size(), INT64_MAX);
  SHRIKE_ASSIGN(Draft draft, lay_out(graph, options, choices));
  const size_t beside = least_beside_weights(*draft.plan, options.memory);
  const std::vector<Saving> savings = find_savings(draft.convs);
  size_t packed = draft.plan->packed_bytes(), done = 0;
  while (Needs(graph, draft, options).most > options.memory.bytes && done < savings.size()) {
    do {
      choices.max_packed_bytes[savings[done].node] = savings[done].max_packed_bytes;
      packed -= savings[done++].bytes;
    } while (beside + packed > options.memory.bytes && done < savings.size());
    SHRIKE_ASSIGN(draft, lay_out(graph, options, choices));
  }
  const size_t bytes = Needs(graph, draft, options).most;
  return Found{std::move(choices), bytes <= options.memory.bytes, draft.plan->cost(), bytes};
}

Result<PlanChoices> choose_within(const Graph& graph, const PlanOptions& options) {
  SHRIKE_ASSIGN(const std::vector<Chains> ways, find_bands(graph, options));
  std::optional<Found> best;
  for (const Chains& bands : ways) {
    SHRIKE_ASSIGN(Found found, choose_kernels(graph, options, bands));
    if (!best || better(found, *best)) best = std::move(found);
  }
  return std::move(best->choices);
}

// The kernels chosen, on as many of the threads as the limit has room for the scratch of.
Result<std::shared_ptr<Plan>> lay_out_within(const Graph& graph, PlanOptions options) {
  options.scratch_threads = kCountedThreads;
  SHRIKE_ASSIGN(const PlanChoices choices, choose_within(graph, options));
  std::shared_ptr<Plan> found;
  const bool was_read = peak_of_own_process() <= options.memory.bytes;
  int fit = 0, too_many = options.threads + 1;
  for (int threads = options.threads; fit + 1 < too_many; threads = fit + (too_many - fit) / 2) {
    options.threads = options.scratch_threads = threads;
    SHRIKE_ASSIGN(Draft draft, lay_out(graph, options, choices));
    const Needs needs(graph, draft, options);
    if (was_read && needs.most <= options.memory.bytes) {
      fit = threads;
      found = std::move(draft.plan);
    } else if (threads == 1) {
      return beyond(*draft.plan, needs, options.memory);
    } else {
      too_many = threads;
    }
  }
  return found;
}

Result<std::shared_ptr<Plan>> lay_out_whole(const Graph& graph, const PlanOptions& options) {
  SHRIKE_ASSIGN(Draft draft, lay_out(graph, options, {}));
  return std::move(draft.plan);
}

}  // namespace

Result<Draft> lay_out(const Graph& graph, const PlanOptions& options, PlanChoices choices) {
  for (const auto find : {find_pooled, find_activated})
    for (std::vector<size_t>& pair : find(graph, options, choices))
      choices.bands.push_back(std::move(pair));
  Joined far = find_far_bands(graph, options, choices);
  for (std::vector<size_t>& chain : far.chains) choices.bands.push_back(std::move(chain));
  choices.no_bands = std::move(far.declined);
  Joined halves = find_halves(graph, options, choices);
  choices.halves = std::move(halves.chains);
  choices.no_halves = std::move(halves.declined);
  Joined panels = find_panels(graph, options, choices);
  choices.panels = std::move(panels.chains);
  choices.no_panels = std::move(panels.declined);
  {
    Planner first(graph, options, choices);
    SHRIKE_TRY(first.run());
    choices.placements = find_placements(graph, first.concats(), first.owners());
  }
  Planner second(graph, options, std::move(choices));
  SHRIKE_TRY(second.run());
  SHRIKE_ASSIGN(std::shared_ptr<Plan> plan, second.finish());
  return Draft{std::move(plan), second.convs(), second.nodes_of_steps()};
}

Result<std::shared_ptr<const Plan>> build_plan(Graph graph, const PlanOptions& given) {
  PlanOptions options = given;
  options.uneven = find_uneven(graph);
  if (options.memory.bytes > 0) give_back_mapped_pages();
  SHRIKE_ASSIGN(std::shared_ptr<Plan> plan, options.memory.bytes > 0
                                                ? lay_out_within(graph, options)
                                                : lay_out_whole(graph, options));
  plan->move_to_owners();
  graph = Graph();
  give_back_code_pages();
  // What several threads need of memory while they pack depends on which layers they meet at: up to
  // 3 MB.
  SHRIKE_TRY(plan->pack(options.memory.bytes > 0 ? 1 : plan->threads()));
  give_back_code_pages();  // packing's own; a run brings back what it needs
  // Around what was read the system mapped more; constants that stay come back when they are read.
  give_back_mapped_pages();
#ifdef __GLIBC__
  // Holes that the graph's weights have left in the heap: too small for what comes next.
  ::malloc_trim(0);
#endif
  return std::shared_ptr<const Plan>(std::move(plan));
}

}  // namespace shrike
