#include "formats/event_file.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "formats/test_folder.h"

namespace shrike {
namespace {

namespace fs = std::filesystem;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::strtol(std::string(hex.substr(i, 2)).c_str(), nullptr, 16));
  return bytes;
}

std::string text_of(const fs::path& path) {
  const Result<std::string> text = read_text(path, ErrorKind::kInput);
  EXPECT_TRUE(text) << text.error().message;
  return text ? *text : "";
}

// RFC 3720, B.4.
TEST(EventFile, ChecksAreCastagnolis) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

// Of tensorboard 2.21.0's RecordWriter and Event messages, for what is said below.
TEST(EventFile, WritesWhatTensorBoardWrites) {
  const std::string version =
      from_hex("1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c");
  const std::string start =
      from_hex("0f000000000000006d532b0909000000000000f83f10033a020801ec8612fc");
  const std::string scalars = from_hex(
      "3200000000000000241956ec09000000000000044010032a250a0c0a056d61703530150000803e0a150a0e747261"
      "696e5f626f785f6c6f737315000080bfe6c871d8");
  const TestFolder folder;
  const Result<EventFile> file = EventFile::create(folder.path(), 3, 1.5);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->path().filename(), "events.out.tfevents.0000000001.shrike");
  const EventScalar values[] = {{"map50", 0.25}, {"train_box_loss", -1}};
  ASSERT_TRUE(file->add(3, 2.5, values));
  EXPECT_EQ(text_of(file->path()), version + start + scalars);
}

TEST(EventFile, ALaterOneIsReadLater) {
  const TestFolder folder;
  const Result<EventFile> one = EventFile::create(folder.path(), 1, 1764158400.25),
                          two = EventFile::create(folder.path(), 2, 1764158400.5);
  ASSERT_TRUE(one && two);
  EXPECT_LT(one->path(), two->path());
}

TEST(EventFile, ALaterOneIsReadLaterWhereTheClockWasSetBack) {
  const TestFolder folder;
  for (const char* other : {"events.out.tfevents.99999999999.shrike", "events.out.tfevents.x.shrike",
                            "events.out.tfevents.", "events.out.tfevents.1764159999.host"})
    ASSERT_TRUE(write_file(folder / other, "old"));
  const Result<EventFile> one = EventFile::create(folder.path(), 1, 1764158400),
                          two = EventFile::create(folder.path(), 2, 1764100000);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->path().filename(), "events.out.tfevents.1764158400.shrike");
  EXPECT_EQ(two->path().filename(), "events.out.tfevents.1764158401.shrike");
}

TEST(EventFile, ErrorsNameTheFile) {
  const TestFolder folder;
  const Result<EventFile> nowhere = EventFile::create(folder / "missing", 1, 1);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, ErrorKind::kRuntime);
  EXPECT_NE(nowhere.error().message.find("missing/events.out"), std::string::npos);
  const Result<EventFile> file = EventFile::create(folder.path(), 1, 1);
  ASSERT_TRUE(file);
  fs::remove(file->path());
  const Result<void> gone = file->add(1, 1, {});
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().message.find("events.out"), std::string::npos) << gone.error().message;
}

}  // namespace
}  // namespace shrike
