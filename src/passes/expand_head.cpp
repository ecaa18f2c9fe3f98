#include <algorithm>

#include "ir/describe.h"
#include "ir/infer.h"
#include "passes/node_builder.h"
#include "passes/passes.h"

namespace shrike {

namespace {

// One lifted head in ONNX operators (formulas: ir/ops/head.h). A counts anchors of all scales.
class HeadExpander {
 public:
  HeadExpander(Graph& graph, const Node& node)
      : graph_(graph),
        node_(node),
        head_(std::get<Head>(node.op)),
        build_(graph, node.name.empty() ? "head" : node.name) {}

  Result<std::vector<Node>> run() {
    for (ValueId id : node_.inputs)
      if (!graph_.static_shape(id))
        return model_error(describe(graph_, node_) + ": can be expanded only at a fixed size");
    const ValueId result = head_.kind == HeadKind::kAnchorFree ? anchor_free()
                           : head_.kind == HeadKind::kYolox    ? yolox()
                                                               : anchored();
    if (!build_.status()) return build_.status().error();
    std::vector<Node> nodes = build_.take();
    // The last node makes the head's own output.
    for (ValueId& out : nodes.back().outputs)
      if (out == result) out = node_.outputs[0];
    return nodes;
  }

 private:
  int64_t height(size_t scale) const { return extent(scale, 2); }
  int64_t width(size_t scale) const { return extent(scale, 3); }
  int64_t extent(size_t scale, int axis) const {
    return (*graph_.static_shape(node_.inputs[scale * head_.maps_per_scale()]))[axis];
  }
  int64_t batch() const { return (*graph_.static_shape(node_.inputs[0]))[0]; }

  // (N, C, H, W) of map `m` of every scale as one (N, C, A).
  ValueId joined(size_t m, const std::string& name) {
    std::vector<ValueId> parts;
    for (size_t s = 0; s < head_.scales(); ++s)
      parts.push_back(build_.reshape(node_.inputs[s * head_.maps_per_scale() + m],
                                     {0, 0, height(s) * width(s)}, name + std::to_string(s)));
    return build_.concat(std::move(parts), 2, name);
  }

  struct Grid {
    std::vector<float> xy;       // 2 x A: column then row, plus the offset
    std::vector<float> strides;  // A
    int64_t anchors = 0;
  };
  Grid grid(float offset) const {
    Grid g;
    std::vector<float> y;
    for (size_t s = 0; s < head_.scales(); ++s)
      for (int64_t i = 0; i < height(s) * width(s); ++i) {
        g.xy.push_back(static_cast<float>(i % width(s)) + offset);
        y.push_back(static_cast<float>(i / width(s)) + offset);
        g.strides.push_back(static_cast<float>(head_.strides[s]));
      }
    g.anchors = static_cast<int64_t>(y.size());
    g.xy.insert(g.xy.end(), y.begin(), y.end());
    return g;
  }

  // Expected bin of each side's distribution: (N, 4*reg_max, A) -> (N, 4, A).
  ValueId distances(ValueId box, int64_t anchors) {
    if (head_.reg_max == 1) return box;
    const ValueId sides = build_.reshape(box, {0, 4, head_.reg_max, anchors}, "sides");
    const ValueId first = build_.transpose(sides, {0, 2, 1, 3}, "bins_first");
    const ValueId weights = build_.node(Softmax{1}, {first}, "distribution");
    std::vector<float> bins(static_cast<size_t>(head_.reg_max));
    for (size_t i = 0; i < bins.size(); ++i) bins[i] = static_cast<float>(i);
    const ValueId arange = build_.floats(Shape{1, head_.reg_max, 1, 1}, bins, "bins");
    const ValueId mean = build_.node(Conv{}, {weights, arange}, "expected");
    return build_.reshape(mean, {0, 4, anchors}, "distances");
  }

