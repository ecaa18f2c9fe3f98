#include "data/number.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace shrike {
namespace {

// A text that ends where memory ends: reading on is a signal.
class LastBytes {
 public:
  explicit LastBytes(std::string_view text) {
    const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    size_ = 2 * page;
    memory_ = static_cast<char*>(
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ::mprotect(memory_ + page, page, PROT_NONE);
    std::memcpy(memory_ + page - text.size(), text.data(), text.size());
    text_ = {memory_ + page - text.size(), text.size()};
  }
  LastBytes(const LastBytes&) = delete;
  LastBytes& operator=(const LastBytes&) = delete;
  ~LastBytes() { ::munmap(memory_, size_); }

  std::string_view text() const { return text_; }

 private:
  char* memory_ = nullptr;
  size_t size_ = 0;
  std::string_view text_;
};

TEST(Number, WhatIsNoFiniteDecimalNumber) {
  for (const char* text : {"",     "+",        "-",      "+-1",  "--1",  "++1",    ".",   "-.",
                           "e5",   "nan",      "-nan",   "+nan", "NaN(", "nan(1)", "inf", "-inf",
                           "+Inf", "infinity", "1e9999", "0x10", " 1",   "1 ",     "1,5", "1_0"})
    EXPECT_FALSE(parse_number(LastBytes(text).text())) << text;
}

TEST(Number, WhatIsOne) {
  constexpr std::pair<const char*, long double> kNumbers[] = {
      {"3", 3.0L}, {"-0.5", -0.5L}, {"+1e-3", 1e-3L}, {".5", .5L}, {"-.5", -.5L}, {"5.", 5.0L}};
  for (const auto& [text, value] : kNumbers) {
    const auto read = parse_number(LastBytes(text).text());
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, value) << text;
  }
  EXPECT_EQ(parse_whole("3.0"), 3);
  EXPECT_FALSE(parse_whole("3.5"));
  EXPECT_FALSE(parse_whole("1e19"));
}

}  // namespace
}  // namespace shrike
