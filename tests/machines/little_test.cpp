// Little of what a process needs: memory, threads, open files.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "formats/onnx_writer.h"
#include "ir/infer.h"
#include "machine.h"
#include "vision/decode.h"

namespace shrike::testing {
namespace {

class Little : public ProgramTest {
 protected:
  Little() { picture("a.png"); }
};

constexpr size_t kMega = 1 << 20;

// However little there is: either it is enough, or that is what is said.
TEST_F(Little, MemoryThatIsTooLittleIsSaid) {
  int refused = 0, done = 0;
  for (size_t mega = 16; mega <= 160; mega += 4) {
    const Outcome outcome =
        run_with(limited(RLIMIT_AS, mega * kMega),
                 {"detect", path("a.png"), "--model", model_, "--save", path("out"), "--json"});
    // Below what the loader needs for the libraries, the program has not begun.
    if (outcome.err.find("shared librar") != std::string::npos) continue;
    if (outcome.code == 0) {
      ++done;
      EXPECT_TRUE(read_image(at("out/a.png")));
      continue;
    }
    ++refused;
    EXPECT_EQ(outcome.code, 5) << mega << " MB: " << outcome.err;
    EXPECT_NE(outcome.err.find("emory"), std::string::npos) << mega << " MB: " << outcome.err;
  }
  EXPECT_GT(done, 0);
  EXPECT_GT(refused, 0);
}

TEST_F(Little, AModelOfRealSizeIn512Megabytes) {
  const char* shared = ::getenv("SHRIKE_SHARED");
  const std::filesystem::path folder = std::filesystem::path(shared ? shared : "../shared");
  const std::filesystem::path model = folder / "models/yolo11n-random.onnx";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "no " << model;
  const Outcome outcome =
      run_with(limited(RLIMIT_AS, 512 * kMega),
               {"detect", path("a.png"), "--model", model.string(), "--threads", "2", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(json_lines(outcome.out).size(), 1u);
}

// --memory-limit is of the whole process, and what it says is the least is enough.
TEST_F(Little, AMemoryLimitIsKept) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own memory counts";
#endif
  const char* shared = ::getenv("SHRIKE_SHARED");
  const std::filesystem::path folder = std::filesystem::path(shared ? shared : "../shared");
  const std::filesystem::path model = folder / "models/yolov8n-bccd-640.onnx";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "no " << model;
  const auto bench = [&](const std::string& limit, std::vector<std::string> more) {
    std::vector<std::string> words = {"bench",     "--model", model.string(),   "--runs", "2",
                                      "--threads", "2",       "--memory-limit", limit,    "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_shrike(words);
  };
  for (const bool decode : {false, true}) {
    const std::vector<std::string> more =
        decode ? std::vector<std::string>{"--decode", "--picture", path("a.png")}
               : std::vector<std::string>{};
    for (const int limit : {36, 40, 45, 60, 90}) {
      const Outcome outcome = bench(std::to_string(limit), more);
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      EXPECT_LE(json_lines(outcome.out)[0]["peak_rss_mb"].get<double>(), limit);
    }
    const Outcome refused = bench("15", more);
    EXPECT_EQ(refused.code, 2);
    const size_t at = refused.err.find("at least ");
    ASSERT_NE(at, std::string::npos) << refused.err;
    const int least = static_cast<int>(std::ceil(std::stod(refused.err.substr(at + 9))));
    const Outcome kept = bench(std::to_string(least), more);
    ASSERT_EQ(kept.code, 0) << kept.err;
    EXPECT_LE(json_lines(kept.out)[0]["peak_rss_mb"].get<double>(), least);
  }
}

// The same of every model at hand, whatever takes most of it: reading it, packing or running.
TEST_F(Little, AMemoryLimitIsKeptByEveryModel) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own memory counts";
#endif
  const char* shared = ::getenv("SHRIKE_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(shared ? shared : "../shared") / "models";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no " << folder;
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".onnx" && extension != ".cfg") continue;
    ++models;
    for (const auto& [threads, decode] :
         {std::pair{"1", true}, {"3", true}, {"1", false}, {"3", false}}) {
      const auto detect = [&](int limit) {
        std::vector<std::string> words = {"bench",
                                          "--model",
                                          entry.path().string(),
                                          "--runs",
                                          "1",
                                          "--warmup",
                                          "1",
                                          "--threads",
                                          threads,
                                          "--memory-limit",
                                          std::to_string(limit),
                                          "--json"};
        if (decode) words.insert(words.end(), {"--decode", "--picture", path("a.png")});
        return run_shrike(words);
      };
      const Outcome refused = detect(5);
      EXPECT_EQ(refused.code, 2) << entry.path() << refused.err;
      const size_t at = refused.err.find("at least ");
      ASSERT_NE(at, std::string::npos) << refused.err;
      const int least = static_cast<int>(std::ceil(std::stod(refused.err.substr(at + 9))));
      for (const int limit : {least, least + 1, least + 3, least + 7}) {
        const Outcome kept = detect(limit);
        ASSERT_EQ(kept.code, 0) << entry.path() << kept.err;
        EXPECT_LE(json_lines(kept.out)[0]["peak_rss_mb"].get<double>(), limit)
            << entry.path() << ", " << threads << " threads";
      }
    }
  }
  EXPECT_GT(models, 0);
}

// Large layers whose batch norms are folded: weights are in the file, folded and packed, and of no
// layer all three at once.
TEST_F(Little, AMemoryLimitIsKeptWhileWeightsAreRead) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own memory counts";
#endif
  std::string layers = "[net]\nwidth=32\nheight=32\nchannels=3\n";
  size_t floats = 0, channels = 3;
  for (const size_t filters : {128, 256, 512, 1024, 512}) {
    layers += "[convolutional]\nbatch_normalize=1\nfilters=" + std::to_string(filters) +
              "\nsize=3\nstride=2\npad=1\nactivation=leaky\n";
    floats += filters * (9 * channels + 4);
    channels = filters;
  }
  layers +=
      "[convolutional]\nfilters=18\nsize=1\nstride=1\nactivation=linear\n"
      "[yolo]\nmask=0,1,2\nanchors=10,14,23,27,37,58\nclasses=1\nnum=3\n";
  floats += 18 * (channels + 1);
  const std::string weights = std::string("\0\0\0\0\2", 5) + std::string(15 + 4 * floats, '\0');
  EXPECT_TRUE(write_file(at("large.cfg"), std::string_view(layers)));
  EXPECT_TRUE(write_file(at("large.weights"), std::string_view(weights)));
  const auto bench = [&](int limit) {
    return run_shrike({"bench", "--model", path("large.cfg"), "--imgsz", "32", "--runs", "2",
                       "--threads", "2", "--memory-limit", std::to_string(limit), "--json"});
  };
  const Outcome refused = bench(20);
  const size_t found = refused.err.find("at least ");
  ASSERT_NE(found, std::string::npos) << refused.err;
  // What is said is rounded.
  const int least = static_cast<int>(std::ceil(std::stod(refused.err.substr(found + 9)) + 0.1));
  EXPECT_GT(least, 4 * static_cast<int>(floats / 1'000'000));
  for (const int limit : {least, least + 5, least + 20, least + 60, least + 150}) {
    const Outcome kept = bench(limit);
    ASSERT_EQ(kept.code, 0) << kept.err;
    EXPECT_LE(json_lines(kept.out)[0]["peak_rss_mb"].get<double>(), limit);
  }
}

// Weights of transposed convolutions are packed from a copy of each phase's.
TEST_F(Little, AMemoryLimitIsKeptByTransposedConvolutions) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own memory counts";
#endif
  Graph graph;
  ValueId x = graph.add_input("x", DType::kF32, Shape{1, 64, 4, 4});
  int64_t channels = 64;
  size_t floats = 0;
  for (const auto& [outputs, kernel] : {std::pair{256, 4}, {384, 3}, {512, 4}, {64, 5}}) {
    ConvTranspose up;
    up.strides = {2, 2};
    Tensor weights(DType::kF32, {channels, outputs, kernel, kernel});
    for (float& w : weights.mutable_data<float>()) w = 0.001f;
    floats += weights.data<float>().size();
    x = graph.add_node(up, {x, graph.add_constant("w", std::move(weights))}, "y");
    channels = outputs;
  }
  graph.outputs = {x};
  ASSERT_TRUE(infer_shapes(graph));
  const Result<void> saved = save_onnx(graph, at("up.onnx"));
  ASSERT_TRUE(saved) << saved.error().message;
  const auto bench = [&](int limit) {
    return run_shrike({"bench", "--model", path("up.onnx"), "--runs", "2", "--threads", "2",
                       "--memory-limit", std::to_string(limit), "--json"});
  };
  const Outcome refused = bench(12);
  const size_t found = refused.err.find("at least ");
  ASSERT_NE(found, std::string::npos) << refused.err;
  const int least = static_cast<int>(std::ceil(std::stod(refused.err.substr(found + 9)) + 0.1));
  EXPECT_GT(least, 4 * static_cast<int>(floats / 1'000'000));
  for (const int limit : {least, least + 3, least + 10, least + 60}) {
    const Outcome kept = bench(limit);
    ASSERT_EQ(kept.code, 0) << kept.err;
    EXPECT_LE(json_lines(kept.out)[0]["peak_rss_mb"].get<double>(), limit);
  }
}

