#include "train_cli/progress.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

namespace shrike {
namespace {

// What is written to a file in memory.
class Written {
 public:
  Written() : file_(::open_memstream(&text_, &size_)) {}
  ~Written() {
    std::fclose(file_);
    std::free(text_);
  }
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;

  std::FILE* file() { return file_; }
  std::string text() {
    std::fflush(file_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  size_t size_ = 0;
  std::FILE* file_;
};

BatchProgress some_batch() {
  BatchProgress batch;
  batch.epoch = 2, batch.batch = 3, batch.batches = 13;
  batch.losses = {1.25, 0.5};
  batch.images_per_second = 40.25, batch.waited = 0.012, batch.memory_mb = 794;
  return batch;
}

EpochRow some_epoch() {
  EpochRow row;
  row.epoch = 2;
  row.losses = {1.25, 0.5};
  row.map50_95 = 0.25;
  return row;
}

// One row, whatever the width: wrapping is off while it is drawn; the text behind it is cleared.
TEST(Progress, AtATerminalALineIsDrawnAndTakenAway) {
  Written terminal, lines;
  {
    Progress progress({"box", "class"}, 60, 0, terminal.file(), lines.file());
    progress.batch(some_batch());
    const std::string drawn = terminal.text();
    EXPECT_TRUE(drawn.starts_with("\r\x1b[?7lepoch 2/60  3/13  box 1.250  class 0.500  40.2 images/s  "
                                  "794 MB  waits 1.2 %"))
        << drawn;
    EXPECT_TRUE(drawn.ends_with(" left\x1b[K\x1b[?7h")) << drawn;
    EXPECT_EQ(lines.text(), "");
    progress.epoch(some_epoch(), true);
    EXPECT_EQ(terminal.text(), drawn + "\r\x1b[K");
    EXPECT_TRUE(lines.text().starts_with("epoch 2/60  box 1.250  class 0.500  AP 0.2500"));
    EXPECT_TRUE(lines.text().ends_with("  best\n"));
  }
  EXPECT_TRUE(terminal.text().ends_with("\x1b[?7h\r\x1b[K")) << "nothing is left to take away";
}

TEST(Progress, WithoutATerminalLinesStay) {
  Written lines;
  Progress progress({"box", "class"}, 60, 0, nullptr, lines.file());
  progress.batch(some_batch());
  const std::string first = lines.text();
  EXPECT_TRUE(first.starts_with("epoch 2/60  3/13  box 1.250")) << first;
  EXPECT_TRUE(first.ends_with(" left\n")) << first;
  progress.batch(some_batch());  // within the minute
  EXPECT_EQ(lines.text(), first);
}

// Of a run that goes on what is left is told by the epochs of this call.
TEST(Progress, NothingIsSaidOfTheTimeThatIsLeftBeforeThereIsAny) {
  Written lines;
  Progress progress({"box", "class"}, 60, 2, nullptr, lines.file());
  progress.epoch(some_epoch(), false);
  EXPECT_EQ(lines.text().find("left"), std::string::npos) << lines.text();
}

TEST(Progress, DurationsAreShort) {
  EXPECT_EQ(duration_text(0.4), "0:00");
  EXPECT_EQ(duration_text(42), "0:42");
  EXPECT_EQ(duration_text(751), "12:31");
  EXPECT_EQ(duration_text(3599.6), "1:00:00");
  EXPECT_EQ(duration_text(11100), "3:05:00");
}

}  // namespace
}  // namespace shrike
