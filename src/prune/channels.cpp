#include "prune/channels.h"

#include "ir/describe.h"
#include "prune/tracer.h"

namespace shrike {

Channels Channels::of(const Graph& graph) { return Tracer(graph).run(); }

const Axis& Channels::axis(ValueId id, int axis) const {
  static const Axis none;
  const Axes& own = axes(id);
  const int place = axis < 0 ? axis + static_cast<int>(own.size()) : axis;
  return place >= 0 && place < static_cast<int>(own.size()) ? own[static_cast<size_t>(place)]
                                                            : none;
}

std::string describe_whole(const Graph& graph, const Whole& whole) {
  if (whole.node < 0) return "the graph's outputs";
  return describe(graph, graph.nodes[static_cast<size_t>(whole.node)]);
}

}  // namespace shrike
