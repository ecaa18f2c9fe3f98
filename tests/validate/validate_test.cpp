// Detectors over data sets, with a network whose answers depend on the picture.
#include "validate/validate.h"

#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <random>
#include <set>

#include "ir/infer.h"
#include "ir/text.h"
#include "passes/pipeline.h"
#include "pull/test_folder.h"
#include "vision/class_name.h"
#include "vision/decode.h"
#include "vision/encode.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

constexpr int kPictures = 23;

std::string hex_of(const std::vector<float>& values) {
  std::string text;
  for (const float value : values)
    for (int byte = 0; byte < 4; ++byte) {
      const uint32_t bits = std::bit_cast<uint32_t>(value) >> (8 * byte) & 255;
      text += {"0123456789abcdef"[bits >> 4], "0123456789abcdef"[bits & 15]};
    }
  return text;
}

// One scale of stride 32, two classes, weights by `seed`.
Detector random_detector(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> weights(7 * 3 * 32 * 32);
  for (float& w : weights) w = static_cast<float>(random() % 2001) / 1000.0f * 0.05f - 0.05f;
  Result<Graph> graph = parse_graph(
      "meta \"names\" \"{0: 'cat', 1: 'dog'}\"\nmeta \"stride\" \"32\"\n"
      "input %images: f32[1,3,96,128]\nconst %w: f32[7,3,32,32] = hex\"" +
          hex_of(weights) +
          "\"\nconst %b: f32[7] = [0, 0, 0, 0, 1, 0.5, 0]\n"
          "%map: ? = Conv(%images, %w, %b) strides=[32,32]\n"
          "%output0: ? = Head(%map) kind=darknet num_classes=2 strides=[32] anchors=[40,30] "
          "scale_xy=[1]\noutput %output0\n",
      "test");
  EXPECT_TRUE(graph) << graph.error().message;
  EXPECT_TRUE(infer_shapes(*graph));
  EXPECT_TRUE(run_passes(*graph, saving_passes()));
  LoadOptions load;
  load.threads = 1;
  Result<Detector> detector = Detector::create(*std::move(graph), "test", load);
  EXPECT_TRUE(detector) << detector.error().message;
  return *std::move(detector);
}

class ValidateRun : public testing::Test {
 protected:
  // Pictures of noise, patch by patch; objects are some of what the detector sees, moved a little.
  ValidateRun() {
    dataset_.source = "made.yaml";
    dataset_.names = {"cat", "dog"};
    dataset_.category_ids = {0, 1};
    std::mt19937 random(7);
    for (int i = 0; i < kPictures; ++i) {
      Image image(60 + 7 * i, 100 - 2 * i);
      for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
          for (int c = 0; c < 3; ++c)
            image.pixel(x, y)[c] = static_cast<uint8_t>(
                (x / 20 * 37 + y / 20 * 91 + c * 50 + i * 13) * 31 + random() % 20);
      const fs::path path = folder_.path() / (std::to_string(i) + ".png");
      EXPECT_TRUE(write_image(path, image));
      dataset_.samples.push_back({path, i, image.width(), image.height(), truth_of(image, i)});
    }
  }

  std::vector<Truth> truth_of(const Image& image, int picture) {
    DetectOptions options;
    options.conf = 0.3f;
    const Result<Detections> found = detector_.detect(image, options);
    EXPECT_TRUE(found);
    std::vector<Truth> truth;
    for (size_t i = static_cast<size_t>(picture % 2); i < found->boxes.size(); i += 2) {
      const Box& b = found->boxes[i].box;
      const double moved = 0.7 * static_cast<double>(i);
      Truth object{b.x1 + moved, b.y1 + 1.0, b.width(), b.height(), 0, found->boxes[i].class_id};
      object.area = object.width * object.height;
      object.crowd = i % 7 == 6;
      truth.push_back(object);
    }
    return truth;
  }

  Validation validated(const Dataset& dataset, const ValidateOptions& options) {
    Result<Validation> result = validate(detector_, dataset, options);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *std::move(result) : Validation{};
  }

