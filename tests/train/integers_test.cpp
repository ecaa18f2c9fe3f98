// A network that learns in integers, next to the file that is saved of it in the engine: integer by
// integer, each block from the same integers, and the whole.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>

#include "../golden/shared_files.h"
#include "engine/session.h"
#include "formats/model.h"
#include "ir/infer.h"
#include "passes/lift_head.h"
#include "passes/pipeline.h"
#include "pull/test_folder.h"
#include "quantize/learned.h"
#include "quantize/network.h"
#include "train/module.h"
#include "train/tensors.h"
#include "train_cli/dry_run.h"
#include "train_cli/integer_start.h"
#include "vision/encode.h"
#include "zoo/scratch.h"

namespace shrike {
namespace {

struct Case {
  const char* model;  // of the developers' folder; empty: a built-in family's, of random weights
  const char* type;
  int bits;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << (*c.model ? c.model : "built") << " " << c.type << " " << c.bits;
}

// Where a real value lies between two integers, sums of floats and of integers round to either: so
// many of a block's values may be a step apart. Of 8 bits the engine's curves are quadratics
// (kernels/qconv/output_rule.h), which round more of them to the other one; the built network has
// straight lines.
double rounding_share(const Case& c) {
  if (std::string(c.type) != "int8") return 0.01;
  return *c.model ? 0.05 : 1e-3;
}

std::vector<std::filesystem::path> pictures_for(const TestFolder& folder) {
  std::vector<std::filesystem::path> paths;
  std::mt19937 random(5);
  for (int p = 0; p < 4; ++p) {
    Image image(96, 64);
    int value = 128;
    for (uint8_t& byte : image.bytes()) {
      value = std::clamp(value + static_cast<int>(random() % 41) - 20, 0, 255);
      byte = static_cast<uint8_t>(value);
    }
    paths.push_back(folder.path() / (std::to_string(p) + ".png"));
    EXPECT_TRUE(write_image(paths.back(), image));
  }
  return paths;
}

// Random weights whose maps do not vanish from layer to layer.
void enliven(Graph& graph) {
  for (const Node& node : graph.nodes)
    if (std::holds_alternative<Conv>(node.op) && graph.constant(node.inputs[1]))
      for (float& w : graph.value(node.inputs[1]).constant->mutable_data<float>()) w *= 3;
}

// The outputs of the DQ nodes behind a Q of what is computed from the picture, in their order.
std::vector<ValueId> integers_of(const Graph& graph) {
  const Uses uses(graph);
  std::vector<ValueId> ids;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<DequantizeLinear>(node.op)) continue;
    const int q = uses.producer(node.inputs[0]);  // of weights a Clip, or none
    if (q >= 0 && std::holds_alternative<QuantizeLinear>(graph.nodes[static_cast<size_t>(q)].op))
      ids.push_back(node.outputs[0]);
  }
  return ids;
}

