// Step families: who turns which nodes into steps. The list is ordered: the first family that
// handles the operator and does not refuse the node makes its step; the last one, which runs the
// readable reference, takes every node. The reasons of those that refused stay with the step.
//
// To add one: a file in steps/, its row here.
#pragma once

#include <span>

#include "engine/planner.h"

namespace shrike {

struct StepFamily {
  const char* name;
  bool (*handles)(const Op&);
  // Null, or why not. Asked only when all shapes are static and nothing is empty. A null function
  // refuses nothing.
  const char* (*refuse)(Planner&, const Node&);
  void (*emit)(Planner&, const Node&);
};

std::span<const StepFamily> step_families();

}  // namespace shrike
