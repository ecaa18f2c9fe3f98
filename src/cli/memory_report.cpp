#include "cli/memory_report.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "base/excerpt.h"
#include "engine/memory_limit.h"

namespace shrike {

namespace {

struct PackedWeights {
  int layers = 0;
  size_t bytes = 0;
};

std::map<std::string, PackedWeights> packed_by_kernel(const Plan& plan) {
  std::map<std::string, PackedWeights> rows;
  for (const Plan::Entry& entry : plan.steps()) {
    if (entry.info.packed_bytes == 0) continue;
    PackedWeights& row = rows[entry.info.kernel];
    row.layers += entry.info.layers();
    row.bytes += entry.info.packed_bytes;
  }
  return rows;
}

size_t most_scratch(const Plan& plan) {
  size_t most = 0;
  for (const Plan::Entry& entry : plan.steps()) most = std::max(most, entry.info.scratch_bytes);
  return most;
}

// What is live at the fullest step, the largest first.
std::vector<const Buffer*> largest_live_set(const Plan& plan) {
  const int step = plan.fullest_step();
  std::vector<const Buffer*> live;
  for (const Buffer& buffer : plan.buffers())
    if (buffer.kind == BufferKind::kArena && buffer.first >= 0 && buffer.first <= step &&
        step <= buffer.last)
      live.push_back(&buffer);
  std::stable_sort(live.begin(), live.end(),
                   [](const Buffer* a, const Buffer* b) { return a->bytes > b->bytes; });
  return live;
}

// The node of a step; behind the last one the outputs are read.
std::string step_name(const Plan& plan, int step) {
  if (step < 0) return "none";
  const auto index = static_cast<size_t>(step);
  return index < plan.steps().size() ? plan.steps()[index].info.node : "after the last step";
}

}  // namespace

void print_memory(const Plan& plan) {
  const double bound = static_cast<double>(std::max<size_t>(1, plan.arena_lower_bound()));
  std::printf("\narena        %s, %.1f %% over the largest live set of %s\n",
              megabytes(plan.arena_bytes()).c_str(),
              100 * (static_cast<double>(plan.arena_bytes()) / bound - 1),
              megabytes(plan.arena_lower_bound()).c_str());
  std::printf("scratch      %s at most, in the arena\n", megabytes(most_scratch(plan)).c_str());
  std::printf("constants    %s\n", megabytes(plan.constant_bytes()).c_str());
  std::printf("outputs      %s\n", megabytes(plan.output_bytes()).c_str());
  std::printf("weights      %s packed\n", megabytes(plan.packed_bytes()).c_str());
  for (const auto& [kernel, row] : packed_by_kernel(plan))
    std::printf("%12s %-26s %3d layer%s\n", megabytes(row.bytes).c_str(), kernel.c_str(),
                row.layers, row.layers == 1 ? "" : "s");
  const int step = plan.fullest_step();
  std::printf("live most    step %d of %zu, %s\n", step, plan.steps().size(),
              printable(step_name(plan, step)).c_str());
  for (const Buffer* buffer : largest_live_set(plan))
    std::printf("%12s %s, steps %d to %d\n", megabytes(buffer->bytes).c_str(),
                printable(buffer->name).c_str(), buffer->first, buffer->last);
}

Json memory_json(const Plan& plan) {
  Json packed = Json::array(), live = Json::array();
  for (const auto& [kernel, row] : packed_by_kernel(plan))
    packed.push_back({{"kernel", kernel}, {"layers", row.layers}, {"bytes", row.bytes}});
  for (const Buffer* buffer : largest_live_set(plan))
    live.push_back({{"name", buffer->name},
                    {"bytes", buffer->bytes},
                    {"first", buffer->first},
                    {"last", buffer->last}});
  return {{"arena_bytes", plan.arena_bytes()},
          {"lower_bound_bytes", plan.arena_lower_bound()},
          {"scratch_bytes", most_scratch(plan)},
          {"constant_bytes", plan.constant_bytes()},
          {"output_bytes", plan.output_bytes()},
          {"packed_bytes", plan.packed_bytes()},
          {"packed", std::move(packed)},
          {"fullest_step", step_name(plan, plan.fullest_step())},
          {"live", std::move(live)}};
}

}  // namespace shrike
