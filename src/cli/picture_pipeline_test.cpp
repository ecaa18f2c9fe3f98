#include "cli/picture_pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace shrike {
namespace {

void wait(int microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

// Pictures whose width is their number plus one; each station takes a time of its own.
class Work {
 public:
  Work(size_t streams, bool drawn, uint32_t seed) : in_stream_(streams), seed_(seed) {
    work.streams = streams;
    work.drawn = drawn;
    work.read = [this](size_t i) -> Result<Image> {
      take_time(i);
      if (i % 7 == 3) return input_error("no picture " + std::to_string(i));
      return Image(static_cast<int>(i) + 1, 1);
    };
    work.look = [this](size_t stream, size_t i, const Image& image) -> Result<Detections> {
      EXPECT_EQ(in_stream_[stream]++, 0);
      EXPECT_EQ(image.width(), static_cast<int>(i) + 1);
      take_time(i + 1);
      --in_stream_[stream];
      if (i == fatal_look) return runtime_error("no memory");
      Detections found;
      found.boxes.resize(i);
      return found;
    };
    work.finish = [this](size_t i, const Image& image, Detections found) -> Result<std::string> {
      EXPECT_EQ(image.width(), static_cast<int>(i) + 1);
      take_time(i + 2);
      if (i % 11 == 5) return input_error("cannot be drawn");
      return std::to_string(i) + ":" + std::to_string(found.boxes.size());
    };
  }

  Result<void> run(size_t pictures) {
    return work_through(pictures, work, [&](size_t i, const Result<std::string>& said) {
      EXPECT_EQ(i, told.size());
      EXPECT_EQ(std::this_thread::get_id(), caller_);
      told.push_back(said ? *said : said.error().message);
      return i == fatal_tell ? Result<void>(runtime_error("the disk is full")) : Result<void>();
    });
  }

  PictureWork work;
  std::vector<std::string> told;
  size_t fatal_look = SIZE_MAX, fatal_tell = SIZE_MAX;

 private:
  void take_time(size_t i) const {
    std::mt19937 random(seed_ + static_cast<uint32_t>(i));
    wait(static_cast<int>(random() % 300));
  }

  std::vector<std::atomic<int>> in_stream_;
  uint32_t seed_;
  std::thread::id caller_ = std::this_thread::get_id();
};

std::vector<std::string> expected(size_t pictures) {
  std::vector<std::string> all;
  for (size_t i = 0; i < pictures; ++i)
    all.push_back(i % 7 == 3    ? "no picture " + std::to_string(i)
                  : i % 11 == 5 ? "cannot be drawn"
                                : std::to_string(i) + ":" + std::to_string(i));
  return all;
}

TEST(PicturePipeline, TellsAllInOrder) {
  for (const size_t streams : {1, 2, 5})
    for (const bool drawn : {false, true})
      for (const size_t pictures : {0, 1, 2, 3, 60}) {
        SCOPED_TRACE(std::to_string(streams) + " streams, " + std::to_string(pictures));
        Work work(streams, drawn, 7);
        EXPECT_TRUE(work.run(pictures));
        EXPECT_EQ(work.told, expected(pictures));
      }
}

TEST(PicturePipeline, AnErrorEndsItWhereItIs) {
  for (const size_t streams : {1, 3}) {
    Work looks(streams, true, 3);
    looks.fatal_look = 20;
    const Result<void> looked = looks.run(60);
    ASSERT_FALSE(looked);
    EXPECT_EQ(looked.error().message, "no memory");
    EXPECT_EQ(looks.told, expected(20));

    Work tells(streams, true, 4);
    tells.fatal_tell = 20;
    const Result<void> told = tells.run(60);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().message, "the disk is full");
    EXPECT_EQ(tells.told, expected(21));
  }
}

// Wherever something is thrown, and whatever it is: said in its place, and nobody waits.
TEST(PicturePipeline, AnExceptionIsAnErrorThere) {
  using Throw = std::function<void(size_t)>;
  const auto thrown = [](size_t streams, const Throw& read, const Throw& look, const Throw& finish,
                         const Throw& tell) {
    Work work(streams, true, 6);
    const PictureWork inner = work.work;
    work.work.read = [&](size_t i) {
      read(i);
      return inner.read(i);
    };
    work.work.look = [&](size_t stream, size_t i, const Image& image) {
      look(i);
      return inner.look(stream, i, image);
    };
    work.work.finish = [&](size_t i, const Image& image, Detections found) {
      finish(i);
      return inner.finish(i, image, std::move(found));
    };
    size_t told = 0;
    const Result<void> result =
        work_through(60, work.work, [&](size_t i, const Result<std::string>&) {
          tell(i);
          told = i + 1;
          return Result<void>();
        });
    EXPECT_EQ(told, 20u);
    return result ? std::string() : result.error().message;
  };
  const Throw none = [](size_t) {};
  const Throw known = [](size_t i) {
    if (i == 20) throw std::length_error("too long");
  };
  const Throw unknown = [](size_t i) {
    if (i == 20) throw 20;
  };
  const std::string start = "a picture could not be worked on: ";
  for (const size_t streams : {1, 3}) {
    EXPECT_EQ(thrown(streams, known, none, none, none), start + "too long");
    EXPECT_EQ(thrown(streams, none, known, none, none), start + "too long");
    EXPECT_EQ(thrown(streams, none, none, known, none), start + "too long");
    EXPECT_EQ(thrown(streams, none, none, none, known), start + "too long");
    EXPECT_EQ(thrown(streams, none, unknown, none, none), start + "an exception of no known type");
  }
}

TEST(PicturePipeline, FewPicturesAreThereAtATime) {
  for (const size_t streams : {1, 4})
    for (const bool drawn : {false, true}) {
      Work work(streams, drawn, 5);
      std::atomic<size_t> read{0}, done{0}, most{0};
      const auto inner = work.work.read;
      work.work.read = [&](size_t i) {
        const size_t there = ++read - done;
        size_t before = most;
        while (there > before && !most.compare_exchange_weak(before, there)) {
        }
        Result<Image> image = inner(i);
        if (!image) ++done;
        return image;
      };
      const auto last = work.work.finish;
      work.work.finish = [&](size_t i, const Image& image, Detections found) {
        Result<std::string> said = last(i, image, std::move(found));
        ++done;
        return said;
      };
      EXPECT_TRUE(work.run(80));
      EXPECT_LE(most, pictures_at_once(streams, drawn));
      EXPECT_GT(most, 1u);
    }
}

TEST(PicturePipeline, StationsOverlap) {
  bool all_at_once = false;
  for (uint32_t round = 0; round < 100 && !all_at_once; ++round) {
    Work work(1, true, round);
    std::atomic<int> at_work{0};
    std::atomic<bool> seen{false};
    const auto busy = [&] {
      if (++at_work == 3) seen = true;
      wait(1000);
      --at_work;
    };
    work.work.read = [&](size_t) -> Result<Image> {
      busy();
      return Image(1, 1);
    };
    work.work.look = [&](size_t, size_t, const Image&) -> Result<Detections> {
      busy();
      return Detections();
    };
    work.work.finish = [&](size_t, const Image&, Detections) -> Result<std::string> {
      busy();
      return std::string();
    };
    EXPECT_TRUE(work_through(20, work.work,
                             [](size_t, const Result<std::string>&) { return Result<void>(); }));
    all_at_once = seen;
  }
  EXPECT_TRUE(all_at_once);
}

}  // namespace
}  // namespace shrike
