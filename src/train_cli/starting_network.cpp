#include "train_cli/starting_network.h"

#include <algorithm>

#include "augment/loader_options.h"
#include "base/file_name.h"
#include "cli/network.h"
#include "cli/values.h"
#include "detect/family.h"
#include "detect/input_size.h"
#include "detect/names.h"
#include "formats/names_literal.h"
#include "ir/finite_weights.h"
#include "passes/insert_batchnorm.h"
#include "zoo/change_classes.h"
#include "zoo/initialise.h"
#include "zoo/scratch.h"

namespace shrike {

namespace {

using Size = std::optional<std::array<int, 2>>;

struct Start {
  Graph graph;
  std::string source;
  std::vector<std::string> names = {};  // that somebody keeps beside the file
  bool forgotten = false;               // the weights are not wanted, only what they are used for
};

// A file's network without what it has learned.
Result<Start> from_architecture(const std::string& file) {
  ModelOption option;
  option.model = file;
  SHRIKE_ASSIGN(LoadedModel model, load_model_option(option));
  return Start{std::move(model.graph), model.source, {}, true};
}

// Random weights, and a batch norm wherever the file has one folded away.
Result<TrainingGraph> forgotten(const TrainingGraph& training, int height, int width,
                                uint64_t seed) {
  Graph graph = trained_graph(training);
  const std::vector<ValueId> folded = folded_convolutions(graph);
  std::vector<ChannelMoments> units;
  for (const ValueId id : folded) {
    const auto channels = static_cast<size_t>((*graph.value(id).shape)[1]);
    units.push_back({std::vector<double>(channels, 0.0), std::vector<double>(channels, 1.0)});
  }
  SHRIKE_TRY(insert_batchnorm(graph, folded, units));
  zoo::initialise(graph, seed);
  return prepare_for_training(std::move(graph), height, width);
}

Result<Start> from_scratch(const TrainOptions& options, const Size& size, size_t classes) {
  if (lower_ending(options.scratch) == ".onnx") return from_architecture(options.scratch);
  zoo::ScratchOptions scratch;
  if (classes > 0) scratch.classes = static_cast<int64_t>(classes);
  if (size) scratch.size = {(*size)[0], (*size)[1]};
  scratch.seed = options.seed;
  Result<Graph> graph = zoo::scratch_model(options.scratch, scratch);
  if (!graph && size) return in_context("--imgsz " + options.size, graph.error());
  if (!graph) return graph.error();
  return Start{*std::move(graph), options.scratch};
}

Result<Start> from_model(const TrainOptions& options) {
  SHRIKE_ASSIGN(LoadedModel model, load_model_option(options.model));
  if (const auto finite = check_finite_weights(model.graph); !finite)
    return in_context(model.source, finite.error());
  return Start{std::move(model.graph), model.source, std::move(model.names)};
}

// Whether a model's classes are those wanted, in their order. One that nobody named is taken for
// that where it has as many.
Result<bool> same_classes(const TrainingGraph& training, const Start& start,
                          const std::vector<std::string>& wanted) {
  const int64_t count = training.head.head.num_classes;
  if (count != static_cast<int64_t>(wanted.size())) return false;
  SHRIKE_ASSIGN(const ClassNames own, class_names(training.graph, count, start.names));
  return !own.known || own.names == wanted;
}

// What an export of Ultralytics says of itself, so that every program that reads those reads this.
void describe(TrainingGraph& training, const std::vector<std::string>& classes) {
  const Shape& input = *training.graph.value(training.graph.inputs[0]).shape;
  const std::vector<int64_t>& strides = training.head.head.strides;
  auto& metadata = training.graph.metadata;
  // When, from what and with which options a file was exported that is no longer this network.
  for (const char* key : {"args", "date", "description", "version"}) metadata.erase(key);
  metadata["names"] = write_names(classes);
  metadata["task"] = "detect";
  metadata["stride"] = std::to_string(*std::max_element(strides.begin(), strides.end()));
  metadata["imgsz"] = write_image_size({input[2], input[3]});
}

Result<StartingNetwork> prepared(const TrainOptions& options, Start start, const Size& size,
                                 const std::optional<std::vector<std::string>>& classes) {
  const auto [height, width] = size.value_or(default_size(start.graph));
  StartingNetwork network;
  network.source = start.source;
  if (!size) network.fixed_size = fixed_size_note(start.graph, start.source);
  SHRIKE_ASSIGN(network.training, prepare_for_training(std::move(start.graph), height, width));
  if (classes) {
    SHRIKE_ASSIGN(const bool same, same_classes(network.training, start, *classes));
    if (!same) {
      Graph graph = trained_graph(network.training);
      SHRIKE_TRY(
          zoo::change_classes(graph, static_cast<int64_t>(classes->size()), options.seed));
      SHRIKE_ASSIGN(network.training, prepare_for_training(std::move(graph), height, width));
      network.new_head = options.scratch.empty();
    }
    describe(network.training, *classes);
  }
  if (start.forgotten) {
    SHRIKE_ASSIGN(network.training, forgotten(network.training, height, width, options.seed));
  }
  network.preprocess = preprocess_of(network.training);
  return network;
}

}  // namespace

Preprocess preprocess_of(const TrainingGraph& training) {
  const Shape& input = *training.graph.value(training.graph.inputs[0]).shape;
  Network network;
  network.graph.metadata = training.graph.metadata;
  network.head = training.head.head;
  network.height = static_cast<int>(input[2]);
  network.width = static_cast<int>(input[3]);
  return family_of(network, PreprocessChoice::kAuto).preprocess;
}

Result<StartingNetwork> starting_network(
    const TrainOptions& options, const std::optional<std::vector<std::string>>& classes) {
  Size size;
  if (!options.size.empty()) {
    SHRIKE_ASSIGN(size, parse_size(options.size));
    if (std::max((*size)[0], (*size)[1]) > kMostSide)
      return usage_error("--imgsz " + options.size + ": networks are trained at sides of 1 to " +
                         std::to_string(kMostSide));
  }
  SHRIKE_ASSIGN(Start start, options.scratch.empty()
                                 ? from_model(options)
                                 : from_scratch(options, size, classes ? classes->size() : 0));
  const std::string source = start.source;
  Result<StartingNetwork> network = prepared(options, std::move(start), size, classes);
  if (!network) return in_context(source, network.error());
  return network;
}

}  // namespace shrike
