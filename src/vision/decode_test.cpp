#include "vision/decode.h"

#include <unistd.h>

#include <cstring>
#include <fstream>
#include <random>

#include "base/file.h"
#include "vision/encode.h"
#include "vision/golden_test.h"
#include "vision/orientation.h"
#include "vision/test_png.h"

namespace shrike {
namespace {

std::string read_bytes(const std::filesystem::path& path) {
  auto text = read_text(path, ErrorKind::kInput);
  EXPECT_TRUE(text.ok()) << path;
  return text.ok() ? *text : std::string();
}

Result<Image> decode(std::string_view bytes, const DecodeLimits& limits = {}) {
  return decode_image(std::as_bytes(std::span(bytes)), limits);
}

struct Picture {
  std::string name;
  int width, height;
  std::string hash;
  std::filesystem::path path() const { return golden::folder() / "testdata" / name; }
};

std::vector<Picture> pictures() {
  std::vector<Picture> all;
  auto file = golden::open("pictures.txt");
  for (Picture p; file >> p.name >> p.width >> p.height >> p.hash;) all.push_back(p);
  EXPECT_GT(all.size(), 50u);
  return all;
}

TEST(Decode, EqualsOpenCv) {
  for (const Picture& expected : pictures()) {
    const auto image = read_image(expected.path());
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_EQ(image->width(), expected.width) << expected.name;
    EXPECT_EQ(image->height(), expected.height) << expected.name;
    EXPECT_EQ(golden::fnv(*image), expected.hash) << expected.name;
  }
}

TEST(PictureSize, IsThatOfThePicture) {
  for (const Picture& picture : pictures()) {
    const auto size = read_picture_size(picture.path());
    ASSERT_TRUE(size) << picture.name << ": " << size.error().message;
    EXPECT_EQ(*size, (PictureSize{picture.width, picture.height})) << picture.name;
  }
}

// A file that is gone when the test ends.
class TestFile {
 public:
  explicit TestFile(const std::string& ending)
      : path_(std::filesystem::temp_directory_path() /
              ("shrike-" + std::to_string(::getpid()) + ending)) {}
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
  ~TestFile() { std::filesystem::remove(path_); }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A picture that is read has the size that its header said, however damaged its file is.
TEST(PictureSize, AgreesWithTheDecoderOnDamagedFiles) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const TestFile file(".picture");
  for (const Picture& picture : pictures()) {
    const std::string bytes = read_bytes(picture.path());
    for (int round = 0; round < 20; ++round) {
      std::string damaged = bytes;
      const size_t reach = std::min<size_t>(damaged.size(), round % 2 ? 64 : damaged.size());
      damaged[random() % reach] = static_cast<char>(random());
      if (round % 4 == 0) damaged.resize(random() % damaged.size());
      ASSERT_TRUE(write_file(file.path(), damaged));
      const auto image = decode(damaged, {1'000'000, 1 << 20});
      const auto size = read_picture_size(file.path(), {1'000'000, 1 << 20});
      if (!image) continue;
      ASSERT_TRUE(size) << picture.name << ": " << size.error().message;
      // A damaged EXIF block may be read by one and skipped by the other.
      const bool turned = picture.name.starts_with("orientation") && size->width != image->width();
      const PictureSize expected = turned ? PictureSize{image->height(), image->width()}
                                          : PictureSize{image->width(), image->height()};
      EXPECT_EQ(*size, expected) << picture.name;
    }
  }
}

// A marker whose length does not count itself, which libjpeg goes on behind.
TEST(PictureSize, OfAJpegWithABlockOfNoLength) {
  const TestFile file(".jpg");
  int tried = 0;
  for (const Picture& picture : pictures()) {
    std::string bytes = read_bytes(picture.path());
    if (!bytes.starts_with("\xFF\xD8\xFF\xE0") && !bytes.starts_with("\xFF\xD8\xFF\xE1")) continue;
    bytes[4] = bytes[5] = 0;
    const auto image = decode(bytes, {1'000'000, 1 << 20});
    if (!image) continue;
    ASSERT_TRUE(write_file(file.path(), bytes));
    const auto size = read_picture_size(file.path(), {1'000'000, 1 << 20});
    ASSERT_TRUE(size) << picture.name << ": " << size.error().message;
    EXPECT_EQ(*size, (PictureSize{image->width(), image->height()})) << picture.name;
    ++tried;
  }
  EXPECT_GT(tried, 0);
}

TEST(PictureSize, ErrorsNameTheFile) {
  const TestFile file(".jpg");
  EXPECT_FALSE(read_picture_size(file.path()));
  const auto message = [&](std::string_view bytes) {
    EXPECT_TRUE(write_file(file.path(), bytes));
    const auto size = read_picture_size(file.path());
    EXPECT_FALSE(size);
    EXPECT_NE(size.error().message.find(file.path().string()), std::string::npos);
    return size.error().message;
  };
  EXPECT_NE(message("").find("not a JPEG"), std::string::npos);
  EXPECT_NE(message("hello").find("not a JPEG"), std::string::npos);
  EXPECT_NE(message("\xFF\xD8\xFF\xDA").find("no frame header"), std::string::npos);
  EXPECT_NE(message("P6 100000 100000 255 ").find("over the limit"), std::string::npos);
  EXPECT_NE(message("P6 0 5 255 ").find("no pixel"), std::string::npos);
}

// Whatever is cut off, the answer is an error or the whole picture, never part of one.
TEST(Decode, TruncatedPicturesAreErrors) {
  for (const Picture& picture : pictures()) {
    const std::string bytes = read_bytes(picture.path());
    size_t errors = 0;
    for (size_t size = 0; size < bytes.size(); ++size) {
      const auto image = decode(std::string_view(bytes).substr(0, size));
      if (!image.ok()) {
        ++errors;
        continue;
      }
      EXPECT_EQ(golden::fnv(*image), picture.hash) << picture.name << " cut to " << size;
    }
    // Only what follows the last pixel may be missing: a checksum and an end mark.
    EXPECT_GE(errors + 60, bytes.size()) << picture.name;
  }
}

// No crash, no sanitizer report, no endless loop; what comes out is within the limit.
TEST(Decode, DamagedPicturesDoNoHarm) {
  const DecodeLimits limits{1 << 16, 1 << 20};
  for (const Picture& picture : pictures()) {
    const std::string good = read_bytes(picture.path());
    for (uint32_t seed = 0; seed < 60; ++seed) {
      std::string bad = good;
      const std::vector<uint8_t> dice = golden::noise(12, seed);
      for (size_t i = 0; i + 2 < dice.size(); i += 3)
        bad[(dice[i] * 256u + dice[i + 1]) % bad.size()] = static_cast<char>(dice[i + 2]);
      const auto image = decode(bad, limits);
      const int64_t pixels = image.ok() ? int64_t{image->width()} * image->height() : 0;
      EXPECT_LE(pixels, limits.max_pixels) << picture.name << " seed " << seed;
    }
  }
}

TEST(Decode, PixelLimitComesFirst) {
  for (const Picture& picture : pictures()) {
    const int64_t pixels = int64_t{picture.width} * picture.height;
    DecodeLimits limits;
    limits.max_pixels = pixels;
    EXPECT_TRUE(read_image(picture.path(), limits).ok()) << picture.name;
    limits.max_pixels = pixels - 1;
    const auto image = read_image(picture.path(), limits);
    ASSERT_FALSE(image.ok()) << picture.name;
    EXPECT_NE(image.error().message.find("limit"), std::string::npos) << image.error().message;
  }
}

TEST(Decode, SidesThatTheFileCannotHoldAreErrors) {
  std::string png = read_bytes(golden::folder() / "testdata/rgba.png");
  const std::string sides("\0\0\x23\x28\0\0\x23\x28", 8);  // 9000 each
  png.replace(16, sides.size(), sides);
  png.replace(29, 4, testing::png_checksum(std::string_view(png).substr(12, 17)));
  for (const std::string& bytes :
       {png, std::string("P1 9000 9000\n1 0"), std::string("P3 9000 9000 255\n1 2 3"),
        std::string("P4 9000 9000\n1"), std::string("P5 9000 9000 65535\n1")}) {
    const auto image = decode(bytes);
    ASSERT_FALSE(image.ok());
    EXPECT_NE(image.error().message.find("rows are missing"), std::string::npos)
        << image.error().message;
  }
}

TEST(Decode, ErrorsNameTheFile) {
  for (const char* name : {"missing.jpg", "pictures.txt"}) {
    const auto image = read_image(golden::folder() / "golden" / name);
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error().kind, ErrorKind::kInput);
    EXPECT_NE(image.error().message.find(name), std::string::npos) << image.error().message;
  }
  EXPECT_FALSE(read_image(golden::folder()).ok());
  EXPECT_FALSE(decode("").ok());
  EXPECT_FALSE(decode("P").ok());
}

TEST(Decode, PnmValuesAreScaledByTheirMaximum) {
  const auto image = decode("P3 3 1 15 0 5 15 1 2 3 7 8 9");
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->bytes(), (std::vector<uint8_t>{0, 85, 255, 17, 34, 51, 119, 136, 153}));
  EXPECT_FALSE(decode("P3 1 1 15 0 5 16").ok());  // over the maximum
  EXPECT_FALSE(decode("P3 1 1 0 0 0 0").ok());
  EXPECT_FALSE(decode("P6 99999999999999999999 1 255 xxx").ok());
}

