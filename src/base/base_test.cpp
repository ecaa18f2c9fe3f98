#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fstream>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "base/build_id.h"
#include "base/code_pages.h"
#include "base/file.h"
#include "base/half.h"
#include "base/large_block.h"
#include "base/memory.h"
#include "base/tensor.h"
#include "base/thread_pool.h"
#include "base/work_recorder.h"

namespace shrike {
namespace {

TEST(Shape, CountRefusesOverflowAndDynamic) {
  EXPECT_EQ(Shape({2, 3, 4}).element_count(), 24);
  EXPECT_EQ(Shape({}).element_count(), 1);
  EXPECT_EQ(Shape({5, 0}).element_count(), 0);
  EXPECT_EQ(Shape({kDynamic, 3}).element_count(), std::nullopt);
  EXPECT_EQ(Shape({INT64_MAX, 2}).element_count(), std::nullopt);
  EXPECT_EQ(Shape({0, INT64_MAX, INT64_MAX}).element_count(), std::nullopt);
}

TEST(Shape, AxesCountFromTheEnd) {
  EXPECT_EQ(normalize_axis(-1, 4), 3);
  EXPECT_EQ(normalize_axis(3, 4), 3);
  EXPECT_EQ(normalize_axis(4, 4), std::nullopt);
  EXPECT_EQ(normalize_axis(-5, 4), std::nullopt);
}

class Memory : public testing::Test {
 protected:
  ~Memory() override { set_memory_limit(default_memory_limit()); }
};

TEST_F(Memory, LargeBlocksAreZeroAlignedAndCounted) {
  const size_t before = memory_held();
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4096}, (size_t{2} << 20) - 1,
                            size_t{2} << 20, (size_t{6} << 20) + 12345}) {
    const std::shared_ptr<std::byte> block = allocate_large(size);
    ASSERT_TRUE(block) << size;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.get()) % 4096, 0u);
    EXPECT_GE(memory_held(), before + size);
    EXPECT_LE(memory_held(), before + size + (size_t{1} << 16));  // the largest small page
    EXPECT_TRUE(std::all_of(block.get(), block.get() + size,
                            [](std::byte byte) { return byte == std::byte{0}; }));
    std::fill_n(block.get(), size, std::byte{1});
  }
  EXPECT_EQ(memory_held(), before);
  set_memory_limit(before + (size_t{4} << 20));
  EXPECT_FALSE(allocate_large(size_t{5} << 20));
  EXPECT_FALSE(allocate_large(SIZE_MAX));
  EXPECT_FALSE(allocate_large(SIZE_MAX / 2));
  EXPECT_EQ(memory_held(), before);
}

TEST_F(Memory, TensorsKeepToTheLimit) {
  const size_t before = memory_held();
  set_memory_limit(before + (size_t{32} << 20));
  const Shape large{int64_t{5} << 20};
  std::optional<Tensor> first = *Tensor::make(DType::kF32, large);
  EXPECT_GE(memory_held(), before + first->byte_size());
  const Result<Tensor> second = Tensor::make(DType::kF32, large);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kRuntime);
  EXPECT_NE(second.error().message.find("the limit is"), std::string::npos);
  EXPECT_THROW((void)allocate_aligned(SIZE_MAX), std::bad_alloc);
  const Tensor shared = *first;
  first.reset();
  EXPECT_FALSE(Tensor::make(DType::kF32, large)) << "a copy still holds the bytes";
}

TEST_F(Memory, WhatGoesIsGivenBack) {
  const size_t before = memory_held();
  set_memory_limit(before + 2048);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Tensor::make(DType::kF32, Shape{256}));
  EXPECT_EQ(memory_held(), before);
  MemoryClaim claim;
  EXPECT_FALSE(claim.take(SIZE_MAX));
  EXPECT_TRUE(claim.take(2048));
  MemoryClaim moved = std::move(claim);
  EXPECT_EQ(memory_held(), before + 2048);
  moved = MemoryClaim();
  EXPECT_EQ(memory_held(), before);
}

TEST(Half, EveryPatternSurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    } else {
      EXPECT_EQ(float_to_half(value), half) << bits;
    }
  }
}

