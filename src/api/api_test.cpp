// The interface as a program sees it: linked against the shared library, no private header.
#include <shrike/shrike.h>

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cmath>
#include <fstream>
#include <thread>

namespace {

namespace fs = std::filesystem;
using shrike::ErrorKind;
using shrike::PixelFormat;

// Five strided convolutions, which pass on what they see: a cell of 32x32 pixels is judged by its
// first. Red is a cat, blue a dog, each of 10x20 pixels in the cell's middle.
constexpr int kPasses = 5;
constexpr const char* kInput = "[net]\nwidth=64\nheight=32\nchannels=3\n";
constexpr const char* kPass = "[convolutional]\nfilters=3\nsize=1\nstride=2\nactivation=linear\n";
constexpr float kPassNumbers[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};  // biases, weights
constexpr const char* kHead =
    "[convolutional]\nfilters=7\nsize=1\nstride=1\nactivation=linear\n"
    "[yolo]\nmask=0\nanchors=10,20\nclasses=2\nnum=1\n";
constexpr float kHeadBiases[7] = {0, 0, 0, 0, -5, 0, 0};
constexpr float kHeadWeights[7][3] = {{}, {}, {}, {}, {20, 0, 20}, {9, 0, -9}, {-9, 0, 9}};

template <typename T>
void write(std::ofstream& file, const T& numbers) {
  file.write(reinterpret_cast<const char*>(&numbers), sizeof numbers);
}

constexpr int kWidth = 64, kHeight = 32;

class Api : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "shrike_api_XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    std::ofstream network(model());
    std::ofstream weights(folder_ / "tiny.weights", std::ios::binary);
    network << kInput;
    write(weights, std::array<int32_t, 5>{0, 2, 5, 0, 0});
    for (int pass = 0; pass < kPasses; ++pass) {
      network << kPass;
      write(weights, kPassNumbers);
    }
    network << kHead;
    write(weights, kHeadBiases);
    write(weights, kHeadWeights);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path model() const { return folder_ / "tiny.cfg"; }

  shrike::Detector load(shrike::LoadOptions options = {}) const {
    options.threads = 1;
    if (options.class_names.empty()) options.class_names = {"cat", "dog"};
    shrike::Result<shrike::Detector> detector = shrike::Detector::load(model(), options);
    EXPECT_TRUE(detector) << detector.error().message;
    return *std::move(detector);
  }

  fs::path folder_;
};

// Red on the left, blue on the right, rows `gap` bytes apart, which are all set.
std::vector<uint8_t> picture(PixelFormat format, size_t gap) {
  const size_t bytes = format == PixelFormat::kRgb || format == PixelFormat::kBgr ? 3 : 4;
  const bool red_first = format == PixelFormat::kRgb || format == PixelFormat::kRgba;
  const size_t stride = bytes * kWidth + gap;
  std::vector<uint8_t> data(stride * kHeight, 0xff);
  for (size_t y = 0; y < kHeight; ++y)
    for (size_t x = 0; x < kWidth; ++x) {
      uint8_t* pixel = data.data() + y * stride + x * bytes;
      std::fill(pixel, pixel + 3, uint8_t{0});
      pixel[(x < kWidth / 2) == red_first ? 0 : 2] = 0xff;
    }
  return data;
}

// What the picture shows: a cat, a dog; equally certain, so in no particular order.
void expect_cat_and_dog(const shrike::Result<shrike::Detections>& found) {
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->picture.width, kWidth);
  EXPECT_EQ(found->picture.height, kHeight);
  ASSERT_EQ(found->boxes.size(), 2u);
  for (const shrike::Detection& d : found->boxes) {
    EXPECT_EQ(d.class_name, d.class_id == 0 ? "cat" : "dog");
    const float left = d.class_id == 0 ? 11 : 43;
    EXPECT_NEAR(d.box.x1, left, 1e-3);
    EXPECT_NEAR(d.box.y1, 6, 1e-3);
    EXPECT_NEAR(d.box.x2, left + 10, 1e-3);
    EXPECT_NEAR(d.box.y2, 26, 1e-3);
    EXPECT_GT(d.confidence, 0.99f);
  }
  EXPECT_NE(found->boxes[0].class_id, found->boxes[1].class_id);
}

TEST_F(Api, File) {
  const fs::path path = folder_ / "picture.ppm";
  const std::vector<uint8_t> data = picture(PixelFormat::kRgb, 0);
  std::ofstream(path, std::ios::binary)
      << "P6 64 32 255\n"
      << std::string_view(reinterpret_cast<const char*>(data.data()), data.size());
  shrike::Detector detector = load();
  expect_cat_and_dog(detector.detect_file(path));
}

