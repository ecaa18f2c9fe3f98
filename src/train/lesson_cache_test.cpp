#include "train/lesson_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "zoo/scratch.h"

namespace shrike::train {
namespace {

namespace fs = std::filesystem;

class LessonCacheTest : public testing::Test {
 protected:
  ~LessonCacheTest() override { fs::remove_all(folder_); }

  static Graph network(uint64_t seed) {
    zoo::ScratchOptions options;
    options.classes = 2;
    options.size = {64, 64};
    options.seed = seed;
    return *zoo::scratch_model("yolov8n", options);
  }
  // However full the disk is.
  LessonCache cache(size_t most_bytes = 1 << 20, uint64_t seed = 1, size_t spared_bytes = 0) const {
    return LessonCache(folder_, network(seed), most_bytes, spared_bytes);
  }
  static Batch batch(int side = 8) {
    Batch batch;
    batch.width = batch.height = side;
    batch.samples = {0, 1};
    batch.pixels.assign(2 * batch.picture_bytes(), 7);
    batch.pixels.back() = 8;
    return batch;
  }
  // Takes 64 + 24 bytes.
  static std::vector<Tensor> outputs(float first) {
    return {Tensor::from<float>(Shape{1, 2, 2}, {first, 1, 2, 3}),
            Tensor::from<float>(Shape{2}, {-4, 5})};
  }
  static bool finds(const LessonCache& cache, const std::string& key, float first) {
    const std::vector<Shape> shapes = {Shape{1, 2, 2}, Shape{2}};
    const std::vector<Tensor> found = cache.find(key, shapes);
    if (found.empty()) return false;
    const std::vector<Tensor> expected = outputs(first);
    EXPECT_TRUE(found[0] == expected[0] && found[1] == expected[1]);
    return true;
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) / ("lessons-" + std::to_string(::getpid()));
};

TEST_F(LessonCacheTest, KeysAreOfNetworkSizeAndPixels) {
  const LessonCache one = cache();
  const Batch small = batch();
  EXPECT_EQ(one.key(small, 0), cache().key(batch(), 0));
  EXPECT_NE(one.key(small, 0), one.key(small, 1)) << "other pixels";
  EXPECT_NE(one.key(small, 0), cache(1 << 20, 2).key(small, 0)) << "other weights";
  Batch tall = small;
  tall.width = 4, tall.height = 16;
  EXPECT_NE(one.key(small, 0), one.key(tall, 0)) << "the same pixels at another size";
}

TEST_F(LessonCacheTest, WhatIsKeptIsFoundByTheNextOne) {
  LessonCache first = cache();
  EXPECT_FALSE(finds(first, "a", 0.5f));
  EXPECT_FALSE(fs::exists(folder_)) << "nothing to keep yet";
  first.keep("a", outputs(0.5f));
  first.keep("b", outputs(0.25f));
  EXPECT_TRUE(finds(first, "a", 0.5f));
  EXPECT_TRUE(finds(cache(), "b", 0.25f));
}

TEST_F(LessonCacheTest, WhatIsNotWholeIsNotFound) {
  cache().keep("a", outputs(0.5f));
  const fs::path file = folder_ / "a";
  const LessonCache found = cache();
  ASSERT_TRUE(finds(found, "a", 0.5f));
  fs::copy_file(file, folder_ / "b");
  EXPECT_FALSE(finds(found, "b", 0.5f)) << "of another picture";
  const std::vector<Shape> other = {Shape{1, 2, 2}};
  EXPECT_TRUE(found.find("a", other).empty()) << "of another network";
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(70);
    bytes.put('x');
  }
  EXPECT_FALSE(finds(found, "a", 0.5f)) << "another byte";
  fs::resize_file(file, 87);
  EXPECT_FALSE(finds(found, "a", 0.5f));
  fs::resize_file(file, 0);
  EXPECT_FALSE(finds(found, "a", 0.5f));
  fs::remove(file);
  fs::create_directory(file);
  EXPECT_FALSE(finds(found, "a", 0.5f));
}

TEST_F(LessonCacheTest, TheLimitCountsWhatIsThere) {
  LessonCache first = cache(2 * 88);
  first.keep("a", outputs(1));
  LessonCache second = cache(2 * 88);
  second.keep("b", outputs(2));
  second.keep("c", outputs(3));
  EXPECT_TRUE(finds(second, "b", 2));
  EXPECT_FALSE(finds(second, "c", 3));
  EXPECT_FALSE(fs::exists(folder_ / "c"));
}

TEST_F(LessonCacheTest, RoomForOthersIsLeft) {
  LessonCache modest = cache(1 << 20, 1, size_t{1} << 62);
  modest.keep("a", outputs(1));
  EXPECT_FALSE(fs::exists(folder_));
  EXPECT_EQ(modest.take_trouble(), "") << "no disk is as large";
}

TEST_F(LessonCacheTest, NothingIsKeptOnceSomethingCannotBeWritten) {
  LessonCache blocked = cache();
  blocked.keep("a", outputs(1));
  fs::create_directories(folder_ / "b");  // in the way
  blocked.keep("b", outputs(2));
  EXPECT_FALSE(fs::exists(folder_)) << "its room is for others";
  EXPECT_NE(blocked.take_trouble().find((folder_ / "b").string()), std::string::npos);
  blocked.keep("c", outputs(3));
  EXPECT_FALSE(finds(blocked, "c", 3));
}

TEST_F(LessonCacheTest, WhatLiesWhereTheFolderShouldStays) {
  std::ofstream(folder_) << "a file in the way";
  LessonCache blocked = cache();
  EXPECT_EQ(blocked.take_trouble(), "");
  blocked.keep("a", outputs(1));
  EXPECT_FALSE(finds(blocked, "a", 1));
  EXPECT_TRUE(fs::is_regular_file(folder_));
  EXPECT_NE(blocked.take_trouble().find(folder_.string()), std::string::npos);
  blocked.keep("b", outputs(2));
  EXPECT_EQ(blocked.take_trouble(), "") << "said once";
}

}  // namespace
}  // namespace shrike::train
