#include "detect/detector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include "ir/infer.h"
#include "ir/text.h"
#include "passes/pipeline.h"

namespace shrike {
namespace {

// An end-to-end model whose weights are zero: eight cells of stride 16 that see class 0 at σ(3),
// two of stride 32 that see class 1 at σ(1). Its decode is written out. Or all weights have other
// bytes, and `before` makes the value `x` of the picture, which the layers read.
Graph end_to_end_model(const std::string& weight = "00000000", const std::string& before = "",
                       const std::string& x = "images") {
  const auto map = [&](const std::string& name, int stride, const std::string& bias, int channels) {
    const std::string k = std::to_string(stride), c = std::to_string(channels);
    std::string weights;
    for (int i = 0; i < channels * 3 * stride * stride; ++i) weights += weight;
    return "const %w" + name + ": f32[" + c + ",3," + k + "," + k + "] = hex\"" + weights +
           "\"\nconst %b" + name + ": f32[" + c + "] = [" + bias + "]\n%" + name + ": ? = Conv(%" +
           x + ", %w" + name + ", %b" + name + ") strides=[" + k + "," + k + "]\n";
  };
  Result<Graph> graph = parse_graph(
      "meta \"names\" \"{0: 'cat', 1: 'dog'}\"\ninput %images: f32[1,3,32,64]\n" + before +
          map("box16", 16, "0.5,0.5,0.5,0.5", 4) + map("class16", 16, "3,-9", 2) +
          map("box32", 32, "0.5,0.5,0.5,0.5", 4) + map("class32", 32, "-9,1", 2) +
          "%output0: ? = Head(%box16, %class16, %box32, %class32) kind=anchor_free num_classes=2 "
          "strides=[16,32] reg_max=1 box_format=xyxy max_det=300\noutput %output0\n",
      "test");
  EXPECT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(infer_shapes(*graph));
  EXPECT_TRUE(run_passes(*graph, saving_passes()));
  return *graph;
}

bool same(const std::vector<Detection>& a, const std::vector<Detection>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](const Detection& x, const Detection& y) {
        return x.box == y.box && x.confidence == y.confidence && x.class_id == y.class_id;
      });
}

// The same quantised, between the picture and the layers: as bytes where nothing else reads the
// picture, as floats where a Clip that changes nothing stands before it.
TEST(DetectorTest, BytesInPlaceOfAQuantisedPictureChangeNothing) {
  LoadOptions load;
  load.threads = 1;
  Image picture(50, 30);
  for (size_t i = 0; i < picture.bytes().size(); ++i)
    picture.bytes()[i] = static_cast<uint8_t>(i * 7 % 256);
  for (const std::string scale : {"0.003921569", "0.02"}) {
    const std::string form =
        "const %scale: f32[] = [" + scale + "]\nconst %zero: u8[] = hex\"00\"\n";
    const auto quantised = [](const std::string& from) {
      return "%q: ? = QuantizeLinear(%" + from +
             ", %scale, %zero)\n%x: ? = DequantizeLinear(%q, %scale, %zero)\n";
    };
    const std::string clip =
        "const %least: f32[] = [-1]\nconst %most: f32[] = [2]\n"
        "%clipped: ? = Clip(%images, %least, %most)\n";
    Result<Detector> bytes = Detector::create(
        end_to_end_model("6f12833a", form + quantised("images"), "x"), "test", load);
    Result<Detector> floats = Detector::create(
        end_to_end_model("6f12833a", form + clip + quantised("clipped"), "x"), "test", load);
    ASSERT_TRUE(bytes) << bytes.error().message;
    ASSERT_TRUE(floats) << floats.error().message;
    const Result<Detections> a = bytes->detect(picture, {}), b = floats->detect(picture, {});
    ASSERT_TRUE(a && b);
    EXPECT_FALSE(a->boxes.empty());
    EXPECT_TRUE(same(a->boxes, b->boxes)) << scale;
  }
}

class EndToEnd : public ::testing::TestWithParam<OutputLayout> {
 protected:
  // The classes that are found.
  std::vector<int> found(const DetectOptions& options) {
    LoadOptions load;
    load.threads = 1;
    load.layout = GetParam();
    Result<Detector> detector = Detector::create(end_to_end_model(), "test", load);
    EXPECT_TRUE(detector) << detector.error().message;
    if (!detector) return {};
    const bool lifted = detector->description().find("anchor_free") != std::string::npos;
    EXPECT_EQ(lifted, GetParam() == OutputLayout::kAuto) << detector->description();
    const Result<Detections> detections = detector->detect(Image(64, 32), options);
    EXPECT_TRUE(detections) << detections.error().message;
    std::vector<int> classes;
    for (const Detection& d : detections->boxes) classes.push_back(d.class_id);
    return classes;
  }
};

