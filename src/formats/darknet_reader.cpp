#include "formats/darknet_reader.h"

#include <algorithm>

#include "base/file.h"
#include "formats/darknet/layers.h"
#include "formats/names_literal.h"
#include "ir/infer.h"

namespace shrike {

namespace {

using darknet::Builder;
using darknet::Section;
using darknet::YoloScale;

Result<void> add_input(const Section& net, Graph& graph) {
  for (const char* option : {"height", "width", "channels"})
    if (!net.has(option)) return net.fail("option " + std::string(option) + " is missing");
  SHRIKE_ASSIGN(const int64_t height, net.integer("height", 0, 1, 65536));
  SHRIKE_ASSIGN(const int64_t width, net.integer("width", 0, 1, 65536));
  SHRIKE_ASSIGN(const int64_t channels, net.integer("channels", 0, 1, 65536));
  graph.add_input("images", DType::kF32, Shape{1, channels, height, width});
  return {};
}

Result<void> add_layer(const Section& section, Builder& net) {
  const auto kinds = darknet::layer_kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const auto& row) { return row.name == section.name; });
  if (kind == kinds.end()) return section.fail("this kind of section is not supported");
  SHRIKE_ASSIGN(const ValueId output, kind->add(section, net));
  net.finish_layer(output);
  return {};
}

// Pixels of the input per cell of the map; the same both ways and without remainder.
Result<int64_t> find_stride(const Shape& input, const Shape& map, const YoloScale& scale) {
  const int64_t stride = input[2] / map[2];
  if (stride * map[2] == input[2] && stride * map[3] == input[3]) return stride;
  return model_error("the [yolo] map of layer " + std::to_string(scale.layer) + ", " +
                     to_string(map) + ", does not divide the input " + to_string(input));
}

Result<int64_t> add_head(Builder& net) {
  if (net.scales.empty()) return model_error("there is no [yolo] section");
  const YoloScale& first = net.scales[0];
  Head head;
  head.kind = HeadKind::kDarknet;
  head.num_classes = first.classes;
  std::vector<ValueId> maps;
  const Shape input = net.shape(net.graph.inputs[0]);
  for (const YoloScale& scale : net.scales) {
    if (scale.classes != first.classes || scale.anchors.size() != first.anchors.size())
      return model_error("the [yolo] sections of layers " + std::to_string(first.layer) + " and " +
                         std::to_string(scale.layer) +
                         " differ in their number of classes or anchors");
    SHRIKE_ASSIGN(const int64_t stride, find_stride(input, net.shape(scale.map), scale));
    head.strides.push_back(stride);
    head.scale_xy.push_back(scale.scale_xy);
    head.anchors.insert(head.anchors.end(), scale.anchors.begin(), scale.anchors.end());
    maps.push_back(scale.map);
  }
  const int64_t largest = *std::max_element(head.strides.begin(), head.strides.end());
  net.graph.outputs = {net.graph.add_node(std::move(head), std::move(maps), "output0")};
  SHRIKE_TRY(infer_node(net.graph, net.graph.nodes.back()));
  return largest;
}

void add_metadata(int64_t stride, bool letterbox, Graph& graph) {
  const Shape& input = *graph.value(graph.inputs[0]).shape;
  graph.metadata["task"] = "detect";
  graph.metadata["stride"] = std::to_string(stride);
  graph.metadata["imgsz"] = write_image_size({input[2], input[3]});
  graph.metadata["preprocess"] = letterbox ? "darknet_letterbox" : "stretch";
}

Result<Graph> build(const std::vector<Section>& sections, Builder& net) {
  SHRIKE_TRY(add_input(sections[0], net.graph));
  SHRIKE_ASSIGN(const int64_t letterbox, sections[0].integer("letter_box", 0));
  for (size_t i = 1; i < sections.size(); ++i) SHRIKE_TRY(add_layer(sections[i], net));
  SHRIKE_ASSIGN(const int64_t stride, add_head(net));
  add_metadata(stride, letterbox != 0, net.graph);
  return std::move(net.graph);
}

Result<std::vector<Section>> read_sections(const std::filesystem::path& cfg) {
  constexpr size_t kMostBytes = size_t{1} << 20;  // the longest in use has 60 KB
  SHRIKE_ASSIGN(const std::string text, read_text(cfg, ErrorKind::kModel, kMostBytes));
  if (text.empty()) return model_error("cannot read " + cfg.string() + ": the file is empty");
  return darknet::parse_cfg(text, cfg.string());
}

Result<Graph> read_with(const std::filesystem::path& cfg, const std::vector<Section>& sections,
                        darknet::Weights floats) {
  Builder net(std::move(floats));
  Result<Graph> graph = build(sections, net);
  if (!graph) return in_context("cannot read " + cfg.string(), graph.error());
  SHRIKE_TRY(net.finish_weights());
  graph->name = cfg.stem().string();
  remove_dead(*graph);
  return graph;
}

}  // namespace

Result<Graph> read_darknet(const std::filesystem::path& cfg, const std::filesystem::path& weights) {
  SHRIKE_ASSIGN(const std::vector<Section> sections, read_sections(cfg));
  SHRIKE_ASSIGN(darknet::Weights floats, darknet::Weights::open(weights));
  return read_with(cfg, sections, std::move(floats));
}

Result<Graph> read_darknet_cfg(const std::filesystem::path& cfg) {
  SHRIKE_ASSIGN(const std::vector<Section> sections, read_sections(cfg));
  return read_with(cfg, sections, darknet::Weights::zeros());
}

}  // namespace shrike
