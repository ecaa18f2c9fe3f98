// Calibration of a network that is made here, and what each of its passes is worth on a real one.
#include "calibrate/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "calibrate/output_error.h"
#include "data/picture_list.h"
#include "detect/family.h"
#include "formats/model.h"
#include "made.h"
#include "passes/pipeline.h"
#include "quantize/network.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

TEST(Calibrate, NearTheFloatsWithEveryConvolutionInIntegers) {
  const TestFolder folder;
  const CalibrationOptions options = options_of(write_pictures(folder.path(), 6));
  const Made made;
  const Result<Calibration> c = calibrate(made.graph, options);
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->plan.convs.size(), 3u);
  EXPECT_EQ(c->plan.groups[0].form, (IntegerForm{DType::kU8, 1.0f / 255, 0}))
      << "the picture's bytes as they are";
  const Result<OutputError> outputs = OutputError::create(made.graph, options, 6);
  ASSERT_TRUE(outputs) << outputs.error().message;
  const Result<double> error = outputs->of(c->plan);
  ASSERT_TRUE(error) << error.error().message;
  EXPECT_GT(*error, 0);
  EXPECT_LT(*error, 1e-3);
  EXPECT_EQ(*outputs->of({}), 0) << "in floats";

  Result<Graph> saved = in_integers(*c);
  ASSERT_TRUE(saved) << saved.error().message;
  ASSERT_TRUE(run_passes(*saved, inference_passes()));
  EXPECT_EQ(std::count_if(saved->nodes.begin(), saved->nodes.end(),
                          [](const Node& n) { return std::holds_alternative<QConv>(n.op); }),
            3);
}

TEST(Calibrate, SixteenBitsAreNearerTheFloats) {
  const TestFolder folder;
  CalibrationOptions options = options_of(write_pictures(folder.path(), 4));
  const Made made;
  const Result<OutputError> outputs = OutputError::create(made.graph, options, 4);
  ASSERT_TRUE(outputs);
  std::vector<double> errors;
  for (const auto& [x, w] :
       {std::pair{DType::kU8, DType::kI8}, {DType::kI16, DType::kI8}, {DType::kI16, DType::kI16}}) {
    options.activations = x, options.weights = w;
    const Result<Calibration> c = calibrate(made.graph, options);
    ASSERT_TRUE(c) << c.error().message;
    EXPECT_EQ(c->plan.groups[0].form.type, DType::kU8) << "the picture";
    EXPECT_EQ(c->plan.groups[1].form.type, x);
    EXPECT_EQ(c->plan.convs.begin()->second.weights.q.dtype(), w);
    errors.push_back(*outputs->of(c->plan));
  }
  EXPECT_LT(errors[1], 0.9 * errors[0]);
  EXPECT_LT(errors[2], 0.05 * errors[1]);
}

TEST(Calibrate, TheSameForAnyNumberOfThreads) {
  const TestFolder folder;
  const std::vector<fs::path> pictures = write_pictures(folder.path(), 3);
  const Result<Calibration> one = calibrate(Made().graph, options_of(pictures, 1)),
                            three = calibrate(Made().graph, options_of(pictures, 3));
  ASSERT_TRUE(one && three);
  ASSERT_EQ(one->plan.groups.size(), three->plan.groups.size());
  for (size_t g = 0; g < one->plan.groups.size(); ++g)
    EXPECT_EQ(one->plan.groups[g].form, three->plan.groups[g].form);
  for (const auto& [id, conv] : one->plan.convs) {
    EXPECT_EQ(conv.weights.q, three->plan.convs.at(id).weights.q);
    EXPECT_EQ(conv.bias, three->plan.convs.at(id).bias);
  }
}

TEST(Calibrate, MeansAreThoseOfFloats) {
  const TestFolder folder;
  CalibrationOptions options = options_of(write_pictures(folder.path(), 4));
  const Made made;
  const auto mean_off = [&](const Names& skip) {
    options.skip = skip;
    Result<Calibration> c = calibrate(made.graph, options);
    EXPECT_TRUE(c) << c.error().message;
    Graph graph = *in_integers(*c);
    EXPECT_TRUE(run_passes(graph, inference_passes()));
    double off = 0;
    for (const bool integers : {false, true}) {
      Result<Observer> observer =
          Observer::create(integers ? graph : made.graph, options.preprocess, 1);
      EXPECT_TRUE(observer);
      EXPECT_TRUE(show(*observer, options.pictures, nullptr, [&](size_t, auto outputs) {
        for (const float v : outputs[0].template data<float>()) off += integers ? v : -v;
        return Result<void>();
      }));
    }
    return std::abs(off);
  };
  EXPECT_LT(mean_off({}), 0.5 * mean_off({"correct_biases"}));
}