TEST(Half, RoundsToNearestEvenBetweenNeighbours) {
  for (uint16_t half = 0; half < 0x7bff; ++half) {
    const float low = half_to_float(half), high = half_to_float(half + 1);
    const float middle = (low + high) / 2;
    EXPECT_EQ(float_to_half(middle), half % 2 == 0 ? half : half + 1) << half;
    EXPECT_EQ(float_to_half(std::nextafter(middle, 0.0f)), half) << half;
    EXPECT_EQ(float_to_half(std::nextafter(middle, high)), half + 1) << half;
  }
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(65519.0f), 0x7bff);
}

TEST(Tensor, BorrowChecksBytesAndCopiesWhenMisaligned) {
  alignas(8) std::byte bytes[24] = {};
  EXPECT_FALSE(Tensor::borrow(DType::kF32, Shape{2}, {bytes, 7}, nullptr));
  EXPECT_FALSE(Tensor::borrow(DType::kF32, Shape{INT64_MAX, 4}, {bytes, 8}, nullptr));
  const Result<Tensor> aligned = Tensor::borrow(DType::kF32, Shape{2}, {bytes, 8}, nullptr);
  ASSERT_TRUE(aligned);
  EXPECT_EQ(aligned->bytes().data(), bytes);
  const Result<Tensor> moved = Tensor::borrow(DType::kF32, Shape{2}, {bytes + 1, 8}, nullptr);
  ASSERT_TRUE(moved);
  EXPECT_NE(moved->bytes().data(), bytes + 1);
}

TEST(Tensor, OwnedBytesAreAlignedAndZero) {
  for (int64_t n : {0, 1, 3, 17, 100000}) {
    Tensor tensor(DType::kF32, Shape{n});
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.bytes().data()) % kTensorAlignment, 0u);
    for (float value : tensor.data<float>()) EXPECT_EQ(value, 0.0f);
  }
}

TEST(Tensor, UnfilledIsAlignedAndAsLargeAsItsShape) {
  for (int64_t n : {0, 1, 7, 100000}) {
    Result<Tensor> tensor = Tensor::make_unfilled(DType::kF32, Shape{n, 2});
    ASSERT_TRUE(tensor);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor->bytes().data()) % kTensorAlignment, 0u);
    ASSERT_EQ(tensor->mutable_data<float>().size(), static_cast<size_t>(2 * n));
    std::ranges::fill(tensor->mutable_data<float>(), 1.0f);
  }
  const Result<Tensor> huge = Tensor::make_unfilled(DType::kF32, Shape{int64_t{1} << 60, 1});
  ASSERT_FALSE(huge);
  EXPECT_NE(huge.error().message.find("1152921504606846976"), std::string::npos);
}

TEST(ThreadPool, EveryIndexOnceForAnyCount) {
  for (int threads : {1, 2, 3, 5, 64}) {  // more than there are cores
    ThreadPool pool(threads);
    for (int64_t count : {0, 1, 2, 3, 7, 64, 127, 1000, 100003}) {
      std::vector<std::atomic<int>> hits(static_cast<size_t>(count));
      pool.parallel_for(count, [&](int64_t i, int) { ++hits[static_cast<size_t>(i)]; });
      for (const auto& hit : hits) EXPECT_EQ(hit, 1);
    }
  }
}

TEST(ThreadPool, ManyShortLoops) {
  for (int threads : {3, 300}) {
    ThreadPool pool(threads);
    std::atomic<int64_t> sum = 0;
    for (int round = 0; round < 2000; ++round)
      pool.parallel_for(3, [&](int64_t i, int) { sum += i; });
    EXPECT_EQ(sum, 2000 * 3);
  }
}

// Shares without a unit in one loop have some in the next, and workers come late to all of them.
TEST(ThreadPool, LoopsOfManyLengthsInTurn) {
  for (int threads : {2, 3, 17}) {
    ThreadPool pool(threads);
    std::vector<int> hits(700);
    for (int64_t round = 0; round < 3000; ++round) {
      const int64_t count = round % 7 == 0 ? round % 701 : 1 + round % 5;
      std::fill(hits.begin(), hits.end(), 0);
      pool.parallel_for(count, [&](int64_t i, int) { ++hits[static_cast<size_t>(i)]; });
      const auto end = hits.begin() + count;
      ASSERT_EQ(std::count(hits.begin(), end, 1), count) << "round " << round;
      ASSERT_EQ(std::count(end, hits.end(), 0), hits.end() - end) << "round " << round;
    }
  }
}