  ValueId anchor_free() {
    const Grid g = grid(0.5f);
    const ValueId side = distances(joined(0, "box"), g.anchors);
    const std::vector<ValueId> parts = build_.split(side, 1, {2, 2}, "near_far");
    const ValueId centres = build_.floats(Shape{1, 2, g.anchors}, g.xy, "centres");
    const ValueId low = build_.sub(centres, parts[0], "low");
    const ValueId high = build_.add(centres, parts[1], "high");
    ValueId box;
    if (head_.box_format == BoxFormat::kXyxy || head_.max_det > 0) {
      box = build_.concat({low, high}, 1, "corners");
    } else {
      const ValueId half = build_.floats(Shape{1}, {0.5f}, "half");
      const ValueId centre = build_.mul(build_.add(low, high, "sum"), half, "centre");
      box = build_.concat({centre, build_.sub(high, low, "size")}, 1, "centre_size");
    }
    const ValueId strides = build_.floats(Shape{1, 1, g.anchors}, g.strides, "strides");
    box = build_.mul(box, strides, "pixels");
    const ValueId scores = build_.unary(UnaryKind::kSigmoid, joined(1, "classes"), "scores");
    if (head_.max_det > 0) return top_rows(box, scores, g.anchors);
    return build_.concat({box, scores}, 1, "output");
  }

  // v10's selection: the best anchors by their best class, then the best of their scores.
  ValueId top_rows(ValueId box, ValueId scores, int64_t anchors) {
    const int64_t rows = std::min(head_.max_det, anchors), classes = head_.num_classes;
    const ValueId boxes = build_.transpose(box, {0, 2, 1}, "boxes");
    const ValueId by_anchor = build_.transpose(scores, {0, 2, 1}, "by_anchor");
    const ValueId best =
        build_.node(Reduce{ReduceKind::kMax, 0, 0}, {by_anchor, build_.ints({-1})}, "best");
    const ValueId anchor = top(best, rows, "anchor").second;
    const ValueId anchor_column = build_.reshape(anchor, {0, rows, 1}, "anchor_column");
    const auto gather = [&](ValueId from, ValueId index, int64_t columns, const std::string& name) {
      const ValueId wide =
          build_.node(Expand{}, {index, build_.ints({batch(), rows, columns})}, name + "_index");
      return build_.node(GatherElements{1}, {from, wide}, name);
    };
    const ValueId chosen_boxes = gather(boxes, anchor_column, 4, "chosen_boxes");
    const ValueId chosen_scores = gather(by_anchor, anchor_column, classes, "chosen_scores");
    const auto [score, flat] =
        top(build_.reshape(chosen_scores, {0, rows * classes}, "flat"), rows, "pair");
    const ValueId count = build_.ints({classes});
    const ValueId row = build_.binary(BinaryKind::kDiv, flat, count, "row");
    const ValueId label = build_.sub(flat, build_.mul(row, count, "row_start"), "label");
    const ValueId final_boxes =
        gather(chosen_boxes, build_.reshape(row, {0, rows, 1}, "row_column"), 4, "final_boxes");
    const ValueId score_column = build_.reshape(score, {0, rows, 1}, "score_column");
    const ValueId label_column = build_.reshape(
        build_.node(Cast{DType::kF32}, {label}, "label_float"), {0, rows, 1}, "label_column");
    return build_.concat({final_boxes, score_column, label_column}, 2, "output");
  }

  std::pair<ValueId, ValueId> top(ValueId x, int64_t k, const std::string& name) {
    const ValueId values = build_.node(TopK{-1, 1, 1}, {x, build_.ints({k})}, name + "_value");
    return {values, build_.second_output(name + "_index")};
  }

  // (N, na*(5+nc), H, W) -> per scale (N, na, H, W, 5+nc), decoded, -> (N, A, 5+nc).
  ValueId anchored() {
    std::vector<ValueId> scales;
    for (size_t s = 0; s < head_.scales(); ++s) scales.push_back(anchored_scale(s));
    return scales.size() == 1 ? scales[0] : build_.concat(std::move(scales), 1, "output");
  }

