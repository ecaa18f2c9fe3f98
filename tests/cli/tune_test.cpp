// --tune: kernels by measurement, kept between runs; what is in its way stops nothing.
#include <fstream>

#include "fixtures.h"
#include "formats/npy.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

class Tune : public ProgramTest {
 protected:
  Tune() : cache_("XDG_CACHE_HOME", path("cache")) {}

  Outcome bench(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"bench",    "--model", model_,     "--runs", "1",
                                      "--warmup", "0",       "--layers", "--json", "--tune"};
    words.insert(words.end(), more.begin(), more.end());
    return run_shrike(words);
  }
  static bool measured(const Outcome& outcome) {
    return outcome.err.find("measuring kernels") != std::string::npos;
  }
  // The only file of times.
  fs::path times() const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(at("cache/shrike/tuning")))
      if (entry.path().extension() == ".json") {
        EXPECT_TRUE(found.empty()) << found << " and " << entry.path();
        found = entry.path();
      }
    EXPECT_FALSE(found.empty());
    return found;
  }
  static std::vector<std::string> kernels(const Outcome& outcome) {
    std::vector<std::string> names;
    for (const Json& row : json_lines(outcome.out).at(0)["layers"]) names.push_back(row["kernel"]);
    return names;
  }

  const Variable cache_;
};

TEST_F(Tune, MeasuresOnceAndKeepsWhatItFound) {
  const Outcome first = bench({"--threads", "1"});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_TRUE(measured(first)) << first.err;
  const Json tuned = json_lines(first.out).at(0)["tuned"];
  EXPECT_GE(tuned["layers"], tuned["changed"]);
  const std::string kept = bytes_of(times());
  for (const char* threads : {"1", "3"}) {
    const Outcome again = bench({"--threads", threads});
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_FALSE(measured(again)) << again.err;
    EXPECT_EQ(kernels(again), kernels(first));
  }
  EXPECT_EQ(bytes_of(times()), kept);
}

TEST_F(Tune, TheSameBitsForAnyNumberOfThreads) {
  Tensor tensor(DType::kF32, Shape{1, 3, 32, 64});
  int i = 0;
  for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(i++ % 17) / 17;
  ASSERT_TRUE(save_npy(tensor, at("x.npy")));
  const auto output = [&](const char* threads) {
    const Outcome outcome = run_shrike({"run", "--model", model_, "--input", path("x.npy"),
                                        "--output", path(threads), "--threads", threads, "--tune"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return bytes_of(at(threads) / "output0.npy");
  };
  const std::string one = output("1");
  EXPECT_FALSE(one.empty());
  EXPECT_EQ(output("2"), one);
  EXPECT_EQ(output("5"), one);
}

TEST_F(Tune, DetectTakesIt) {
  picture("a.png");
  const Outcome plain = detect({path("a.png"), "--json"});
  EXPECT_FALSE(fs::exists(at("cache"))) << "nobody asked for it";
  const Outcome tuned = detect({path("a.png"), "--json", "--tune"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_TRUE(measured(tuned));
  EXPECT_EQ(json_lines(tuned.out).at(0)["detections"].size(),
            json_lines(plain.out).at(0)["detections"].size());
}

TEST_F(Tune, ADamagedFileIsSaidAndMadeAnew) {
  ASSERT_EQ(bench().code, 0);
  const fs::path file = times();
  fs::resize_file(file, fs::file_size(file) / 2);
  const Outcome again = bench();
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.err.find(file.string()), std::string::npos) << again.err;
  EXPECT_TRUE(measured(again));
  const Outcome whole = bench();
  EXPECT_EQ(whole.err, "");
}

TEST_F(Tune, WhereNothingCanBeKeptItGoesOn) {
  std::ofstream(at("cache")) << "in the way";
  const Outcome outcome = bench();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(measured(outcome));
  EXPECT_NE(outcome.err.find("not kept"), std::string::npos) << outcome.err;
}

TEST_F(Tune, IsNotForALimitOfMemory) {
  const Outcome outcome = bench({"--memory-limit", "300"});
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_NE(outcome.err.find("--memory-limit"), std::string::npos) << outcome.err;
}

TEST_F(Tune, ResultsSayHowTheyCameAbout) {
  EXPECT_EQ(json_lines(bench().out).at(0)["arithmetic"], "fp32, kernels tuned on this machine");
  const Outcome wrong = bench({"--precision", "bogus"});
  EXPECT_EQ(wrong.code, 2) << wrong.err;
  EXPECT_NE(wrong.err.find("--precision"), std::string::npos) << wrong.err;
}

}  // namespace
}  // namespace shrike::testing