// Readers of each of them read a new input, rounded the same way.
Graph in_blocks(Graph graph) {
  const std::vector<ValueId> cuts = integers_of(graph);
  std::map<ValueId, ValueId> instead;
  std::vector<Node> nodes;
  const std::vector<Node> before = graph.nodes;
  const Uses uses(graph);
  std::vector<Node> front;
  for (const ValueId id : cuts) {
    const Node& dq = before[static_cast<size_t>(uses.producer(id))];
    const Shape shape = *graph.value(id).shape;
    const ValueId given = graph.add_input("given", DType::kF32, shape);
    const ValueId q = graph.add_value("given.q"), real = graph.add_value("given.dq");
    front.push_back({"", QuantizeLinear{}, {given, dq.inputs[1], dq.inputs[2]}, {q}});
    front.push_back({"", DequantizeLinear{}, {q, dq.inputs[1], dq.inputs[2]}, {real}});
    instead[id] = real;
  }
  for (const Node& node : before)
    if (std::holds_alternative<Unary>(node.op) && graph.constant(node.inputs[0]))
      nodes.push_back(node);  // what makes steps
  nodes.insert(nodes.end(), front.begin(), front.end());
  for (Node node : before) {
    if (std::holds_alternative<Unary>(node.op) && graph.constant(node.inputs[0])) continue;
    for (ValueId& id : node.inputs)
      if (const auto found = instead.find(id); found != instead.end()) id = found->second;
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  graph.outputs = cuts;
  remove_dead(graph);
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

std::vector<Tensor> run_engine(const Graph& graph, const std::vector<Tensor>& inputs,
                               int64_t* integer_convs = nullptr) {
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) shapes.push_back(input.shape());
  Result<Graph> prepared = prepare_for_inference(graph, shapes);
  EXPECT_TRUE(prepared) << prepared.error().message;
  if (integer_convs)
    *integer_convs =
        std::count_if(prepared->nodes.begin(), prepared->nodes.end(),
                      [](const Node& node) { return std::holds_alternative<QConv>(node.op); });
  Result<Session> session = Session::create(*std::move(prepared), {});
  EXPECT_TRUE(session) << session.error().message;
  Result<std::vector<Tensor>> outputs = session->run(inputs);
  EXPECT_TRUE(outputs) << outputs.error().message;
  return *std::move(outputs);
}

std::vector<Tensor> run_learned(const Graph& graph, const std::vector<Tensor>& inputs,
                                const std::vector<ValueId>& outputs) {
  const c10::NoGradGuard no_gradients;
  const Result<train::Parameters> parameters = train::Parameters::of(graph);
  EXPECT_TRUE(parameters) << parameters.error().message;
  const Result<train::Module> module = train::Module::build(graph, *parameters, {outputs, {}});
  EXPECT_TRUE(module) << module.error().message;
  std::vector<at::Tensor> given;
  for (const Tensor& input : inputs) given.push_back(*train::to_torch(input));
  const auto got = module->forward(given, train::RunMode{});
  EXPECT_TRUE(got) << got.error().message;
  std::vector<Tensor> tensors;
  for (const at::Tensor& tensor : *got) tensors.push_back(train::from_torch(tensor));
  return tensors;
}

struct Apart {
  double share = 0, steps = 0;  // of values that differ; the most
};

Apart apart(const Tensor& a, const Tensor& b, float step) {
  Apart result;
  int64_t differ = 0;
  for (size_t i = 0; i < static_cast<size_t>(a.size()); ++i) {
    const double steps = std::round(std::abs(static_cast<double>(a.data<float>()[i]) -
                                             static_cast<double>(b.data<float>()[i])) /
                                    static_cast<double>(step));
    differ += steps > 0 ? 1 : 0;
    result.steps = std::max(result.steps, steps);
  }
  result.share = static_cast<double>(differ) / static_cast<double>(a.size());
  return result;
}

class IntegerNetworks : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const Case& c = GetParam();
    Result<Graph> file = model_error("none");
    if (*c.model) {
      const auto path = find_model(c.model);
      if (!path) GTEST_SKIP() << c.model << " is not there";
      file = load_model({*path, {}});
    } else {
      file =
          zoo::scratch_model("yolov3-tiny", {.classes = 2, .size = std::array<int64_t, 2>{64, 96}});
      if (file) enliven(*file);
    }
    ASSERT_TRUE(file) << file.error().message;
    const Shape& shape = *file->value(file->inputs[0]).shape;
    Result<TrainingGraph> training =
        prepare_for_training(*file, static_cast<int>(shape[2]), static_cast<int>(shape[3]));
    ASSERT_TRUE(training) << training.error().message;
    start.training = *std::move(training);
    start.preprocess = preprocess_of(start.training);
    start.source = "test";
    options.qat = c.type;
    options.qat_weight_bits = c.bits;
    for (const auto& path : pictures_for(folder)) dataset.samples.push_back({path, 0, 96, 64, {}});
    const Result<void> learned = learn_in_integers(start, options, dataset, 2);
    ASSERT_TRUE(learned) << learned.error().message;
    move_on();
  }

  // As if it had learned: weights, biases and steps are no longer those of quantize.
  void move_on() {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0, 1);
    Graph& graph = start.training.graph;
    const Result<train::Parameters> parameters = train::Parameters::of(graph);
    ASSERT_TRUE(parameters);
    for (const train::Parameter& p : parameters->all()) {
      std::optional<Tensor>& constant = graph.value(*graph.find_value(p.name)).constant;
      Tensor moved(DType::kF32, constant->shape());  // what no pass has touched lies in the file
      for (size_t i = 0; i < moved.data<float>().size(); ++i) {
        const float value = constant->data<float>()[i];
        const float by = p.role == train::ParameterRole::kStep ? 0.05f : 0.03f * value;
        moved.mutable_data<float>()[i] = value + by * normal(random);
      }
      constant = std::move(moved);
    }
  }

  Tensor picture() const {
    Tensor waves_of = waves(start.training.head.head,
                            *start.training.graph.value(start.training.graph.inputs[0]).shape);
    for (float& value : waves_of.mutable_data<float>()) value = std::round(value * 255) / 255;
    return waves_of;
  }

  Graph stored() const {
    Graph graph = trained_graph(start.training);
    const Result<void> done = store_integers(graph);
    EXPECT_TRUE(done) << done.error().message;
    return graph;
  }

  static std::vector<float> steps_of(const Graph& graph) {
    const Uses uses(graph);
    std::vector<float> steps;
    for (const ValueId id : integers_of(graph))
      steps.push_back(graph.constant(graph.nodes[static_cast<size_t>(uses.producer(id))].inputs[1])
                          ->data<float>()[0]);
    return steps;
  }

  TestFolder folder;
  TrainOptions options;
  Dataset dataset;
  StartingNetwork start;
};