  ValueId anchored_scale(size_t s) {
    const int64_t na = head_.num_anchors(), row = 5 + head_.num_classes, h = height(s),
                  w = width(s);
    const std::string n = std::to_string(s);
    const ValueId grouped = build_.reshape(node_.inputs[s], {0, na, row, h * w}, "grouped" + n);
    const ValueId rows = build_.transpose(grouped, {0, 1, 3, 2}, "rows" + n);
    std::vector<float> cells, sizes;
    for (int64_t i = 0; i < h * w; ++i)
      for (int64_t v : {i % w, i / w}) cells.push_back(static_cast<float>(v));
    const float* anchors = head_.anchors.data() + s * static_cast<size_t>(2 * na);
    sizes.assign(anchors, anchors + 2 * na);
    const float stride = static_cast<float>(head_.strides[s]);
    const ValueId cell = build_.floats(Shape{1, 1, h * w, 2}, cells, "cells" + n);
    const ValueId size = build_.floats(Shape{1, na, 1, 2}, sizes, "anchors" + n);
    const ValueId step = build_.floats(Shape{1}, {stride}, "stride" + n);
    const std::vector<ValueId> raw =
        build_.split(rows, 3, {2, 2, 1 + head_.num_classes}, "xy_wh_scores" + n);
    const ValueId xy = build_.unary(UnaryKind::kSigmoid, raw[0], "xy_sigmoid" + n);
    const bool v5 = head_.kind == HeadKind::kAnchor;
    const float scale = v5 ? 2.0f : head_.scale_xy[s];
    ValueId centre = xy;
    if (scale != 1.0f) {
      const ValueId spread =
          build_.mul(xy, build_.floats(Shape{1}, {scale}, "scale_xy" + n), "spread" + n);
      centre = build_.sub(spread, build_.floats(Shape{1}, {(scale - 1) / 2}, "shift_xy" + n),
                          "shifted" + n);
    }
    centre = build_.mul(build_.add(centre, cell, "cell_xy" + n), step, "centre" + n);
    ValueId wh;
    if (v5) {
      const ValueId twice = build_.mul(build_.unary(UnaryKind::kSigmoid, raw[1], "wh_sigmoid" + n),
                                       build_.floats(Shape{1}, {2.0f}, "two" + n), "wh_twice" + n);
      wh = build_.mul(build_.mul(twice, twice, "wh_squared" + n), size, "size" + n);
    } else {
      wh = build_.mul(build_.unary(UnaryKind::kExp, raw[1], "wh_exp" + n), size, "size" + n);
    }
    const ValueId scores = build_.unary(UnaryKind::kSigmoid, raw[2], "scores" + n);
    const ValueId joined = build_.concat({centre, wh, scores}, 3, "decoded" + n);
    return build_.reshape(joined, {0, na * h * w, row}, "flat" + n);
  }

  ValueId yolox() {
    const Grid g = grid(0.0f);
    const ValueId objectness =
        build_.unary(UnaryKind::kSigmoid, joined(1, "objectness"), "obj_sigmoid");
    const ValueId classes = build_.unary(UnaryKind::kSigmoid, joined(2, "classes"), "cls_sigmoid");
    ValueId box = joined(0, "box");
    if (head_.decoded) {
      const std::vector<ValueId> raw = build_.split(box, 1, {2, 2}, "xy_wh");
      const ValueId strides = build_.floats(Shape{1, 1, g.anchors}, g.strides, "strides");
      const ValueId cells = build_.floats(Shape{1, 2, g.anchors}, g.xy, "cells");
      const ValueId centre = build_.mul(build_.add(raw[0], cells, "cell_xy"), strides, "centre");
      const ValueId size =
          build_.mul(build_.unary(UnaryKind::kExp, raw[1], "wh_exp"), strides, "size");
      box = build_.concat({centre, size}, 1, "pixels");
    }
    const ValueId all = build_.concat({box, objectness, classes}, 1, "all");
    return build_.transpose(all, {0, 2, 1}, "output");
  }

  Graph& graph_;
  const Node& node_;
  const Head head_;
  NodeBuilder build_;
};

}  // namespace

Result<void> expand_head(Graph& graph) {
  const auto is_head = [](const Node& node) { return std::holds_alternative<Head>(node.op); };
  if (std::none_of(graph.nodes.begin(), graph.nodes.end(), is_head)) return {};
  std::vector<Node> nodes;
  for (const Node& node : graph.nodes) {
    if (!is_head(node)) {
      nodes.push_back(node);
      continue;
    }
    SHRIKE_ASSIGN(std::vector<Node> expanded, HeadExpander(graph, node).run());
    for (Node& made : expanded) nodes.push_back(std::move(made));
  }
  graph.nodes = std::move(nodes);
  SHRIKE_TRY(infer_shapes(graph));
  remove_dead(graph);
  return {};
}

}  // namespace shrike