TEST_F(Api, EveryPixelFormatAndStride) {
  shrike::Detector detector = load();
  for (PixelFormat format :
       {PixelFormat::kRgb, PixelFormat::kBgr, PixelFormat::kRgba, PixelFormat::kBgra})
    for (size_t gap : {0, 1, 61}) {
      SCOPED_TRACE(std::to_string(static_cast<int>(format)) + ", gap " + std::to_string(gap));
      const std::vector<uint8_t> data = picture(format, gap);
      const auto row_bytes = static_cast<ptrdiff_t>(data.size() / kHeight);
      expect_cat_and_dog(detector.detect_pixels({data.data(), kWidth, kHeight, format, row_bytes}));
      if (gap == 0)
        expect_cat_and_dog(detector.detect_pixels({data.data(), kWidth, kHeight, format}));
    }
}

TEST_F(Api, GreyIsAllColours) {
  std::vector<uint8_t> grey(kWidth * kHeight);
  grey[kWidth / 2] = 0xff;
  shrike::Detector detector = load();
  const auto found = detector.detect_pixels({grey.data(), kWidth, kHeight, PixelFormat::kGrey});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->boxes.size(), 2u) << "as much a dog as a cat, and Darknet tells both";
  for (const shrike::Detection& d : found->boxes) {
    EXPECT_NEAR(d.box.x1, 43, 1e-3);
    EXPECT_NEAR(d.confidence, 0.5, 1e-3);
  }
}

TEST_F(Api, Options) {
  const std::vector<uint8_t> data = picture(PixelFormat::kRgb, 0);
  const shrike::Pixels pixels{data.data(), kWidth, kHeight, PixelFormat::kRgb};
  shrike::Detector detector = load();
  const auto count = [&](const shrike::DetectOptions& options) {
    const auto found = detector.detect_pixels(pixels, options);
    return found ? found->boxes.size() : 99;
  };
  EXPECT_EQ(count({.confidence = 1.0f}), 0u);
  EXPECT_EQ(count({.max_detections = 1}), 1u);
  EXPECT_EQ(count({.class_ids = {0, 1}}), 2u);
  const auto dogs = detector.detect_pixels(pixels, {.class_ids = {1}});
  ASSERT_TRUE(dogs);
  ASSERT_EQ(dogs->boxes.size(), 1u);
  EXPECT_EQ(dogs->boxes[0].class_name, "dog");

  EXPECT_EQ(detector.input_size().width, 64);
  EXPECT_EQ(detector.input_size().height, 32);
  EXPECT_TRUE(detector.class_names_known());
  const shrike::Detector larger = load({.input_size = shrike::Size{96, 64}});
  EXPECT_EQ(larger.input_size().width, 96);
  EXPECT_EQ(larger.input_size().height, 64);
}

TEST_F(Api, NamesThatNobodyKnows) {
  const auto detector = shrike::Detector::load(model(), {.threads = 1});
  ASSERT_TRUE(detector);
  EXPECT_FALSE(detector->class_names_known());
  EXPECT_EQ(detector->class_names(), (std::vector<std::string>{"class 0", "class 1"}));
}

TEST_F(Api, ErrorsOfLoading) {
  const auto kind = [&](const fs::path& path, const shrike::LoadOptions& options) {
    const auto detector = shrike::Detector::load(path, options);
    EXPECT_FALSE(detector);
    EXPECT_NE(detector.error().message, "");
    return detector.error().kind;
  };
  EXPECT_EQ(kind(folder_ / "none.onnx", {}), ErrorKind::kModel);
  EXPECT_EQ(kind(folder_, {}), ErrorKind::kModel);
  EXPECT_EQ(kind(model(), {.weights = folder_ / "none.weights"}), ErrorKind::kModel);
  EXPECT_EQ(kind(model(), {.input_size = shrike::Size{0, 32}}), ErrorKind::kUsage);
  EXPECT_EQ(kind(model(), {.input_size = shrike::Size{32, 1 << 20}}), ErrorKind::kUsage);
  EXPECT_EQ(kind(model(), {.threads = -1}), ErrorKind::kUsage);
  EXPECT_EQ(kind(model(), {.threads = 1 << 20}), ErrorKind::kUsage);
  EXPECT_EQ(kind(model(), {.class_names = {"cat"}}), ErrorKind::kInput);
  EXPECT_EQ(kind(model(), {.layout = static_cast<shrike::OutputLayout>(99)}), ErrorKind::kUsage);
  EXPECT_EQ(kind(model(), {.placement = static_cast<shrike::Placement>(99)}), ErrorKind::kUsage);
}