  TestFolder folder_;
  Detector detector_ = random_detector(1);
  Dataset dataset_;
};

// Everything but the times, to the bit.
void expect_same(const Validation& a, const Validation& b) {
  EXPECT_EQ(a.scored, b.scored);
  EXPECT_EQ(a.matches, b.matches);
  EXPECT_EQ(a.confusion, b.confusion);
  EXPECT_EQ(a.scores.summary.map50_95, b.scores.summary.map50_95);
  EXPECT_EQ(a.scores.at_best.f1, b.scores.at_best.f1);
  EXPECT_EQ(a.scores.instances, b.scores.instances);
}

TEST_F(ValidateRun, ScoresWhatTheDetectorFinds) {
  std::vector<PictureMatches> expected;
  for (const Sample& sample : dataset_.samples) {
    const Result<Image> image = read_image(sample.picture);
    ASSERT_TRUE(image);
    const Result<Detections> found = detector_.detect(*image, validation_detect_options());
    ASSERT_TRUE(found);
    expected.push_back(match_picture(found->boxes, sample.truth));
  }
  const Scores scores = score(expected, 2);
  const Validation validation = validated(dataset_, {});
  EXPECT_EQ(validation.scores.summary.map50_95, scores.summary.map50_95);
  EXPECT_EQ(validation.scores.images, size_t{kPictures});
  ASSERT_TRUE(scores.summary.map50_95);
  EXPECT_GT(*scores.summary.map50_95, 0.05) << "a test of nothing";
  EXPECT_LT(*scores.summary.map50_95, 0.95) << "a test of nothing";
  EXPECT_GT(validation.speed.inference_ms, 0);
  EXPECT_GT(validation.read_ms, 0);
}

TEST_F(ValidateRun, TheSameForAnyNumberOfStreams) {
  const Validation one = validated(dataset_, {});
  for (const int streams : {2, 3, 8, 100}) {
    ValidateOptions options;
    options.view.streams = streams;
    expect_same(validated(dataset_, options), one);
  }
}

TEST_F(ValidateRun, SeveralDetectorsAreShownTheSamePictures) {
  std::vector<Detector> detectors;
  detectors.push_back(random_detector(1));
  detectors.push_back(random_detector(2));
  ValidateOptions options;
  options.view.streams = 3;
  const Result<std::vector<Validation>> both = validate(detectors, dataset_, options);
  ASSERT_TRUE(both) << both.error().message;
  ASSERT_EQ(both->size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    const Result<Validation> alone = validate(detectors[i], dataset_, {});
    ASSERT_TRUE(alone);
    expect_same((*both)[i], *alone);
  }
  EXPECT_NE((*both)[0].scores.summary.map50_95, (*both)[1].scores.summary.map50_95);
}

TEST_F(ValidateRun, ClassesAreMatchedByName) {
  const Validation straight = validated(dataset_, {});
  Dataset turned = dataset_;
  turned.names = {"dog", "cat"};
  for (Sample& sample : turned.samples)
    for (Truth& truth : sample.truth) truth.class_id = 1 - truth.class_id;
  const Validation crossed = validated(turned, {});
  for (const int c : {0, 1})
    EXPECT_EQ(crossed.scores.classes[c].summary.map50_95,
              straight.scores.classes[1 - c].summary.map50_95);
  ValidateOptions by_index;
  by_index.view.classes = ClassMatching::kByIndex;
  EXPECT_NE(validated(turned, by_index).scores.summary.map50_95, straight.scores.summary.map50_95);
}

