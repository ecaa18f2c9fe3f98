// A program that has set a locale with decimal commas, for C and for C++: numbers in models are
// read as they are written.
#include <shrike/shrike.h>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <clocale>
#include <cstring>
#include <fstream>
#include <locale>

namespace {

namespace fs = std::filesystem;

constexpr int kWidth = 64, kHeight = 32, kStride = 32;

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  return out + static_cast<char>(value);
}
// Fields of protobuf: a number, bytes.
std::string field(uint32_t number, uint64_t value) { return varint(number << 3) + varint(value); }
std::string field(uint32_t number, const std::string& bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + bytes;
}

std::string bytes_of(const std::vector<float>& values) {
  std::string out(values.size() * sizeof(float), '\0');
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

// Parts of an ONNX model, their fields numbered as in onnx.proto.
std::string floats(const char* name, const std::vector<int64_t>& shape,
                   const std::vector<float>& values) {
  std::string tensor;
  for (const int64_t size : shape) tensor += field(1, size);
  return tensor + field(2, 1) + field(8, name) + field(9, bytes_of(values));
}
std::string value(const char* name, const std::vector<int64_t>& shape) {
  std::string dims;
  for (const int64_t size : shape) dims += field(1, field(1, size));
  return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)));
}
std::string metadata(const char* key, const char* text) {
  return field(14, field(1, key) + field(2, text));
}

// Every cell of 32 x 32 pixels gives the same box, whatever is to be seen: cx, cy, w, h and scores
// of two classes.
std::string onnx_model() {
  constexpr int64_t kRows = 6;
  const std::string strides =
      field(1, "strides") + field(8, kStride) + field(8, kStride) + field(20, 7);
  const std::string conv = field(1, "images") + field(1, "w") + field(1, "b") + field(2, "map") +
                           field(4, "Conv") + field(5, strides);
  const std::string reshape =
      field(1, "map") + field(1, "shape") + field(2, "output0") + field(4, "Reshape");
  std::string shape = field(1, 3) + field(2, 7) + field(8, "shape");
  for (const int64_t size : {int64_t{1}, kRows, int64_t{2}}) shape += field(7, size);
  const std::vector<float> zeros(kRows * 3 * kStride * kStride);
  const std::string graph = field(1, conv) + field(1, reshape) + field(2, "graph") +
                            field(5, floats("w", {kRows, 3, kStride, kStride}, zeros)) +
                            field(5, floats("b", {kRows}, {16.5f, 12.25f, 10, 20, 0.75f, 0.125f})) +
                            field(5, shape) + field(11, value("images", {1, 3, kHeight, kWidth})) +
                            field(12, value("output0", {1, kRows, 2}));
  return field(1, 8) + field(7, graph) + field(8, field(2, 13)) +
         metadata("names", "{0: 'cat', 1: 'dog'}") + metadata("stride", "32") +
         metadata("imgsz", "[32, 64]");
}

// The same with Darknet's formulas, whose scale_x_y moves boxes: sigmoid(2) * 1.05 - 0.025 of a
// cell.
constexpr const char* kNetwork =
    "[net]\nwidth=64\nheight=32\nchannels=3\n"
    "[convolutional]\nfilters=7\nsize=32\nstride=32\nactivation=linear\n"
    "[yolo]\nmask=0\nanchors=10.5,20.5\nclasses=2\nnum=1\nscale_x_y=1.05\n";
std::string darknet_weights() {
  std::vector<float> numbers = {2, 2, 0, 0, 9, 5, -9};
  numbers.resize(7 + 7 * 3 * kStride * kStride);
  const int32_t header[5] = {0, 2, 5, 0, 0};
  return std::string(reinterpret_cast<const char*>(header), sizeof header) + bytes_of(numbers);
}

class Locale : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "shrike_locale_XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    write("model.onnx", onnx_model());
    write("model.cfg", kNetwork);
    write("model.weights", darknet_weights());
  }
  void TearDown() override {
    std::locale::global(std::locale::classic());  // the C library's, too
    ::unsetenv("LOCPATH");
    fs::remove_all(folder_);
  }

  void write(const char* name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  // Makes a locale with decimal commas, of Debian's package locales, and sets it.
  bool set_commas() const {
    const std::string made = (folder_ / "de_DE.UTF-8").string();
    const pid_t child = ::fork();
    if (child == 0) {
      ::execlp("localedef", "localedef", "--inputfile", "de_DE", "--charmap", "UTF-8", made.c_str(),
               nullptr);
      ::_exit(127);
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0) return false;
    ::setenv("LOCPATH", folder_.c_str(), 1);
    std::locale::global(std::locale("de_DE.UTF-8"));
    return true;
  }

  // What the model finds in a black picture.
  shrike::Detections detections(const char* name) const {
    const std::vector<uint8_t> black(3 * kWidth * kHeight);
    auto detector =
        shrike::Detector::load(folder_ / name, {.threads = 1,
                                                .class_names = {"cat", "dog"},
                                                .layout = fs::path(name).extension() == ".onnx"
                                                              ? shrike::OutputLayout::kV8
                                                              : shrike::OutputLayout::kAuto});
    EXPECT_TRUE(detector) << detector.error().message;
    if (!detector) return {};
    const auto found =
        detector->detect_pixels({black.data(), kWidth, kHeight, shrike::PixelFormat::kRgb});
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : shrike::Detections{};
  }

  fs::path folder_;
};

TEST_F(Locale, DecimalCommasChangeNoDetection) {
  constexpr const char* kModels[] = {"model.onnx", "model.cfg"};
  std::vector<shrike::Detections> before;
  for (const char* name : kModels) before.push_back(detections(name));
  ASSERT_EQ(before[0].boxes.size(), 1u) << "the box of both cells";
  EXPECT_NEAR(before[0].boxes[0].box.x1, 11.5, 1e-4);
  EXPECT_NEAR(before[0].boxes[0].box.y1, 2.25, 1e-4);
  ASSERT_EQ(before[1].boxes.size(), 2u) << "a box a cell";
  EXPECT_NEAR(before[1].boxes[0].box.y1, 18.5448, 1e-3) << "17.9355 with a scale of 1";

  if (!set_commas()) GTEST_SKIP() << "no locale with decimal commas: Debian's package locales";
  ASSERT_STREQ(std::localeconv()->decimal_point, ",");
  ASSERT_EQ(std::use_facet<std::numpunct<char>>(std::locale()).decimal_point(), ',');
  for (size_t m = 0; m < before.size(); ++m) {
    const shrike::Detections after = detections(kModels[m]);
    ASSERT_EQ(after.boxes.size(), before[m].boxes.size()) << kModels[m];
    for (size_t i = 0; i < after.boxes.size(); ++i) {
      const shrike::Detection &a = after.boxes[i], &b = before[m].boxes[i];
      EXPECT_EQ(a.confidence, b.confidence) << kModels[m];
      EXPECT_EQ(a.class_name, b.class_name) << kModels[m];
      for (const auto edge :
           {&shrike::Box::x1, &shrike::Box::y1, &shrike::Box::x2, &shrike::Box::y2})
        EXPECT_EQ(a.box.*edge, b.box.*edge) << kModels[m];
    }
  }
}

}  // namespace