TEST_F(Api, MessagesAreOneLine) {
  shrike::Detector detector = load();
  for (const char* name : {"a\nb.onnx", "\x1b[31m.png"}) {
    const auto no_model = shrike::Detector::load(folder_ / name, {});
    const auto no_picture = detector.detect_file(folder_ / name);
    ASSERT_FALSE(no_model);
    ASSERT_FALSE(no_picture);
    for (const std::string& message : {no_model.error().message, no_picture.error().message}) {
      EXPECT_EQ(message.find_first_of("\n\x1b"), std::string::npos) << message;
      EXPECT_TRUE(message.find("a\\nb") != std::string::npos ||
                  message.find("\\x1b[31m") != std::string::npos)
          << message;
    }
  }
}

TEST_F(Api, ErrorsOfDetecting) {
  const std::vector<uint8_t> data = picture(PixelFormat::kRgb, 0);
  shrike::Detector detector = load();
  const auto kind = [](const shrike::Result<shrike::Detections>& found) {
    EXPECT_FALSE(found);
    return found ? ErrorKind::kRuntime : found.error().kind;
  };
  EXPECT_EQ(kind(detector.detect_file(folder_ / "none.png")), ErrorKind::kInput);
  EXPECT_EQ(kind(detector.detect_file(model())), ErrorKind::kInput);

  const auto with_pixels = [&](const shrike::Pixels& pixels) {
    return kind(detector.detect_pixels(pixels));
  };
  EXPECT_EQ(with_pixels({}), ErrorKind::kUsage);
  EXPECT_EQ(with_pixels({nullptr, 64, 32, PixelFormat::kRgb}), ErrorKind::kUsage);
  EXPECT_EQ(with_pixels({data.data(), 0, 32, PixelFormat::kRgb}), ErrorKind::kUsage);
  EXPECT_EQ(with_pixels({data.data(), 64, -1, PixelFormat::kRgb}), ErrorKind::kUsage);
  EXPECT_EQ(with_pixels({data.data(), INT32_MAX, INT32_MAX, PixelFormat::kRgb}), ErrorKind::kUsage);
  EXPECT_EQ(with_pixels({.data = data.data(), .width = 64, .height = 32, .row_bytes = 0}),
            ErrorKind::kUsage)
      << "no format";
  EXPECT_EQ(with_pixels({data.data(), 64, 32, PixelFormat::kRgb, 64 * 3 - 1}), ErrorKind::kUsage);
  EXPECT_EQ(with_pixels({data.data(), 64, 32, PixelFormat::kRgb, -64 * 3}), ErrorKind::kUsage);

  const auto with_options = [&](const shrike::DetectOptions& options) {
    return kind(detector.detect_pixels({data.data(), 64, 32, PixelFormat::kRgb}, options));
  };
  EXPECT_EQ(with_options({.confidence = std::nanf("")}), ErrorKind::kUsage);
  EXPECT_EQ(with_options({.confidence = 1.5f}), ErrorKind::kUsage);
  EXPECT_EQ(with_options({.iou = -0.1f}), ErrorKind::kUsage);
  EXPECT_EQ(with_options({.max_detections = 0}), ErrorKind::kUsage);
  EXPECT_EQ(with_options({.class_ids = {2}}), ErrorKind::kUsage);
  EXPECT_EQ(with_options({.class_ids = {-1}}), ErrorKind::kUsage);
}

TEST_F(Api, MovedDetectorsWork) {
  const std::vector<uint8_t> data = picture(PixelFormat::kBgr, 0);
  shrike::Detector first = load();
  shrike::Detector second = std::move(first);
  first = load();
  for (shrike::Detector* detector : {&first, &second})
    expect_cat_and_dog(detector->detect_pixels({data.data(), kWidth, kHeight, PixelFormat::kBgr}));
}

TEST_F(Api, DetectorsOfDifferentThreadsAreIndependent) {
  const std::vector<uint8_t> data = picture(PixelFormat::kRgb, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      shrike::Detector detector = load();
      for (int run = 0; run < 10; ++run)
        expect_cat_and_dog(
            detector.detect_pixels({data.data(), kWidth, kHeight, PixelFormat::kRgb}));
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(ApiVersion, IsTheProjects) { EXPECT_STREQ(shrike::version(), SHRIKE_TEST_VERSION); }

}  // namespace