DetectOptions options(float conf, int max_det, std::vector<int> classes) {
  DetectOptions result;
  result.conf = conf;
  result.max_det = max_det;
  result.classes = std::move(classes);
  return result;
}

TEST_P(EndToEnd, TheHeadsOwnRowsAreFilteredThenCut) {
  EXPECT_EQ(found(options(0.25f, 300, {})), (std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(found(options(0.25f, 3, {})), (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(found(options(0.25f, 3, {1})), (std::vector<int>{1, 1}));
  EXPECT_EQ(found(options(0.25f, 1, {1})), (std::vector<int>{1}));
  // Of ten anchors the head gives ten rows; the other classes of the anchors are none of them.
  EXPECT_EQ(found(options(0, 1000, {})).size(), 10u);
}

// In raw maps and in what a file decodes itself: the sum of a white picture's pixels, times one
// weight of a box, which is finite itself.
TEST(DetectorTest, WhatIsNotFiniteIsToldWhereItIsAskedFor) {
  LoadOptions load;
  load.threads = 1;
  DetectOptions asked;
  asked.check_finite = true;
  Image white(64, 32);
  for (uint8_t& byte : white.bytes()) byte = 255;
  constexpr float kLargest = std::numeric_limits<float>::max();
  for (const OutputLayout layout : {OutputLayout::kAuto, OutputLayout::kEndToEnd})
    for (const float value : {0.5f, -1e30f, kLargest, -kLargest}) {
      Graph graph = end_to_end_model();
      const std::optional<ValueId> weights = graph.find_value("wbox32");
      ASSERT_TRUE(weights);
      const std::span<float> all = graph.value(*weights).constant->mutable_data<float>();
      std::fill_n(all.begin(), all.size() / 4, value);
      load.layout = layout;
      Result<Detector> detector = Detector::create(std::move(graph), "test", load);
      ASSERT_TRUE(detector) << detector.error().message;
      const Result<Detections> found = detector->detect(white, asked);
      ASSERT_TRUE(found) << found.error().message;
      EXPECT_EQ(found->finite, std::abs(value) < kLargest) << value;
      const Result<Detections> not_asked = detector->detect(white, {});
      ASSERT_TRUE(not_asked) << not_asked.error().message;
      EXPECT_TRUE(not_asked->finite);
    }
}

TEST(DetectorTest, WeightsThatAreNoFiniteNumbersAreNamed) {
  for (const char* name : {"wclass16", "bbox32"})
    for (const float value : {std::numeric_limits<float>::infinity(),
                              std::numeric_limits<float>::quiet_NaN()}) {
      Graph graph = end_to_end_model();
      const std::optional<ValueId> weights = graph.find_value(name);
      ASSERT_TRUE(weights);
      graph.value(*weights).constant->mutable_data<float>()[1] = value;
      const Result<Detector> detector = Detector::create(std::move(graph), "a/model.onnx", {});
      ASSERT_FALSE(detector) << name;
      EXPECT_EQ(detector.error().kind, ErrorKind::kModel);
      for (const std::string& part : {std::string("a/model.onnx"), "'" + std::string(name) + "'"})
        EXPECT_NE(detector.error().message.find(part), std::string::npos)
            << detector.error().message;
    }
}

TEST(DetectorTest, AnotherOneGivesTheSameBoxesAtTheSameTime) {
  LoadOptions load;
  load.threads = 1;
  Result<Detector> first = Detector::create(end_to_end_model(), "test", load);
  ASSERT_TRUE(first) << first.error().message;
  Result<Detector> second = Detector::another(*first);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->names(), first->names());
  EXPECT_EQ(second->names_known(), first->names_known());
  EXPECT_EQ(second->input_size(), first->input_size());
  EXPECT_EQ(second->description(), first->description());
  EXPECT_EQ(second->threads(), 1);

  const Result<Detections> alone = first->detect(Image(64, 32), {});
  ASSERT_TRUE(alone);
  constexpr int kRuns = 50;
  int different = 0;
  std::thread beside([&] {
    for (int i = 0; i < kRuns; ++i) {
      const Result<Detections> found = second->detect(Image(64, 32), {});
      different += found && same(found->boxes, alone->boxes) ? 0 : 1;
    }
  });
  for (int i = 0; i < kRuns; ++i) {
    const Result<Detections> found = first->detect(Image(64, 32), {});
    EXPECT_TRUE(found && same(found->boxes, alone->boxes));
  }
  beside.join();
  EXPECT_EQ(different, 0);
}

INSTANTIATE_TEST_SUITE_P(LiftedOrNot, EndToEnd,
                         ::testing::Values(OutputLayout::kAuto, OutputLayout::kEndToEnd));

}  // namespace
}  // namespace shrike
