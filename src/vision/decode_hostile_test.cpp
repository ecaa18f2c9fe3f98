// Pictures that want more than they hold: memory, time, a place outside.
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "vision/bmp_rle.h"
#include "vision/decode.h"
#include "vision/encode.h"
#include "vision/golden_test.h"
#include "vision/test_png.h"

#include <cstdio>  // jpeglib.h needs it and does not say so

#include <jpeglib.h>

namespace shrike {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(BmpRuns, PixelsRightOfThePictureAreDropped) {
  // 2 x 2: a run of five, the next row, literals of three, the end.
  const std::string runs("\x05\x07\x00\x00\x00\x03\x01\x02\x03\x00\x00\x01", 12);
  EXPECT_EQ(decode_bmp_rle(ByteView(bytes_of(runs)), 8, 2, 2), (std::vector<uint8_t>{7, 7, 1, 2}));
}

TEST(BmpRuns, ARowMayBeLongerThanNumbersReach) {
  constexpr size_t kRuns = (size_t{1} << 31) / 255 + 2;
  std::string runs;
  runs.reserve(2 * kRuns + 2);
  for (size_t i = 0; i < kRuns; ++i) runs += "\xFF\x07";
  runs += std::string("\x00\x01", 2);
  EXPECT_EQ(decode_bmp_rle(ByteView(bytes_of(runs)), 8, 2, 1), (std::vector<uint8_t>{7, 7}));
}

// `start` and `count` times the letter 'a' as zlib packs it (RFC 1950 and 1951, fixed codes): each
// byte, one letter, then "258 bytes from 1 back" in 13 bits each. Requires a count of 1 + n * 258.
std::string packed_letters(size_t count, std::string_view start = {}) {
  std::string out = "\x78\x01";
  uint32_t pending = 0;
  int bits = 0;
  const auto put = [&](uint32_t code, int size) {
    for (int i = size - 1; i >= 0; --i) {
      pending |= (code >> i & 1) << bits;
      if (++bits < 8) continue;
      out += static_cast<char>(pending);
      pending = 0;
      bits = 0;
    }
  };
  uint32_t low = 1, high = 0;
  const auto sum = [&](uint8_t byte) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  };
  put(0b110, 3);  // the last block, of fixed codes
  for (const char c : start) {
    const auto byte = static_cast<uint8_t>(c);
    byte < 144 ? put(0x30u + byte, 8) : put(0x190u + byte - 144, 9);
    sum(byte);
  }
  put(0x30 + 'a', 8);
  for (size_t i = 1; i < count; i += 258) put(0b11000101'00000, 13);
  put(0, 7);
  while (bits != 0) put(0, 1);
  for (size_t i = 0; i < count; ++i) sum('a');
  return out + testing::big_endian(high << 16 | low);
}

// Kilobytes that the process grows by at most; -1 where the picture is not read.
long growth(const std::string& picture) {
  int result[2];
  EXPECT_EQ(::pipe(result), 0);
  ::malloc_trim(0);  // what earlier tests gave back would be used first, and nothing grow
  const pid_t child = ::fork();
  if (child == 0) {
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    const bool read = decode_image(bytes_of(picture)).ok();
    ::getrusage(RUSAGE_SELF, &after);
    const long grown = read ? after.ru_maxrss - before.ru_maxrss : -1;
    ::_exit(::write(result[1], &grown, sizeof grown) == sizeof grown ? 0 : 1);
  }
  long grown = -1;
  EXPECT_EQ(::read(result[0], &grown, sizeof grown), ssize_t{sizeof grown});
  ::waitpid(child, nullptr, 0);
  ::close(result[0]);
  ::close(result[1]);
  return grown;
}

TEST(Png, TextsAreNotKept) {
  const auto file = read_text(golden::folder() / "testdata/rgba.png", ErrorKind::kInput);
  ASSERT_TRUE(file);
  constexpr size_t kLetters = 1 + 258 * 15'000;  // less than a chunk may hold
  const std::string letters = packed_letters(kLetters);
  constexpr size_t kHeader = 8 + 25;
  std::string picture = file->substr(0, kHeader);
  for (int i = 0; i < 100; ++i)
    picture += testing::png_chunk("zTXt", std::string("key\0\0", 5) + letters);
  picture += file->substr(kHeader);
  const long grown = growth(picture);
  EXPECT_GE(grown, 0);
  EXPECT_LT(grown, 100'000);
}

// The start of a colour profile of `size` bytes without tags (ICC.1, section 7.2): the header and
// three bytes, which make the sizes below multiples of 4, as those of profiles are.
std::string profile_start(size_t size) {
  std::string header(135, '\0');
  header.replace(0, 4, testing::big_endian(static_cast<uint32_t>(size)));
  header[8] = 4;  // the version
  header.replace(12, 12, "mntrRGB XYZ ");
  header.replace(36, 4, "acsp");
  return header;
}

TEST(Png, AProfileThatUnpacksToMegabytesIsLeftOut) {
  const auto file = read_text(golden::folder() / "testdata/rgba.png", ErrorKind::kInput);
  ASSERT_TRUE(file);
  constexpr size_t kHeader = 8 + 25;
  const auto growth_by = [&](size_t runs) {
    const size_t letters = 1 + 258 * runs;
    const std::string packed = packed_letters(letters, profile_start(135 + letters));
    return growth(file->substr(0, kHeader) +
                  testing::png_chunk("iCCP", std::string("key\0\0", 5) + packed) +
                  file->substr(kHeader));
  };
  EXPECT_GT(growth_by(13'000), 3'000);   // three megabytes are read
  const long grown = growth_by(26'000);  // nearly seven are not
  EXPECT_GE(grown, 0);
  EXPECT_LT(grown, 3'000);
}

// Who reads the header alone and who reads all of the picture see it the same way up.
TEST(Png, ExifOfMegabytesTurnsNothing) {
  const auto file = read_text(golden::folder() / "testdata/rgba.png", ErrorKind::kInput);
  ASSERT_TRUE(file);
  constexpr size_t kHeader = 8 + 25;
  // Big-endian, one directory of one entry: the orientation 6, a quarter turn.
  const std::string exif("MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 26);
  for (const size_t padding : {size_t{0}, size_t{5'000'000}}) {
    const std::string picture = file->substr(0, kHeader) +
                                testing::png_chunk("eXIf", exif + std::string(padding, '\0')) +
                                file->substr(kHeader);
    const auto path = std::filesystem::temp_directory_path() /
                      ("shrike-exif-" + std::to_string(::getpid()) + ".png");
    ASSERT_TRUE(write_file(path, picture));
    const auto size = read_picture_size(path);
    std::filesystem::remove(path);
    const auto image = decode_image(bytes_of(picture));
    ASSERT_TRUE(image) << image.error().message;
    ASSERT_TRUE(size) << size.error().message;
    EXPECT_EQ(*size, (PictureSize{image->width(), image->height()})) << padding;
    EXPECT_EQ(image->width(), padding == 0 ? 5 : 7);
  }
}

// A progressive picture of `scans` scans, up to 190: one has every block's mean, each of the others
// one frequency of one colour. By libjpeg, which takes a list of them.
std::string jpeg_of_scans(int scans) {
  std::vector<jpeg_scan_info> script = {{3, {0, 1, 2}, 0, 0, 0, 0}};
  for (int i = 0; i < scans - 1; ++i) {
    const int frequency = 1 + i / 3;
    script.push_back({1, {i % 3}, frequency, frequency, 0, 0});
  }
  jpeg_error_mgr errors{};
  jpeg_compress_struct info{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  const Image image = golden::noise_image(16, 16, 1);
  info.image_width = info.image_height = 16;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  info.scan_info = script.data();
  info.num_scans = static_cast<int>(script.size());
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < 16; ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(image.row(y));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  std::string picture(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&info);
  std::free(bytes);
  return picture;
}

// Each walks over the whole picture, however few bytes it has.
TEST(Jpeg, OfMoreThanAHundredScansIsRefused) {
  for (const int scans : {2, 10, 100}) {
    const auto image = decode_image(bytes_of(jpeg_of_scans(scans)));
    EXPECT_TRUE(image) << scans << ": " << image.error().message;
  }
  for (const int scans : {101, 190}) {
    const auto image = decode_image(bytes_of(jpeg_of_scans(scans)));
    ASSERT_FALSE(image) << scans;
    EXPECT_EQ(image.error().kind, ErrorKind::kInput);
    EXPECT_NE(image.error().message.find("more than 100 scans"), std::string::npos)
        << image.error().message;
  }
}

// 16 x 16 shades of grey, by libjpeg.
std::string arithmetic_jpeg() {
  constexpr char kBytes[] =
      "\xFF\xD8\xFF\xE0\x00\x10\x4A\x46\x49\x46\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xFF\xDB"
      "\x00\x43\x00\x08\x06\x06\x07\x06\x05\x08\x07\x07\x07\x09\x09\x08\x0A\x0C\x14\x0D\x0C\x0B"
      "\x0B\x0C\x19\x12\x13\x0F\x14\x1D\x1A\x1F\x1E\x1D\x1A\x1C\x1C\x20\x24\x2E\x27\x20\x22\x2C"
      "\x23\x1C\x1C\x28\x37\x29\x2C\x30\x31\x34\x34\x34\x1F\x27\x39\x3D\x38\x32\x3C\x2E\x33\x34"
      "\x32\xFF\xC9\x00\x0B\x08\x00\x10\x00\x10\x01\x01\x11\x00\xFF\xCC\x00\x06\x00\x10\x10\x05"
      "\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00\xFF\x00\xA5\x1C\xEF\x1F\xF8\x63\x2D\x62\xE6\xED"
      "\x6F\xB4\x53\x6A\xC1\x12\x93\x13\x77\xE8\x9D\x74\x30\x74\x62\x0A\xC8\x80\x7B\xBC\x7B\xF9"
      "\x7B\x8F\xF1\xEF\x86\x4D\xAD\x5D\x38\xB4\xEE\xE2\x5A\x89\x4B\xA1\xD1\x82\x35\xB6\x21\x29"
      "\x55\x75\xD9\x59\x21\x65\x93\xC0\x50\x66\xB7\xA4\x64\xC7\x32\xF2\x39\xA6\x73\x9D\x36\x4E"
      "\x5A\xE6\x6C\x00\x3A\x53\xA3\x37\x57\xDD\x3B\xE9\x93\xDD\x67\xD6\x72\x71\x95\xA7\xD2\x00"
      "\x41\x85\x8D\x03\x1E\x04\x8E\xEA\xAE\x2E\x96\x89\x71\x04\x86\x17\x2A\x25\xF9\xD4\xF8\xA3"
      "\x43\xCE\xC7\xD5\x92\xFE\x68\x40\xA4\x05\x4A\x94\x69\x33\xE8\x73\x08\xFD\x1D\x07\xF0\x6C"
      "\xCF\x62\x90\x86\xA1\xF8\xC6\xA4\x75\xFF\xD9";
  return {kBytes, sizeof kBytes - 1};
}

TEST(Jpeg, OfArithmeticCodingNothingMayBeMissing) {
  const std::string whole = arithmetic_jpeg();
  ASSERT_TRUE(decode_image(bytes_of(whole)));
  for (size_t size = 0; size + 2 < whole.size(); ++size)
    EXPECT_FALSE(decode_image(bytes_of(whole.substr(0, size)))) << size;
}

// libjpeg's list of saved markers takes time by the square of their number: minutes for these.
TEST(Jpeg, OfManyExifBlocksTheFirstCounts) {
  const auto encoded = encode_jpeg(Image(20, 10));
  ASSERT_TRUE(encoded.ok());
  const std::string plain(reinterpret_cast<const char*>(encoded->data()), encoded->size());
  // Big-endian, one directory of one entry: the orientation (EXIF 2.32, section 4.6).
  const auto block = [](char orientation) {
    std::string bytes(36, '\0');
    bytes.replace(0, 8,
                  "\xFF\xE1\0\x22"
                  "Exif",
                  8);
    bytes.replace(10, 4, "MM\0\x2A", 4);
    bytes.replace(17, 1, "\x08", 1);
    bytes.replace(19, 1, "\x01", 1);
    bytes.replace(20, 2, "\x01\x12", 2);
    bytes.replace(23, 1, "\x03", 1);
    bytes.replace(27, 1, "\x01", 1);
    bytes[29] = orientation;
    return bytes;
  };
  std::string many = plain.substr(0, 2) + block(6);
  for (int i = 0; i < 200'000; ++i) many += block(1);
  many += plain.substr(2);
  const Result<Image> image = decode_image(bytes_of(many));
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->width(), 10);
  EXPECT_EQ(image->height(), 20);
}

}  // namespace
}  // namespace shrike
