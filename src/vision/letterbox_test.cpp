#include "vision/letterbox.h"

#include "vision/golden_test.h"

namespace shrike {
namespace {

Preprocess family(const std::string& name, int width, int height) {
  if (name == "yolox") return Preprocess::yolox(width, height);
  if (name == "darknet") return Preprocess::darknet(width, height, false);
  return Preprocess::ultralytics(width, height);
}

size_t input_size(const Preprocess& p) {
  return static_cast<size_t>(p.width) * static_cast<size_t>(p.height) * kImageChannels;
}

TEST(Letterbox, EqualsTheOriginals) {
  auto file = golden::open("letterbox.txt");
  std::string name, hash;
  int w, h, in_w, in_h, cases = 0;
  uint32_t seed;
  Box expected;
  while (file >> name >> w >> h >> in_w >> in_h >> seed >> hash >> expected.x1 >> expected.y1 >>
         expected.x2 >> expected.y2) {
    SCOPED_TRACE(name + " " + std::to_string(w) + "x" + std::to_string(h));
    const Preprocess preprocess = family(name, in_w, in_h);
    std::vector<float> tensor(input_size(preprocess));
    const Placement placement =
        fill_input(golden::noise_image(w, h, seed), preprocess, TensorLayout::kNchw, tensor.data());
    EXPECT_EQ(golden::fnv(std::as_bytes(std::span(tensor))), hash);
    const auto iw = static_cast<float>(in_w), ih = static_cast<float>(in_h);
    const Box box = placement.to_picture({iw * 0.125f, ih * 0.25f, iw * 0.75f, ih * 0.8125f});
    EXPECT_NEAR(box.x1, expected.x1, 1e-4f);
    EXPECT_NEAR(box.y1, expected.y1, 1e-4f);
    EXPECT_NEAR(box.x2, expected.x2, 1e-4f);
    EXPECT_NEAR(box.y2, expected.y2, 1e-4f);
    ++cases;
  }
  EXPECT_GT(cases, 25);
}

TEST(Letterbox, LayoutsHoldTheSameValues) {
  const Image picture = golden::noise_image(37, 21, 1);
  for (const Preprocess& p :
       {Preprocess::ultralytics(40, 33), Preprocess::yolox(40, 33),
        Preprocess::darknet(40, 33, false), Preprocess::darknet(40, 33, true)}) {
    std::vector<float> planar(input_size(p)), interleaved(input_size(p));
    fill_input(picture, p, TensorLayout::kNchw, planar.data());
    fill_input(picture, p, TensorLayout::kNhwc, interleaved.data());
    const size_t pixels = planar.size() / 3;
    for (size_t i = 0; i < planar.size(); ++i)
      ASSERT_EQ(planar[i], interleaved[i % pixels * 3 + i / pixels]) << i;
  }
}

TEST(Letterbox, EightBitPictureIsTheTensor) {
  const Image picture = golden::noise_image(50, 21, 2);
  const Preprocess p = Preprocess::ultralytics(32, 32);
  std::vector<float> tensor(input_size(p));
  fill_input(picture, p, TensorLayout::kNhwc, tensor.data());
  const Image boxed = letterbox(picture, p);
  for (size_t i = 0; i < tensor.size(); ++i)
    ASSERT_EQ(tensor[i], static_cast<float>(boxed.bytes()[i]) / 255.0f);
}

TEST(Letterbox, BytesAreTheTensorUndivided) {
  const Image picture = golden::noise_image(50, 21, 2);
  for (const Preprocess& p : {Preprocess::ultralytics(32, 40), Preprocess::yolox(40, 33),
                              Preprocess::darknet(32, 33, false)}) {
    std::vector<float> tensor(input_size(p));
    std::vector<uint8_t> bytes(input_size(p));
    const Placement a = fill_input(picture, p, TensorLayout::kNhwc, tensor.data());
    const Placement b = fill_input_bytes(picture, p, bytes.data());
    EXPECT_EQ(a.left, b.left);
    EXPECT_EQ(a.scale_x, b.scale_x);
    for (size_t i = 0; i < tensor.size(); ++i)
      ASSERT_EQ(tensor[i], static_cast<float>(bytes[i]) / p.divisor) << i;
  }
}

// Figures worked out from Darknet's letterbox_image and correct_yolo_boxes.
TEST(Letterbox, DarknetCentresWithTruncation) {
  const Placement wide = place(Preprocess::darknet(416, 416, true), 768, 576);
  EXPECT_EQ(wide.width, 416);
  EXPECT_EQ(wide.height, 312);
  EXPECT_EQ(wide.left, 0);
  EXPECT_EQ(wide.top, 52);
  const Placement odd = place(Preprocess::darknet(416, 416, true), 333, 500);
  EXPECT_EQ(odd.width, 277);  // 333 * 416 / 500 = 277.06
  EXPECT_EQ(odd.left, 69);
  EXPECT_DOUBLE_EQ(odd.pad_x, 69.5);

  std::vector<float> tensor(3 * 416 * 416);
  fill_input(Image(768, 576), Preprocess::darknet(416, 416, true), TensorLayout::kNchw,
             tensor.data());
  EXPECT_EQ(tensor[0], 0.5f);
  EXPECT_EQ(tensor[52 * 416], 0.0f);
}

TEST(Letterbox, ThinPicturesKeepAPixel) {
  for (const Preprocess& p : {Preprocess::ultralytics(64, 64), Preprocess::yolox(64, 64),
                              Preprocess::darknet(64, 64, true)})
    for (const auto& [w, h] : {std::pair{1, 3000}, {3000, 1}}) {
      const Placement placement = place(p, w, h);
      EXPECT_EQ(std::min(placement.width, placement.height), 1);
      EXPECT_EQ(std::max(placement.width, placement.height), 64);
    }
}

TEST(Placement, ClipsToThePicture) {
  const Placement placement = place(Preprocess::ultralytics(64, 64), 100, 50);
  EXPECT_EQ(placement.to_picture({-50, -50, 500, 500}), (Box{0, 0, 100, 50}));
}

}  // namespace
}  // namespace shrike