TEST(WorkRecorder, NotesWhoWorkedWhen) {
  for (int threads : {1, 3}) {
    ThreadPool pool(threads), other(2);
    std::atomic<int64_t> sum = 0;
    const auto loops = [&](ThreadPool& which) {
      for (int64_t count : {1, 100}) which.parallel_for(count, [&](int64_t i, int) { sum += i; });
    };
    loops(pool);
    WorkRecorder recorder(pool), second(other);
    EXPECT_TRUE(recorder.take().empty());
    const WorkSpan::Time begin = std::chrono::steady_clock::now();
    loops(pool);
    loops(other);
    const WorkSpan::Time end = std::chrono::steady_clock::now();
    EXPECT_TRUE(second.take().empty()) << "one recorder at a time";
    const std::vector<WorkSpan> spans = recorder.take();
    ASSERT_FALSE(spans.empty());
    EXPECT_EQ(spans[0].worker, 0) << "the caller does the loop of one index";
    EXPECT_LE(spans.size(), 1u + static_cast<size_t>(threads));
    for (const WorkSpan& span : spans) {
      EXPECT_LE(span.begin, span.end);
      EXPECT_LE(span.end, end);
      EXPECT_LT(span.worker, threads);
      EXPECT_TRUE(span.worker != 0 || span.begin >= begin);
    }
    EXPECT_TRUE(recorder.take().empty());
  }
}

// Whether a limit of address space is one: an emulator of another processor does not keep it.
bool limits_hold() {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{1, 1};
    if (::setrlimit(RLIMIT_AS, &none) != 0) ::_exit(1);
    void* const more =
        ::mmap(nullptr, size_t{1} << 24, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ::_exit(more == MAP_FAILED ? 0 : 1);
  }
  int status = 1;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

TEST(ThreadPool, GoesOnWithTheThreadsItGets) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer ends a process that cannot start a thread";
#endif
  if (!limits_hold()) GTEST_SKIP() << "address space has no limit here";
  const auto refused = [] {
    // In a child, as the limit stays: no address space for stacks beyond those kept for reuse.
    const rlimit none{1, 1};
    if (::setrlimit(RLIMIT_AS, &none) != 0) ::_exit(2);
    ThreadPool pool(100);
    std::atomic<int> calls = 0;
    pool.parallel_for(10, [&](int64_t, int) { ++calls; });
    ::_exit(pool.threads() < 100 && calls == 10 ? 0 : 1);
  };
  EXPECT_EXIT(refused(), ::testing::ExitedWithCode(0), "");
}

// Whoever holds index 0 waits for all others, those of its own share among them.
TEST(ThreadPool, OthersDoTheShareOfWhoIsHeldUp) {
  constexpr int64_t kCount = 20;
  ThreadPool pool(2);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int64_t> done = 0;
    std::atomic<bool> in_time = true;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    pool.parallel_for(kCount, [&](int64_t i, int) {
      if (i > 0) {
        ++done;
        return;
      }
      while (done < kCount - 1 && in_time) {
        std::this_thread::yield();
        in_time = std::chrono::steady_clock::now() < deadline;
      }
    });
    ASSERT_TRUE(in_time) << "round " << round;
  }
}

TEST(ThreadPool, OneThreadServesSeveralCallersAtOnce) {
  ThreadPool alone(1);
  const auto sums = [&] {
    for (int round = 0; round < 200; ++round) {
      int64_t sum = 0;
      alone.parallel_for(100, [&](int64_t i, int worker) { sum += i + worker; });
      EXPECT_EQ(sum, 4950);
    }
  };
  std::thread other(sums);
  sums();
  other.join();
}

TEST(ThreadPool, NoTwoBodiesShareAWorkerAtATime) {
  ThreadPool pool(4);
  std::array<std::atomic<int>, 4> inside{};
  std::atomic<int> clashes = 0;
  for (int round = 0; round < 200; ++round)
    pool.parallel_for(37, [&](int64_t, int worker) {
      std::atomic<int>& mine = inside[static_cast<size_t>(worker)];
      clashes += mine.fetch_add(1);
      mine.fetch_sub(1);
    });
  EXPECT_EQ(clashes, 0);
}

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/shrike-file-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(FileTest, WritesWholeOrNothing) {
  const auto path = folder_ / "a file";
  ASSERT_TRUE(write_file(path, "one"));
  ASSERT_TRUE(write_file(path, "two"));
  EXPECT_EQ(*read_text(path, ErrorKind::kInput), "two");
  EXPECT_FALSE(write_file(folder_ / "no" / "folder", "x"));
  std::filesystem::create_directory(folder_ / "taken");
  const Result<void> onto_folder = write_file(folder_ / "taken", "x");
  ASSERT_FALSE(onto_folder);
  EXPECT_NE(onto_folder.error().message.find("taken"), std::string::npos);
  int entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) entries += entry.exists();
  EXPECT_EQ(entries, 2);
}

