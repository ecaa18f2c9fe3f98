#include "passes/node_builder.h"

#include "ir/infer.h"

namespace shrike {

Result<void> NodeBuilder::infer_one(const Node& node) { return infer_node(graph_, node); }

ValueId NodeBuilder::node(Op op, std::vector<ValueId> inputs, const std::string& name) {
  const ValueId out = graph_.add_value(stem_ + "/" + name);
  nodes_.push_back({graph_.value(out).name, std::move(op), std::move(inputs), {out}});
  infer(nodes_.back());
  return out;
}

ValueId NodeBuilder::second_output(const std::string& name) {
  const ValueId out = graph_.add_value(stem_ + "/" + name);
  nodes_.back().outputs.push_back(out);
  infer(nodes_.back());
  return out;
}

ValueId NodeBuilder::ints(const std::vector<int64_t>& values) {
  return graph_.add_constant(
      stem_ + "/ints", Tensor::from<int64_t>(Shape{static_cast<int64_t>(values.size())}, values));
}

ValueId NodeBuilder::floats(Shape shape, const std::vector<float>& values,
                            const std::string& name) {
  return graph_.add_constant(stem_ + "/" + name, Tensor::from<float>(std::move(shape), values));
}

std::vector<ValueId> NodeBuilder::split(ValueId x, int64_t axis, const std::vector<int64_t>& sizes,
                                        const std::string& name) {
  std::vector<ValueId> parts;
  for (size_t i = 0; i < sizes.size(); ++i)
    parts.push_back(graph_.add_value(stem_ + "/" + name + "." + std::to_string(i)));
  nodes_.push_back({stem_ + "/" + name, Split{axis}, {x, ints(sizes)}, parts});
  infer(nodes_.back());
  return parts;
}

}  // namespace shrike
