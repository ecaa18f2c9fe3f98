// Harness of models that run: kernels on hostile weights and indices, and what is made of a hostile
// network's outputs.
#include <array>
#include <limits>

#include "detect/detector.h"
#include "engine/session.h"
#include "formats/onnx_reader.h"
#include "harness.h"
#include "passes/pipeline.h"
#include "reference/work.h"

namespace shrike::fuzz {

namespace {

constexpr int kSide = 32;  // of pictures, where the model leaves it open
// Of a model that is run: more would take seconds under the sanitizers.
constexpr double kMostSteps = 4e6;
constexpr int64_t kMostMacs = 1'000'000;
constexpr size_t kMostBytes = size_t{16} << 20;      // of activations
constexpr int64_t kMostElements = int64_t{1} << 20;  // of all inputs

// Numbers of every kind: small ones, and now and then what overflows or is none.
Tensor odd_input(DType dtype, const Shape& shape) {
  constexpr float kOdd[] = {std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity(), -3e38f, 1e-40f};
  Tensor tensor(dtype, shape);
  const std::span<std::byte> bytes = tensor.mutable_bytes();
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i % 5 == 0);
  if (dtype != DType::kF32) return tensor;
  const std::span<float> values = tensor.mutable_data<float>();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i % 97 == 96 ? kOdd[i / 97 % 4] : static_cast<float>(i % 13) / 13;
  return tensor;
}

bool fits(const std::vector<Shape>& shapes) {
  int64_t elements = 0;
  for (const Shape& shape : shapes) elements += shape.element_count().value_or(kMostElements);
  return elements < kMostElements;
}

// Whether it was little enough to be run, as `run` runs it: as the reference says.
bool runs_in_a_session(const Graph& graph) {
  const Result<std::vector<Shape>> shapes = input_shapes(graph, kSide, kSide);
  if (!has_value(shapes) || !fits(*shapes)) return false;
  const Result<Graph> prepared = prepare_for_inference(graph, *shapes);
  if (!has_value(prepared)) return false;
  Result<Session> session = Session::create(*prepared, {.threads = 1});
  if (!has_value(session) || session->plan().macs() > kMostMacs ||
      session->plan().arena_bytes() > kMostBytes)
    return false;
  std::vector<Tensor> inputs;
  for (const ValueId id : prepared->inputs)
    inputs.push_back(odd_input(prepared->value(id).dtype, *prepared->value(id).shape));
  double steps_left = kMostSteps;
  const auto expected = evaluate_graph_within(steps_left, *prepared, inputs);
  if (!expected && expected.error().message.find("too long") != std::string::npos) return false;

  const auto outputs = session->run(inputs);
  require(outputs.ok() == expected.ok(), "a session refuses what the reference refuses");
  if (!outputs) return true;
  require(outputs->size() == expected->size(), "a session gives every output");
  for (size_t i = 0; i < outputs->size(); ++i)
    require((*outputs)[i].dtype() == (*expected)[i].dtype() &&
                (*outputs)[i].shape() == (*expected)[i].shape(),
            "a session's outputs have the reference's types and shapes");
  return true;
}

void detects(const Graph& graph) {
  LoadOptions load;
  load.threads = 1;
  load.imgsz = {kSide, kSide};
  Result<Detector> detector = Detector::create(graph, "fuzz.onnx", load);
  load.imgsz.reset();
  if (!detector) detector = Detector::create(graph, "fuzz.onnx", load);
  if (!has_value(detector) || detector->macs() > kMostMacs) return;
  Image picture(37, 23);
  for (size_t i = 0; i < picture.bytes().size(); ++i)
    picture.bytes()[i] = static_cast<uint8_t>(i * 7 % 256);
  constexpr int kMostBoxes = 20;
  for (const bool multi_label : {false, true}) {
    DetectOptions options;
    options.conf = 0.001f;
    options.max_det = kMostBoxes;
    options.multi_label = multi_label;
    const auto found = detector->detect(picture, options);
    if (!has_value(found)) continue;
    require(found->boxes.size() <= kMostBoxes, "there are at most max_det boxes");
    for (const Detection& d : found->boxes) {
      require(d.confidence >= 0.001f, "boxes have the confidence that was asked for");
      require(d.class_id >= 0, "a box has a class");
      require(
          d.box.x1 >= 0 && d.box.y1 >= 0 && d.box.x2 <= 37 && d.box.y2 <= 23 && is_finite(d.box),
          "boxes lie in the picture");
    }
  }
}

}  // namespace

void run_onnx_run(Bytes input) {
  const Result<Graph> graph = read_onnx(input, nullptr, "fuzz.onnx");
  if (graph && runs_in_a_session(*graph)) detects(*graph);
}

}  // namespace shrike::fuzz