TEST(Calibrate, BadPicturesAndInterrupts) {
  const TestFolder folder;
  CalibrationOptions options = options_of(write_pictures(folder.path(), 2));
  options.pictures.push_back(folder.path() / "none.png");
  const Result<Calibration> missing = calibrate(Made().graph, options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kInput);
  EXPECT_NE(missing.error().message.find("none.png"), std::string::npos);
  options.proceed = [] { return false; };
  EXPECT_FALSE(calibrate(Made().graph, options));
}

// Whenever it is asked for an end, there is one, and nobody is asked again.
TEST(Calibrate, EndsWhereverItIsAskedTo) {
  const TestFolder folder;
  CalibrationOptions options = options_of(write_pictures(folder.path(), 2), 1);
  int asked = 0, most = 1 << 30;
  options.proceed = [&] { return asked++ < most; };
  ASSERT_TRUE(calibrate(Made().graph, options));
  const int all = asked;
  for (most = 0; most < all; ++most) {
    asked = 0;
    const Result<Calibration> ended = calibrate(Made().graph, options);
    ASSERT_FALSE(ended);
    EXPECT_NE(ended.error().message.find("ended early"), std::string::npos);
    EXPECT_EQ(asked, most + 1);
  }
  options.skip = {"keep_floats"};
  asked = 0, most = all;
  ASSERT_TRUE(calibrate(Made().graph, options));
  EXPECT_LT(asked, all) << "while it looks for tensors to leave in floats, too";
}

// x -> `channels` (ReLU) -> 2, 1x1 both.
Graph two_layers(Tensor first, Tensor bias, Tensor second) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, kSide, kSide});
  const ValueId w = graph.add_constant("w", std::move(first));
  const ValueId b = graph.add_constant("b", std::move(bias));
  const ValueId a =
      graph.add_node(Conv{.strides = {6, 6}, .activation = UnaryKind::kRelu}, {x, w, b}, "a");
  graph.outputs = {graph.add_node(Conv{}, {a, graph.add_constant("v", std::move(second))}, "y")};
  EXPECT_TRUE(infer_shapes(graph));
  return graph;
}

// What reads a channel that the pictures leave at 0 must not become large beside the others.
TEST(Calibrate, DeadChannelsSetNoScale) {
  const TestFolder folder;
  CalibrationOptions options = options_of(write_pictures(folder.path(), 2));
  options.skip = {"choose_ranges", "keep_floats", "round_weights", "correct_biases"};
  constexpr float kSmall = 1e-4f;
  const Graph graph =
      two_layers(Tensor::from<float>(Shape{3, 3, 1, 1}, {kSmall, 0, 0, 0, 2 * kSmall, 0, 0, 0, 0}),
                 Tensor::from<float>(Shape{3}, {0, 0, -1}),
                 Tensor::from<float>(Shape{2, 3, 1, 1}, {1, 0.9f, 1, 1, 0.8f, 1}));
  const Result<Calibration> c = calibrate(graph, options);
  ASSERT_TRUE(c) << c.error().message;
  const std::span<const float> after =
      c->network.constant(c->network.nodes[1].inputs[1])->data<float>();
  for (size_t o = 0; o < 2; ++o)
    EXPECT_LE(after[3 * o + 2], 2 * std::max(after[3 * o], after[3 * o + 1])) << o;
}

