#include "zoo/change_classes.h"

#include <algorithm>
#include <vector>

#include "ir/infer.h"
#include "zoo/head_rows.h"
#include "zoo/initialise.h"

namespace shrike::zoo {

namespace {

// For each channel of the map under the new head, that of the old one it keeps; -1 for a class.
std::vector<int64_t> kept_channels(const Predictor& old, const Head& head, int64_t old_channels) {
  const bool rows = old.head.maps_per_scale() == 1;  // anchors: 5 + classes channels each
  std::vector<int64_t> kept;
  if (!rows) {
    const bool classes = head_row(old.head, old.map, 0) == HeadRow::kClass;
    const int64_t channels = classes ? head.num_classes : old_channels;
    for (int64_t c = 0; c < channels; ++c) kept.push_back(classes ? -1 : c);
    return kept;
  }
  for (int64_t a = 0; a < head.num_anchors(); ++a)
    for (int64_t r = 0; r < 5 + head.num_classes; ++r)
      kept.push_back(r < 5 ? a * (5 + old.head.num_classes) + r : -1);
  return kept;
}

// The rows (axis 0) of `old` that are kept, at their new places; the others from `fresh`.
Tensor with_rows(const Tensor& old, const Tensor& fresh, const std::vector<int64_t>& kept) {
  Tensor result(DType::kF32, fresh.shape());
  const size_t row = kept.empty() ? 0 : static_cast<size_t>(fresh.size()) / kept.size();
  for (size_t c = 0; c < kept.size(); ++c) {
    const float* from = kept[c] < 0 ? fresh.data<float>().data() + c * row
                                    : old.data<float>().data() + static_cast<size_t>(kept[c]) * row;
    std::copy_n(from, row, result.mutable_data<float>().data() + c * row);
  }
  return result;
}

// The constants of a graph's predictors.
struct Replaced {
  ValueId id;
  Tensor old;
  std::vector<int64_t> kept;
};

}  // namespace

Result<void> change_classes(Graph& graph, int64_t classes, uint64_t seed) {
  Graph changed = graph;
  size_t maps = 0;
  for (Node& node : changed.nodes)
    if (auto* head = std::get_if<Head>(&node.op)) {
      head->num_classes = classes;
      maps += node.inputs.size();
    }
  std::vector<Replaced> replaced;
  size_t predictors = 0;
  for_each_predictor(graph, [&](const Predictor& predictor) {
    ++predictors;
    Head head = predictor.head;
    head.num_classes = classes;
    for (ValueId id : {predictor.weights, predictor.bias}) {
      if (id == kNoValue || !graph.constant(id)) continue;
      const Tensor& old = *graph.constant(id);
      const std::vector<int64_t> kept = kept_channels(predictor, head, old.shape()[0]);
      Shape shape = old.shape();
      shape[0] = static_cast<int64_t>(kept.size());
      Value& value = changed.value(id);
      value.constant = Tensor(DType::kF32, shape);
      value.shape = shape;
      replaced.push_back({id, old, kept});
    }
  });
  if (maps == 0) return model_error("has no head that was recognised, so no classes to change");
  if (predictors != maps)
    return model_error("the classes cannot be changed: a raw map is not made by a convolution");
  SHRIKE_TRY(infer_shapes(changed));
  Graph fresh = changed;
  initialise(fresh, seed);
  for (const Replaced& r : replaced)
    changed.value(r.id).constant = with_rows(r.old, *fresh.constant(r.id), r.kept);
  changed.metadata.erase("names");
  graph = std::move(changed);
  return {};
}

}  // namespace shrike::zoo