TEST_F(ValidateRun, ClassesThatTheDataDoesNotHaveAreNotLookedFor) {
  const Validation all = validated(dataset_, {});
  Dataset dogs = dataset_;
  dogs.names = {"dog"};
  for (Sample& sample : dogs.samples) {
    std::erase_if(sample.truth, [](const Truth& truth) { return truth.class_id == 0; });
    for (Truth& truth : sample.truth) truth.class_id = 0;
  }
  ValidateOptions options;
  options.keep_detections = true;
  const Validation one = validated(dogs, options);
  EXPECT_EQ(one.dropped_classes, 1);
  EXPECT_EQ(one.scores.classes.size(), 1u);
  EXPECT_EQ(one.scores.summary.map50_95, all.scores.classes[1].summary.map50_95);
  ASSERT_EQ(one.detections.size(), size_t{kPictures});
  size_t boxes = 0;
  for (const auto& detections : one.detections)
    for (const Detection& d : detections) boxes += d.class_id == 0 ? 1 : 1000;
  EXPECT_GT(boxes, 0u);
  EXPECT_LT(boxes, 1000u);
}

TEST_F(ValidateRun, NamesThatDoNotAgree) {
  dataset_.names = {"cat", "owl"};
  const Result<Validation> result = validate(detector_, dataset_, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kInput);
  for (const char* part : {"made.yaml", "owl", "2: cat, dog"})
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

TEST_F(ValidateRun, ADataSetWithoutNames) {
  const Validation named = validated(dataset_, {});
  dataset_.names = {class_name({}, 0), class_name({}, 1)};  // as the reader of data.yaml
  expect_same(validated(dataset_, {}), named);
  dataset_.names = {class_name({}, 0)};
  const Result<Validation> fewer = validate(detector_, dataset_, {});
  ASSERT_FALSE(fewer);
  EXPECT_NE(fewer.error().message.find("the data set names no classes"), std::string::npos);
}

TEST_F(ValidateRun, PicturesThatCannotBeReadAreNotScored) {
  Dataset rest = dataset_;
  std::ofstream(dataset_.samples[3].picture) << "no picture";
  fs::remove(dataset_.samples[20].picture);
  rest.samples.erase(rest.samples.begin() + 20);
  rest.samples.erase(rest.samples.begin() + 3);
  ValidateOptions options;
  options.view.streams = 3;
  const Validation damaged = validated(dataset_, options), whole = validated(rest, options);
  ASSERT_EQ(damaged.skipped.size(), 2u);
  EXPECT_EQ(damaged.skipped[0].sample, 3u);
  EXPECT_EQ(damaged.skipped[1].sample, 20u);
  EXPECT_NE(damaged.skipped[1].reason.find("20.png"), std::string::npos);
  EXPECT_EQ(damaged.scored.size(), damaged.matches.size());
  EXPECT_EQ(damaged.scored[3], 4u);
  EXPECT_EQ(damaged.scores.summary.map50_95, whole.scores.summary.map50_95);
  EXPECT_EQ(damaged.scores.images, size_t{kPictures - 2});
}

TEST_F(ValidateRun, NoPictures) {
  for (Sample& sample : dataset_.samples) fs::remove(sample.picture);
  const Result<Validation> unreadable = validate(detector_, dataset_, {});
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().kind, ErrorKind::kInput);
  EXPECT_NE(unreadable.error().message.find("0.png"), std::string::npos);
  dataset_.samples.clear();
  const Result<Validation> none = validate(detector_, dataset_, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kInput);
}

TEST_F(ValidateRun, ProgressAndItsEnd) {
  std::set<size_t> seen;
  ValidateOptions options;
  options.view.streams = 4;
  options.progress = [&](size_t done, size_t total) {
    EXPECT_EQ(total, size_t{kPictures});
    seen.insert(done);
    return true;
  };
  validated(dataset_, options);
  EXPECT_EQ(seen.size(), size_t{kPictures});
  EXPECT_EQ(*seen.rbegin(), size_t{kPictures});

  size_t calls = 0;
  options.progress = [&](size_t done, size_t) {
    ++calls;
    return done < 5;
  };
  const Result<Validation> ended = validate(detector_, dataset_, options);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::kRuntime);
  EXPECT_EQ(calls, 5u) << "not called again once it said no";
}

}  // namespace
}  // namespace shrike
