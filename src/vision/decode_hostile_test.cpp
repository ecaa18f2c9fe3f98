// Pictures that want more than they hold: memory, time, a place outside.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "vision/bmp_rle.h"
#include "vision/decode.h"
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
  EXPECT_EQ(decode_bmp_rle(ByteView(bytes_of(runs)), 8, 2, 2),
            (std::vector<uint8_t>{7, 7, 1, 2}));
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

}  // namespace
}  // namespace shrike
