// Pictures in a process that may have little memory.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "vision/decode.h"
#include "vision/encode.h"
#include "vision/golden_test.h"
#include "vision/test_png.h"

namespace shrike {
namespace {

constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__)
    true;
#else
    false;
#endif
constexpr const char* kNoRoom = "the sanitizer needs the address space";

Result<Image> decode(std::string_view bytes) {
  return decode_image(std::as_bytes(std::span(bytes)));
}

size_t address_space() {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

// What earlier tests gave back is free within the address space that there is: takes it, so that it
// does not count.
void use_up_free_memory() {
  for (size_t size = size_t{4} << 20; size >= 4096; size /= 4) {
    const size_t before = address_space();
    while (address_space() == before) {
      void* volatile taken = ::malloc(size);
      if (taken == nullptr) return;
    }
  }
}

// The kind of error that `work` has in a process that may have `spare` bytes more than this one; no
// error is kUsage, which neither reading nor writing a picture has.
template <typename Work>
ErrorKind kind_with_little_memory(const Work& work, size_t spare) {
  const pid_t child = ::fork();
  if (child == 0) {
    use_up_free_memory();
    const rlim_t most = address_space() + spare;
    const rlimit limit{most, most};
    ::setrlimit(RLIMIT_AS, &limit);
    const auto done = work();
    ::_exit(static_cast<int>(done ? ErrorKind::kUsage : done.error().kind));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  return static_cast<ErrorKind>(WEXITSTATUS(status));
}

// `work` with ever more memory, from nothing to `plenty`: that there is too little is what it says,
// and nothing else goes wrong.
template <typename Work>
void expect_sound_with_little_memory(const std::string& name, const Work& work, size_t plenty) {
  constexpr size_t kSteps = 64;
  size_t refused = 0, done = 0;
  for (size_t step = 0; step <= kSteps; ++step) {
    const ErrorKind kind = kind_with_little_memory(work, plenty * step / kSteps);
    ASSERT_TRUE(kind == ErrorKind::kRuntime || kind == ErrorKind::kUsage)
        << name << ", step " << step;
    ++(kind == ErrorKind::kRuntime ? refused : done);
  }
  EXPECT_GT(refused, 0u) << name;
  EXPECT_GT(done, 0u) << name;
}

// All black, by libwebp.
std::string lossless_webp_of_1500_by_1000() {
  constexpr char kBytes[] =
      "RIFF\x5E\0\0\0WEBPVP8L\x52\0\0\0"
      "\x2F\xDB\xC5\xF9\x00\x07\x10\x11\xFD\x0F\x00\x28\xD2\xFF\xFF\x14\xD1\xFF\xD4\xFF\xFE"
      "\xF7\xBF\xFF\xFD\xEF\x7F\xFF\xFB\xDF\xFF\xFE\xF7\xBF\xFF\xFD\xEF\x7F\xFF\xFB\xDF\xFF"
      "\xFE\xF7\xBF\xFF\xFD\xEF\x7F\xFF\xFB\xDF\xFF\xFE\xF7\xBF\xFF\xFD\xEF\x7F\xFF\xFB\xDF"
      "\xFF\xFE\xF7\xBF\xFF\xFD\xEF\x7F\xFF\xFB\xDF\xFF\xFE\xF7\xBF\xFF\xFD\xBF\x28";
  return {kBytes, sizeof kBytes - 1};
}

// The file is not called damaged, wherever memory runs out.
TEST(Decode, TooLittleMemoryIsNoDamage) {
  if (kSanitized) GTEST_SKIP() << kNoRoom;
  std::vector<std::pair<std::string, std::string>> pictures;
  const Image image(1500, 1000);
  for (const auto& [name, encoded] :
       {std::pair("JPEG", encode_jpeg(image)), std::pair("PNG", encode_png(image))}) {
    ASSERT_TRUE(encoded.ok());
    pictures.emplace_back(
        name, std::string(reinterpret_cast<const char*>(encoded->data()), encoded->size()));
  }
  pictures.emplace_back("PNM", "P5 1500 1000 255\n" + std::string(1500 * 1000, 'x'));
  pictures.emplace_back("WebP", lossless_webp_of_1500_by_1000());
  for (const auto& [name, bytes] : pictures)
    expect_sound_with_little_memory(
        name, [&] { return decode(bytes); }, size_t{16} << 20);
}

// Noise, so that what is encoded outgrows every buffer several times.
TEST(Encode, TooLittleMemoryIsAnError) {
  if (kSanitized) GTEST_SKIP() << kNoRoom;
  const Image image = golden::noise_image(900, 600, 5);
  expect_sound_with_little_memory(
      "JPEG", [&] { return encode_jpeg(image); }, size_t{6} << 20);
  expect_sound_with_little_memory(
      "PNG", [&] { return encode_png(image); }, size_t{8} << 20);
}

// libpng would ask for as much as a chunk says that it has, up to 2 GiB, before it looks for it.
TEST(Png, AChunkGetsNoMemoryForWhatItDoesNotHave) {
  if (kSanitized) GTEST_SKIP() << kNoRoom;
  const auto file = read_text(golden::folder() / "testdata/rgba.png", ErrorKind::kInput);
  ASSERT_TRUE(file);
  constexpr size_t kHeader = 8 + 25, kSpare = size_t{64} << 20;
  for (const char* type : {"eXIf", "iCCP", "zTXt", "PLTE", "IDAT", "abCd"}) {
    const std::string picture = file->substr(0, kHeader) + testing::big_endian(1 << 30) + type +
                                std::string("MM\0*", 4) + file->substr(kHeader);
    EXPECT_EQ(kind_with_little_memory([&] { return decode(picture); }, kSpare), ErrorKind::kInput)
        << type;
  }
}

}  // namespace
}  // namespace shrike