// Renaming would put a file in their place: as root, in that of /dev/null.
TEST_F(FileTest, WritesOverNoDevices) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/null", folder_ / "null");
  std::filesystem::create_symlink("/proc/self/exe", folder_ / "process's");  // a regular file
  for (const char* name : {"pipe", "null", "process's"}) {
    const auto before = std::filesystem::symlink_status(folder_ / name).type();
    const Result<void> written = write_file(folder_ / name, "x");
    ASSERT_FALSE(written) << name;
    EXPECT_NE(written.error().message.find("not a regular file"), std::string::npos);
    EXPECT_EQ(std::filesystem::symlink_status(folder_ / name).type(), before) << name;
  }
  // Other links are replaced, not followed.
  ASSERT_TRUE(write_file(folder_ / "file", "old"));
  std::filesystem::create_symlink("file", folder_ / "link");
  ASSERT_TRUE(write_file(folder_ / "link", "new"));
  EXPECT_EQ(*read_text(folder_ / "file", ErrorKind::kInput), "old");
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(folder_ / "link")));
}

TEST_F(FileTest, MapsWhatIsThereAndNamesWhatIsNot) {
  ASSERT_TRUE(write_file(folder_ / "empty", ""));
  EXPECT_TRUE((*MappedFile::open(folder_ / "empty", ErrorKind::kInput))->bytes().empty());
  const auto missing = MappedFile::open(folder_ / "missing.onnx", ErrorKind::kModel);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kModel);
  EXPECT_NE(missing.error().message.find("missing.onnx"), std::string::npos);
  EXPECT_FALSE(MappedFile::open(folder_, ErrorKind::kInput));
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(MappedFile::open(folder_ / "pipe", ErrorKind::kInput));
}

TEST_F(FileTest, TooLittleMemoryIsTheMachinesFault) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer needs more address space than the limit";
#endif
  if (!limits_hold()) GTEST_SKIP() << "address space has no limit here";
  constexpr size_t kLarge = size_t{1} << 32;  // without blocks on the disk
  const std::filesystem::path path = folder_ / "large";
  ASSERT_TRUE(write_file(path, "x"));
  std::filesystem::resize_file(path, kLarge);
  const auto limited = [&] {  // in a child, as the limit stays
    const rlimit limit{kLarge / 2, kLarge / 2};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(2);
    const auto says = [&](const auto& result) {
      return !result.ok() && result.error().kind == ErrorKind::kRuntime &&
             result.error().message.find(path.string()) != std::string::npos;
    };
    const bool mapped = says(MappedFile::open(path, ErrorKind::kModel));
    const bool read = says(read_text(path, ErrorKind::kInput, 2 * kLarge));
    ::_exit(mapped && read ? 0 : 1);
  };
  EXPECT_EXIT(limited(), ::testing::ExitedWithCode(0), "");
}

// In pages: RssFile of proc(5), which is code and constants here.
long resident_pages_of_files() {
  std::ifstream file("/proc/self/statm");
  long size = 0, resident = 0, shared = 0;
  file >> size >> resident >> shared;
  return shared;
}

TEST(CodePages, GoAndComeBack) {
  const long before = resident_pages_of_files();
  give_back_code_pages();
  EXPECT_GE(resident_pages_of_files(), before) << "nobody said that it may";
  code_is_as_in_files();
  give_back_code_pages();
  const long after = resident_pages_of_files();
  EXPECT_LT(after, before);
  EXPECT_FALSE(build_id().empty()) << "constants are there as before";
}

TEST(BuildId, IsThatOfTheProgram) {
  const std::string id = build_id();
  EXPECT_GE(id.size(), 16u) << "the linker was told to leave it out";
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
}

}  // namespace
}  // namespace shrike