// A long run takes no more than a short one (bench/many_pictures.sh is the same on real pictures).
TEST_F(Little, ManyPicturesInTheMemoryOfFew) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own memory counts";
#endif
  constexpr int kFew = 20, kMany = 5000;
  for (const auto& [folder, count] : {std::pair{"few", kFew}, {"many", kMany}}) {
    std::filesystem::create_directory(at(folder));
    for (int i = 0; i < count; ++i)
      std::filesystem::create_symlink(at("a.png"), at(folder) / (std::to_string(i) + ".png"));
  }
  const auto detect_in = [&](const std::string& folder, size_t mega) {
    return run_with(limited(RLIMIT_AS, mega * kMega),
                    {"detect", path(folder), "--model", model_, "--threads", "1", "--json"});
  };
  size_t enough = 16;
  while (enough < 1024 && detect_in("few", enough).code != 0) enough += 4;
  // Room for threads' heaps, of which each picture may be in another: 3 kB a picture.
  const Outcome outcome = detect_in("many", enough + 16);
  EXPECT_EQ(outcome.code, 0) << enough << " MB: " << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), kMany);
}

TEST_F(Little, ThreadsThatAreRefused) {
  std::filesystem::permissions(root_, std::filesystem::perms(0755));
  const Outcome outcome = run_with(
      [] {
        as_nobody()();
        limited(RLIMIT_NPROC, 0)();
      },
      {"detect", path("a.png"), "--model", model_, "--threads", "8", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(json_lines(outcome.out).size(), 1u);
}

TEST_F(Little, FilesThatMayBeOpen) {
  const Outcome outcome = run_with(
      limited(RLIMIT_NOFILE, 5),
      {"detect", path("a.png"), path("a.png"), "--model", model_, "--save", path("out"), "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

}  // namespace
}  // namespace shrike::testing
