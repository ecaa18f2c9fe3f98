// Small questions that families ask about a node's inputs.
#pragma once

#include <optional>
#include <vector>

#include "engine/planner.h"
#include "kernels/activation/activation.h"

namespace shrike {

inline bool has_input(const Node& node, size_t i) {
  return i < node.inputs.size() && node.inputs[i] != kNoValue;
}

// Null, or the reason that fits, unless the first `count` inputs are present and f32.
const char* refuse_unless_f32(const Planner& planner, const Node& node, size_t count);

// Whether input 0 is a map of `type` in memory, and there is one output.
bool is_map_of(const Planner& planner, const Node& node, DType type);

// Null, or the reason: input i is absent, or constant and f32.
const char* refuse_unless_constant(const Planner& planner, const Node& node, size_t i);

// The floats of a constant input, null where it is absent. Requires that it is one.
const Tensor* floats_of(const Planner& planner, const Node& node, size_t i);

// A constant i64 or i32 input; nothing where it is absent or computed.
std::optional<std::vector<int64_t>> ints_of(const Planner& planner, const Node& node, size_t i);

// The kernels' form of a function; nothing where no kernel has it.
std::optional<kernels::Activation> activation_of(UnaryKind kind, float alpha, float beta);

// Padding before the first row or column: as given, or as auto_pad works it out from the sizes.
// window: what one window spans, (kernel - 1) * dilation + 1.
struct PadPair {
  int64_t begin, end;
};
PadPair pads_of(AutoPad mode, PadPair given, int64_t in, int64_t out, int64_t stride,
                int64_t window);

// A family's reasons and those of the kernels that declined, in one list.
template <typename Choice>
void note_declined(StepInfo& info, const Choice& choice) {
  for (const auto& declined : choice.declined)
    info.declined.push_back({declined.kernel, declined.reason});
}

}  // namespace shrike