TEST(Encode, PngKeepsEveryPixel) {
  for (const auto& [w, h] : {std::pair{1, 1}, {17, 5}, {64, 33}}) {
    const Image image = golden::noise_image(w, h, 3);
    const auto bytes = encode_png(image);
    ASSERT_TRUE(bytes.ok());
    const auto back = decode_image(*bytes);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, image);
  }
}

TEST(Encode, JpegStaysClose) {
  Image image(40, 30);
  for (int y = 0; y < 30; ++y)
    for (int x = 0; x < 40; ++x) {
      const uint8_t grey = static_cast<uint8_t>(40 + 3 * x + 2 * y);
      std::fill_n(image.pixel(x, y), 3, grey);
    }
  const auto bytes = encode_jpeg(image);
  ASSERT_TRUE(bytes.ok());
  const auto back = decode_image(*bytes);
  ASSERT_TRUE(back.ok());
  for (size_t i = 0; i < image.bytes().size(); ++i)
    ASSERT_NEAR(back->bytes()[i], image.bytes()[i], 6);
  const auto too_wide = encode_jpeg(Image(65'501, 1));
  ASSERT_FALSE(too_wide.ok());
  EXPECT_EQ(too_wide.error().kind, ErrorKind::kInput);
  EXPECT_TRUE(encode_jpeg(Image(65'500, 1)).ok());
}

TEST(Encode, PngHasALongestSide) {
  EXPECT_TRUE(encode_png(Image(1, 1'000'000)).ok());
  const auto too_high = encode_png(Image(1, 1'000'001));
  ASSERT_FALSE(too_high.ok());
  EXPECT_EQ(too_high.error().kind, ErrorKind::kInput);
}

TEST(Encode, FilesAreNamedByTheirEnding) {
  const auto folder = std::filesystem::path(::testing::TempDir());
  const Image image = golden::noise_image(5, 4, 8);
  for (const char* name : {"a b.PNG", "c.jpg", "-d"}) {
    const auto path = folder / (std::string("shrike_vision_") + name);
    ASSERT_TRUE(write_image(path, image).ok());
    const std::string bytes = read_bytes(path);
    EXPECT_EQ(bytes.substr(1, 3) == "PNG", std::string_view(name).ends_with("PNG")) << name;
    std::filesystem::remove(path);
  }
  const auto failed = write_image(folder / "no_such_folder" / "x.png", image);
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message.find("no_such_folder"), std::string::npos);
}

std::string tiff(bool big, std::string_view entry, uint32_t directory = 8) {
  const auto number = [big](uint32_t v, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i)
      out += static_cast<char>(v >> 8 * (big ? bytes - 1 - i : i) & 255);
    return out;
  };
  return (big ? "MM" : "II") + number(42, 2) + number(directory, 4) + number(1, 2) +
         std::string(entry);
}

int orientation_of(const std::string& block) {
  return exif_orientation(std::as_bytes(std::span(block)));
}

TEST(Exif, BothByteOrdersAndDamage) {
  const std::string little("\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 12);
  const std::string big("\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 12);
  EXPECT_EQ(orientation_of(tiff(false, little)), 6);
  EXPECT_EQ(orientation_of(tiff(true, big)), 8);
  EXPECT_EQ(orientation_of(std::string("Exif\0\0", 6) + tiff(true, big)), 8);
  const std::string whole = tiff(false, little);
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(orientation_of(whole.substr(0, size)), kUpright) << size;
  for (const uint32_t directory : {0u, 0x7FFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFF8u})
    EXPECT_EQ(orientation_of(tiff(false, little, directory)), kUpright);
  EXPECT_EQ(orientation_of(tiff(false, std::string("\x12\x01\x03\0\x01\0\0\0\x09\0\0\0", 12))),
            kUpright);
}

}  // namespace
}  // namespace shrike
