// Pictures that want more than they hold: memory, time, a place outside.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "vision/bmp_rle.h"
#include "vision/decode.h"
#include "vision/encode.h"
#include "vision/golden_test.h"
#include "vision/test_png.h"

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

// `count` times the letter 'a' as zlib packs it (RFC 1950 and 1951, fixed codes): one letter, then
// "258 bytes from 1 back" in 13 bits each. Requires a count of 1 + n * 258.
std::string packed_letters(size_t count) {
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
  put(0b110, 3);  // the last block, of fixed codes
  put(0x30 + 'a', 8);
  for (size_t i = 1; i < count; i += 258) put(0b11000101'00000, 13);
  put(0, 7);
  while (bits != 0) put(0, 1);
  uint32_t low = 1, high = 0;
  for (size_t i = 0; i < count; ++i) {
    low = (low + 'a') % 65521;
    high = (high + low) % 65521;
  }
  return out + testing::big_endian(high << 16 | low);
}

// Kilobytes that the process grows by at most; -1 where the picture is not read.
long growth(const std::string& picture) {
  int result[2];
  EXPECT_EQ(::pipe(result), 0);
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
    bytes.replace(0, 8, "\xFF\xE1\0\x22" "Exif", 8);
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
