#include "ir/verify.h"

#include <set>

#include "base/excerpt.h"
#include "ir/describe.h"
#include "ir/infer.h"

namespace shrike {

namespace {

class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph), defined_(graph.values.size(), false) {}

  Result<void> run() {
    SHRIKE_TRY(check_values());
    for (ValueId id : graph_.inputs) SHRIKE_TRY(define(id, "an input"));
    for (const Node& node : graph_.nodes) SHRIKE_TRY(check_node(node));
    if (graph_.outputs.empty()) return model_error("the graph has no outputs");
    for (ValueId id : graph_.outputs)
      if (!in_range(id) || !defined_[static_cast<size_t>(id)])
        return model_error("a graph output is made by no node");
    return check_inference();
  }

 private:
  bool in_range(ValueId id) const {
    return id >= 0 && static_cast<size_t>(id) < graph_.values.size();
  }

  Result<void> check_values() {
    std::set<std::string_view> names;
    for (size_t i = 0; i < graph_.values.size(); ++i) {
      const Value& value = graph_.values[i];
      if (value.name.empty() || !names.insert(value.name).second)
        return model_error("value name " + in_quotes(value.name) + " is empty or used twice");
      if (!value.constant) continue;
      if (value.constant->dtype() != value.dtype || value.shape != value.constant->shape())
        return model_error("constant " + in_quotes(value.name) +
                           " disagrees with its type or shape");
      defined_[i] = true;
    }
    return {};
  }

  Result<void> define(ValueId id, const std::string& origin) {
    if (!in_range(id)) return model_error(origin + " has an id out of range");
    if (defined_[static_cast<size_t>(id)])
      return model_error("value " + in_quotes(graph_.value(id).name) + " has two origins, one is " +
                         origin);
    defined_[static_cast<size_t>(id)] = true;
    return {};
  }

  Result<void> check_node(const Node& node) {
    const std::string who = describe(graph_, node);
    for (ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      if (!in_range(id)) return model_error(who + " reads an id out of range");
      if (!defined_[static_cast<size_t>(id)])
        return model_error(who + " reads " + in_quotes(graph_.value(id).name) +
                           " before it is made");
    }
    for (ValueId id : node.outputs)
      if (id != kNoValue) SHRIKE_TRY(define(id, who));
    return {};
  }

  Result<void> check_inference() {
    Graph fresh;  // its values alone: nodes may be many, and are read where they are
    fresh.values = graph_.values;
    for (const Node& node : graph_.nodes) SHRIKE_TRY(infer_node(fresh, node));
    for (size_t i = 0; i < graph_.values.size(); ++i) {
      const Value &stored = graph_.values[i], &found = fresh.values[i];
      if (stored.dtype != found.dtype || stored.shape != found.shape)
        return model_error("value " + in_quotes(stored.name) + " is stored as " +
                           std::string(dtype_name(stored.dtype)) + " " +
                           (stored.shape ? to_string(*stored.shape) : "of unknown shape") +
                           " and inferred as " + std::string(dtype_name(found.dtype)) + " " +
                           (found.shape ? to_string(*found.shape) : "of unknown shape"));
    }
    return {};
  }

  const Graph& graph_;
  std::vector<bool> defined_;
};

}  // namespace

Result<void> verify(const Graph& graph) { return Verifier(graph).run(); }

}  // namespace shrike
