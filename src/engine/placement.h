// Which values are written straight into the Concat that joins them, so that it moves nothing.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "engine/slot.h"
#include "ir/graph.h"

namespace shrike {

// kRows: as kDense, by a step that may write rows of the last axis at any distance.
enum class Layout : uint8_t { kDense, kMap, kRows };

// The value a step wrote a buffer for. id is kNoValue for buffers nobody may move: inputs,
// constants, scratch.
struct Owner {
  ValueId id = kNoValue;
  Layout layout = Layout::kDense;
  View view;
};

// A Concat of a finished plan: its output's slot and its inputs' slots, in order.
struct ConcatNote {
  ValueId id = kNoValue;
  Layout layout = Layout::kDense;
  int axis = 0;
  Slot output;
  std::vector<Slot> inputs;
};

// Where an owner goes: `offset` elements behind the Concat output's first, in its strides (maps and
// spread rows) or densely.
struct Placement {
  ValueId concat = kNoValue;
  int64_t offset = 0;
  bool spread = false;
};

struct Placements {
  std::map<std::pair<ValueId, Layout>, Placement> owners;
  std::map<ValueId, Layout> concats;
};

// Looks at each Concat in turn: an owner goes into the first one whose inputs are views that cover
// all of it, in the order they have in it (Split and Concat of the parts again included). Maps
// joined over channels, their pixels as rows over those, dense tensors over their outermost axis,
// long rows that nothing else reads over their last; others are copied. owners is indexed by
// buffer.
Placements find_placements(const Graph& graph, std::span<const ConcatNote> concats,
                           std::span<const Owner> owners);

// The part of a Concat's output that its input of this extent gets, `start` being the extents
// before it.
Slot concat_part(const Slot& output, int axis, int64_t start, int64_t extent);

}  // namespace shrike