TEST(Calibrate, TooManyInputsToRoundByAreRoundedToTheNearest) {
  const TestFolder folder;
  const CalibrationOptions options = options_of(write_pictures(folder.path(), 1));
  constexpr int64_t kMany = 12000;
  std::mt19937 random(2);
  const auto noise = [&](const Shape& shape) {
    Tensor t(DType::kF32, shape);
    for (float& value : t.mutable_data<float>()) value = static_cast<float>(random() % 1000) / 1e3f;
    return t;
  };
  const Graph graph =
      two_layers(noise(Shape{kMany, 3, 1, 1}), noise(Shape{kMany}), noise(Shape{2, kMany, 1, 1}));
  const Result<Calibration> c = calibrate(graph, options);
  ASSERT_TRUE(c) << c.error().message;
  ASSERT_EQ(c->notes.size(), 1u);
  EXPECT_NE(c->notes[0].find("12000 inputs"), std::string::npos) << c->notes[0];
  const Node& node = c->network.nodes[1];
  EXPECT_TRUE(
      std::ranges::equal(c->plan.convs.at(node.outputs[0]).weights.q.data<int8_t>(),
                         nearest_weights(*c->network.constant(node.inputs[1])).q.data<int8_t>()));
}

// A real model, and pictures of COCO.
struct Real {
  Graph network;
  CalibrationOptions options;  // without pictures
  std::vector<fs::path> pictures;
};

fs::path shared_folder() {
  const char* given = std::getenv("SHRIKE_SHARED");
  return given ? fs::path(given) : fs::path(SHRIKE_SOURCE_DIR) / "../shared";
}

Real real_model(const fs::path& model, int side) {
  Result<Graph> graph = load_model({model, {}});
  EXPECT_TRUE(graph) << graph.error().message;
  const Result<std::vector<Shape>> shapes = input_shapes(*graph, side, side);
  EXPECT_TRUE(shapes && bind_inputs(*graph, *shapes));
  const Result<Network> detector = make_network(*graph, {});
  Result<Graph> network = network_to_quantize(*graph);
  EXPECT_TRUE(detector && network);
  Result<std::vector<fs::path>> pictures =
      pictures_in(shared_folder() / "data/coco128/images/train2017");
  EXPECT_TRUE(pictures);
  Real real{*std::move(network), {}, *std::move(pictures)};
  real.options.preprocess = family_of(*detector, PreprocessChoice::kAuto).preprocess;
  real.options.threads = 2;
  return real;
}

// What the raw maps of the last four pictures are off by after a calibration by `count` others,
// from `first` on.
double error_without(const Real& real, const Names& skip, size_t count, size_t first = 0) {
  CalibrationOptions options = real.options, others = real.options;
  const auto begin = real.pictures.begin() + static_cast<ptrdiff_t>(first);
  options.pictures.assign(begin, begin + static_cast<ptrdiff_t>(count));
  options.skip = skip;
  others.pictures.assign(real.pictures.end() - 4, real.pictures.end());
  const Result<OutputError> outputs = OutputError::create(real.network, others, 4);
  const Result<Calibration> c = calibrate(real.network, options);
  EXPECT_TRUE(outputs && c);
  return outputs && c ? *outputs->of(c->plan) : 0;
}

TEST(Calibrate, PassesGainOnYoloFastest) {
  const fs::path model = shared_folder() / "models/yolo-fastest-1.1.cfg";
  if (!fs::exists(model)) GTEST_SKIP() << model << " is not there";
  const Real real = real_model(model, 320);
  // One calibration differs by a tenth from one instruction set to another. equalise_channels does
  // not gain: docs/plan.md.
  const auto error_of_three = [&](const Names& skip) {
    double sum = 0;
    for (size_t first : {0, 12, 24}) sum += error_without(real, skip, 12, first);
    return sum;
  };
  const double all = error_of_three({});
  RecordProperty("all", std::to_string(all));
  for (const char* pass : {"choose_ranges", "round_weights", "correct_biases"}) {
    const double without = error_of_three({pass});
    RecordProperty(std::string("without_") + pass, std::to_string(without));
    EXPECT_GT(without, all) << pass;
  }
}

// 256 steps are too few for what its first layer gives.
TEST(Calibrate, KeepingFloatsGainsOnYoloxNano) {
  const fs::path model = shared_folder() / "models/yolox_nano.onnx";
  if (!fs::exists(model)) GTEST_SKIP() << model << " is not there";
  const Real real = real_model(model, 416);
  const double with = error_without(real, {"choose_ranges", "round_weights"}, 4);
  const double without = error_without(real, {"choose_ranges", "round_weights", "keep_floats"}, 4);
  RecordProperty("with", std::to_string(with));
  RecordProperty("without", std::to_string(without));
  EXPECT_LT(with, 0.5 * without);
}

}  // namespace
}  // namespace shrike