TEST_P(IntegerNetworks, GiveTheEnginesIntegersBlockByBlock) {
  const Graph learned = trained_graph(start.training), saved = stored();
  const std::vector<float> steps = steps_of(saved);
  std::vector<Tensor> given{picture()};
  const std::vector<Tensor> whole = run_learned(learned, given, integers_of(learned));
  ASSERT_EQ(whole.size(), steps.size());
  given.insert(given.end(), whole.begin(), whole.end());
  const Graph blocks = in_blocks(learned), saved_blocks = in_blocks(saved);
  int64_t integer_convs = 0;
  const std::vector<Tensor> ours = run_learned(blocks, given, blocks.outputs),
                            engines = run_engine(saved_blocks, given, &integer_convs);
  ASSERT_EQ(ours.size(), engines.size());
  EXPECT_GE(integer_convs, 11) << "the engine computes in integers";
  double worst = 0, most = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    const Apart found = apart(ours[i], engines[i], steps[i]);
    EXPECT_LE(found.steps, 1) << "tensor " << i;
    EXPECT_LE(found.share, rounding_share(GetParam())) << "tensor " << i;
    worst = std::max(worst, found.share), most = std::max(most, found.steps);
  }
  std::printf("%zu tensors: at most %g of a tensor's values differ, by %g steps\n", ours.size(),
              worst, most);
}

// A step where a value lies between two integers is many steps some layers later: so the maps are
// compared with what integers change of floats.
TEST_P(IntegerNetworks, GiveTheEnginesMaps) {
  Graph learned = trained_graph(start.training);
  const std::vector<Tensor> given{picture()};
  const auto maps = [](Graph graph) {
    graph.outputs = find_head(graph)->inputs;
    remove_dead(graph);
    return graph;
  };
  const Graph learned_maps = maps(learned);
  const std::vector<Tensor> ours = run_learned(learned_maps, given, learned_maps.outputs),
                            engines = run_engine(maps(stored()), given);
  for (size_t i = 0; i < ours.size(); ++i) {
    double difference = 0, all = 0;
    for (size_t k = 0; k < static_cast<size_t>(ours[i].size()); ++k) {
      const auto a = static_cast<double>(ours[i].data<float>()[k]),
                 b = static_cast<double>(engines[i].data<float>()[k]);
      difference += (a - b) * (a - b), all += b * b;
    }
    EXPECT_LE(std::sqrt(difference / all), *GetParam().model ? 0.1 : 0.25) << "map " << i;
    std::printf("map %zu: %g of its length apart\n", i, std::sqrt(difference / all));
  }
}

INSTANTIATE_TEST_SUITE_P(Built, IntegerNetworks,
                         ::testing::Values(Case{"", "int8", 8}, Case{"", "int8", 4},
                                           Case{"", "int16x8", 8}));
INSTANTIATE_TEST_SUITE_P(Shared, IntegerNetworks,
                         ::testing::Values(Case{"yolov8n-bccd-320", "int8", 8},
                                           Case{"yolov8n-bccd-320", "int16x8", 8},
                                           Case{"yolox_nano", "int8", 8},
                                           Case{"yolov10n_e2e-random", "int8", 8},
                                           Case{"yolov10n_e2e-random", "int16x8", 8}));

}  // namespace
}  // namespace shrike
