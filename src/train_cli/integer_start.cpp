#include "train_cli/integer_start.h"

#include <algorithm>
#include <span>

#include "base/excerpt.h"
#include "base/sha256.h"
#include "calibrate/calibration.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "passes/pipeline.h"
#include "quantize/learned.h"
#include "quantize/network.h"
#include "vision/decode.h"

namespace shrike {

namespace {

Result<std::vector<std::filesystem::path>> calibration_pictures(const Dataset& train) {
  const size_t count = std::min(train.samples.size(), kCalibrationPictures);
  std::vector<std::filesystem::path> pictures;
  for (size_t i = 0; i < count; ++i) {
    const Sample& sample = train.samples[i * train.samples.size() / count];
    const Result<Image> image = read_image(sample.picture);
    if (image)
      pictures.push_back(sample.picture);
    else if (image.error().kind == ErrorKind::kRuntime)
      return image.error();  // too little memory is no damage
    else
      say(printable(image.error().message) + ": not calibrated by");
  }
  return pictures;
}

struct Quantised {
  Graph graph;           // as quantize would save it, but for the names of weights
  FloatsByName weights;  // of the convolutions, before they were rounded
};

// What quantize does (cli/quantize.cpp).
Result<Quantised> quantised(Graph graph, const StartingNetwork& start, const TrainOptions& options,
                            const Dataset& train, int threads) {
  SHRIKE_TRY(run_passes(graph, saving_passes()));
  SHRIKE_TRY(run_passes(graph, cleanup_passes()));
  SHRIKE_ASSIGN(Graph network, network_to_quantize(std::move(graph)));
  CalibrationOptions calibration;
  if (options.qat == "int16x8") calibration.activations = DType::kI16;
  calibration.weight_bits = static_cast<int>(options.qat_weight_bits);
  calibration.preprocess = start.preprocess;
  SHRIKE_ASSIGN(calibration.pictures, calibration_pictures(train));
  calibration.threads = threads;
  calibration.proceed = [] { return interrupted() == 0; };
  if (calibration.pictures.empty()) return input_error("no picture to calibrate by can be read");
  SHRIKE_ASSIGN(const Calibration calibrated, calibrate(std::move(network), calibration));
  for (const std::string& note : calibrated.notes) say(printable(note));
  Quantised result{calibrated.network, {}};
  for (const Node& node : calibrated.network.nodes)
    if (calibrated.plan.convs.contains(node.outputs[0])) {
      const Value& weights = calibrated.network.value(node.inputs[1]);
      result.weights.emplace(weights.name, *weights.constant);
    }
  SHRIKE_TRY(place_integers(result.graph, calibrated.plan, IntegerNames::kOfFloats));
  SHRIKE_ASSIGN(result.graph, network_to_save(std::move(result.graph)));
  return result;
}

// That of the activations, but for the picture.
Result<void> check_type(const Graph& graph, const std::string& wanted) {
  const bool words = std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    const DType type = std::holds_alternative<QuantizeLinear>(node.op)
                           ? graph.value(node.outputs[0]).dtype
                           : DType::kUndefined;
    return type == DType::kI16 || type == DType::kU16;
  });
  if (words == (wanted == "int16x8")) return {};
  return usage_error(
      std::string("its integers are of ") + (words ? "16" : "8") + " bits, which --qat " + wanted +
      " cannot change: give the float model, or --qat " + (words ? "int16x8" : "int8"));
}

Result<TrainingGraph> in_learned_integers(const StartingNetwork& start, const TrainOptions& options,
                                          const Dataset& train, int threads) {
  Graph graph = trained_graph(start.training);
  const Shape size = *graph.value(graph.inputs[0]).shape;
  FloatsByName floats;
  if (holds_integers(graph)) {
    SHRIKE_TRY(check_type(graph, options.qat));
  } else {
    SHRIKE_ASSIGN(Quantised made, quantised(std::move(graph), start, options, train, threads));
    graph = std::move(made.graph);
    floats = std::move(made.weights);
  }
  SHRIKE_ASSIGN(
      TrainingGraph training,
      prepare_for_training(std::move(graph), static_cast<int>(size[2]), static_cast<int>(size[3])));
  if (training.one_to_many && options.multi_scale > 0)
    return usage_error(
        "an end-to-end model learns in integers at one size: leave out --multi-scale");
  std::vector<std::string> detached;
  for (const ValueId id : training.detached) detached.push_back(training.graph.value(id).name);
  SHRIKE_TRY(learn_integers(training.graph, static_cast<int>(options.qat_weight_bits), floats));
  std::vector<ValueId> ids;
  for (const std::string& name : detached) ids.push_back(*training.graph.find_value(name));
  return with_heads(std::move(training.graph), std::move(ids));
}

}  // namespace

Result<void> learn_in_integers(StartingNetwork& network, const TrainOptions& options,
                               const Dataset& train, int threads) {
  if (network.new_head)
    return usage_error(network.source +
                       " is for other classes than the data set's: train it first, and then with "
                       "--qat");
  Result<TrainingGraph> training = in_learned_integers(network, options, train, threads);
  if (!training) return in_context(network.source, training.error());
  network.training = *std::move(training);
  return {};
}

std::string fixed_integers(const Graph& graph) {
  std::string bytes;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<QuantizeLinear>(node.op)) continue;
    const std::span<const std::byte> zero = graph.constant(node.inputs[2])->bytes();
    for (const std::byte byte : zero) bytes += static_cast<char>(byte);
  }
  return sha256_hex(std::as_bytes(std::span(bytes)));
}

}  // namespace shrike
