// Detections of a real model in 16 bits, calibrated here, against what an oracle found with its
// floats (oracle.h).
#include <gtest/gtest.h>

#include "calibrate/calibration.h"
#include "data/picture_list.h"
#include "detect/family.h"
#include "formats/model.h"
#include "formats/onnx_reader.h"
#include "formats/onnx_writer.h"
#include "oracle.h"
#include "pull/test_folder.h"
#include "quantize/network.h"
#include "shared_files.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModel = "yolov8n-bccd-320";
// What 16 bits may change of what floats find.
constexpr Tolerance kWords = {.iou = 0.95f, .score = 0.02f, .near_threshold = 0.03f};

CalibrationOptions calibration_of(const Graph& model) {
  CalibrationOptions options;
  options.activations = options.weights = DType::kI16;
  const Result<Network> network = make_network(model, {});
  EXPECT_TRUE(network);
  options.preprocess = family_of(*network, PreprocessChoice::kAuto).preprocess;
  const auto pictures = pictures_in(shared_folder() / "data/bccd/images/train");
  EXPECT_TRUE(pictures);
  options.pictures.assign(pictures->begin(), pictures->begin() + 32);
  return options;
}

TEST(GoldenIntegers, SixteenBitsFindWhatFloatsFind) {
  const fs::path numbers = oracle_file(kModel);
  const std::optional<fs::path> file = find_model(kModel);
  if (!file || !fs::exists(numbers))
    GTEST_SKIP() << kModel << ": model or golden numbers are not on this machine (" << numbers
                 << ")";
  Result<Graph> floats = load_model({*file, {}});
  ASSERT_TRUE(floats) << floats.error().message;
  Result<Graph> network = network_to_quantize(*floats);
  ASSERT_TRUE(network) << network.error().message;
  const Result<Calibration> calibration = calibrate(*std::move(network), calibration_of(*floats));
  ASSERT_TRUE(calibration) << calibration.error().message;
  EXPECT_GT(calibration->plan.convs.size(), 60u);

  // As a file, which is what others read.
  const TestFolder folder;
  const Result<Graph> saved = network_to_save(*in_integers(*calibration));
  ASSERT_TRUE(saved) << saved.error().message;
  const fs::path words = folder.path() / "words.onnx";
  ASSERT_TRUE(save_onnx(*saved, words, {.opset = opset_for(*saved)}));
  Result<Graph> read = read_onnx(words);
  ASSERT_TRUE(read) << read.error().message;
  Result<Detector> detector = Detector::create(*std::move(read), words.string(), {});
  ASSERT_TRUE(detector) << detector.error().message;
  expect_like_oracle(*detector, numbers, "bccd/images/test", kWords);
}

}  // namespace
}  // namespace shrike
