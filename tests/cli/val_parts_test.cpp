// val in parts: the same as in one piece, whoever does which share and whatever ends it.
#include <random>

#include "fixtures.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLauncherVariables[] = {
    "RANK",     "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
    "PMI_RANK", "PMI_SIZE",   "SLURM_PROCID",         "SLURM_NTASKS"};

class ValParts : public ProgramTest {
 protected:
  static constexpr int kPictures = 90;

  ValParts() {
    for (const char* name : kLauncherVariables) unset_.emplace_back(new Variable(name, {}));
    for (int i = 0; i < kPictures; ++i) {
      const std::string name = std::to_string(100 + i);
      picture("set/images/val/" + name + ".png");
      // Some of the cats that the tiny model sees, some that it does not.
      std::string truth;
      if (i % 3 != 0) truth += "0 0.25 0.5 0.15625 0.625\n";
      if (i % 4 != 0) truth += "0 0.75 0.5 0.15 0.6\n";
      if (i % 5 == 0) truth += "1 0.5 0.5 0.125 0.125\n";
      file("set/labels/val/" + name + ".txt", truth);
    }
    file("set/images/val/150.png", "no picture");
    file("set/data.yaml", "path: .\nval: images/val\nnames: [cat, dog]\n");
  }

  std::vector<std::string> words(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"val",          "--model", model_, "--data",
                                      path("set/data.yaml"), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Outcome val(const std::vector<std::string>& more) const { return run_shrike(words(more)); }

  // All but what differs from run to run.
  static Json scores_of(const Outcome& outcome) {
    EXPECT_EQ(outcome.code, 3) << "one picture cannot be read: " << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    EXPECT_EQ(lines.size(), 1u) << outcome.out;
    Json scores = lines.empty() ? Json() : lines.back();
    for (const char* key : {"speed_ms", "images_per_second", "threads", "peak_rss_mb"})
      scores.erase(key);
    return scores;
  }
  size_t parts() const { return names_in(at("parts")).size(); }

  std::vector<std::unique_ptr<Variable>> unset_;
};

TEST_F(ValParts, SharesGiveTheWhole) {
  const Json whole = scores_of(val({"--save-json", path("whole.json")}));
  EXPECT_GT(whole["map50"].get<double>(), 0.05);
  for (const char* share : {"2/4", "0/4", "3/4", "1/4"}) {
    const Outcome outcome = val({"--parts", path("parts"), "--shard", share});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_FALSE(lines[0].contains("map50"));
    EXPECT_EQ(lines[0]["missing"] == 0, std::string(share) == "1/4") << lines[0];
  }
  EXPECT_EQ(scores_of(val({"--parts", path("parts"), "--save-json", path("merged.json")})), whole);
  EXPECT_EQ(bytes_of(at("merged.json")), bytes_of(at("whole.json")));
  EXPECT_EQ(scores_of(val({"--parts", path("parts"), "--threads", "3"})), whole);
}

TEST_F(ValParts, ALaunchersFirstProcessTellsTheResult) {
  const Json whole = scores_of(val({}));
  const Variable size("OMPI_COMM_WORLD_SIZE", "3");
  for (const char* rank : {"2", "1"}) {
    const Variable own("OMPI_COMM_WORLD_RANK", rank);
    const Outcome outcome = val({"--parts", path("parts")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(json_lines(outcome.out)[0].contains("missing")) << outcome.out;
  }
  fs::remove(at("parts/part-1.json"));  // as if the process of rank 1 had been lost
  const Variable own("OMPI_COMM_WORLD_RANK", "0");
  EXPECT_EQ(scores_of(val({"--parts", path("parts")})), whole);
  EXPECT_EQ(scores_of(val({})), whole) << "without --parts a launcher means nothing";
}

TEST_F(ValParts, NothingIsLostOrDoubledWhateverEndsIt) {
  const Json whole = scores_of(val({}));
  std::mt19937 random(11);
  int killed = 0, done = 0;
  while (killed < 50) {
    Start start;
    start.words = words({"--parts", path("parts"), "--threads", std::to_string(1 + random() % 3)});
    if (random() % 3 > 0) {
      start.words.push_back("--shard");
      start.words.push_back(std::to_string(random() % 4) + "/4");
    }
    start.signal = random() % 4 > 0 ? SIGKILL : SIGINT;
    start.interrupt_after = std::chrono::milliseconds(random() % 120);
    const Outcome outcome = run_shrike(start);
    if (outcome.code > 128) {
      ++killed;
    } else if (json_lines(outcome.out)[0].contains("map50")) {
      EXPECT_EQ(scores_of(outcome), whole);
      fs::remove_all(at("parts"));  // and again from nothing
      ASSERT_LT(++done, 200) << "nothing is ever ended early";
    }
  }
  EXPECT_EQ(scores_of(val({"--parts", path("parts")})), whole);
  for (const std::string& name : names_in(at("parts")))
    EXPECT_TRUE(name.starts_with("part-") || name.starts_with(".shrike.")) << name;
}

TEST_F(ValParts, DamagedPartsAreMadeAgain) {
  const Json whole = scores_of(val({"--parts", path("parts")}));
  file("parts/part-3.json", bytes_of(at("parts/part-3.json")).substr(0, 200));
  file("parts/part-5.json", "");
  const Outcome outcome = val({"--parts", path("parts")});
  EXPECT_EQ(scores_of(outcome), whole);
  for (const char* part : {"part-3.json", "part-5.json", "made again"})
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
}

// A picture that could not be read may have been mended since.
TEST_F(ValParts, WhatCouldNotBeReadIsLookedAtAgain) {
  const Json whole = scores_of(val({}));
  const std::string bytes = bytes_of(at("set/images/val/120.png"));
  file("set/images/val/120.png", bytes.substr(0, bytes.size() / 2));
  const Json cut = scores_of(val({"--parts", path("parts")}));
  EXPECT_EQ(cut["skipped"].size(), whole["skipped"].size() + 1);
  const auto before = fs::last_write_time(at("parts/part-0.json"));
  file("set/images/val/120.png", bytes);
  EXPECT_EQ(scores_of(val({"--parts", path("parts")})), whole);
  EXPECT_EQ(fs::last_write_time(at("parts/part-0.json")), before) << "which no picture failed in";
}

TEST_F(ValParts, PartsOfAnotherRunAreLeftAlone) {
  EXPECT_EQ(val({"--parts", path("parts")}).code, 3);
  const std::string before = bytes_of(at("parts/part-0.json"));
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--conf", "0.5"}, {"--imgsz", "32"}, {"--max-det", "1"},
        {"--max-pixels", "4096"}}) {
    std::vector<std::string> changed = {"--parts", path("parts")};
    changed.insert(changed.end(), more.begin(), more.end());
    const Outcome outcome = val(changed);
    EXPECT_EQ(outcome.code, 2) << more[0] << outcome.err;
    EXPECT_NE(outcome.err.find("part-0.json"), std::string::npos) << outcome.err;
    EXPECT_EQ(bytes_of(at("parts/part-0.json")), before);
  }
}

TEST_F(ValParts, BadOptions) {
  EXPECT_EQ(val({"--shard", "0/2"}).code, 2);
  EXPECT_EQ(val({"--parts", path("parts"), "--shard", "2/2"}).code, 2);
  EXPECT_EQ(val({"--parts", path("parts"), "--shard", "0/2", "--report", path("r")}).code, 2);
  const Outcome taken = val({"--parts", path("set/data.yaml")});
  EXPECT_EQ(taken.code, 5) << taken.err;
  EXPECT_NE(taken.err.find("set/data.yaml"), std::string::npos) << taken.err;
}

}  // namespace
}  // namespace shrike::testing
