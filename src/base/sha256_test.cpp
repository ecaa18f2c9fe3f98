#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string_view>

namespace shrike {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// NIST's examples for SHA-256: one block, two blocks, the empty message, a million letters.
TEST(Sha256, NistVectors) {
  EXPECT_EQ(sha256_hex(bytes_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(bytes_of(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheDigestOfTheWhole) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>('!' + i % 90);
  for (size_t length : {0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 300}) {
    const std::string_view whole = std::string_view(text).substr(0, length);
    for (size_t piece : {1, 7, 63, 64, 65}) {
      Sha256 hash;
      for (size_t at = 0; at < length; at += piece) hash.update(bytes_of(whole.substr(at, piece)));
      EXPECT_EQ(hash.hex_digest(), sha256_hex(bytes_of(whole))) << length << " by " << piece;
    }
  }
}

TEST(Sha256, MissingFileIsNamed) {
  const auto digest = sha256_of_file("/nonexistent/file");
  ASSERT_FALSE(digest);
  EXPECT_NE(digest.error().message.find("/nonexistent/file"), std::string::npos);
}

}  // namespace
}  // namespace shrike
