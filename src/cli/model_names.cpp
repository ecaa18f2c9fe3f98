#include "cli/model_names.h"

#include "detect/names.h"
#include "formats/names_literal.h"
#include "passes/lift_head.h"

namespace shrike {

Result<void> add_names(Graph& graph, const std::vector<std::string>& given) {
  if (const Node* head = find_head(graph)) {
    SHRIKE_ASSIGN(const ClassNames names,
                  class_names(graph, std::get<Head>(head->op).num_classes, given));
    graph.metadata["names"] = write_names(names.names);
  } else if (!given.empty()) {
    graph.metadata["names"] = write_names(given);
  }
  return {};
}

}  // namespace shrike
