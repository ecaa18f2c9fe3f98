// detect in parts: what one call says, whoever does which share and whatever ends it.
#include <cstdlib>
#include <random>

#include "fixtures.h"

namespace shrike::testing {
namespace {

namespace fs = std::filesystem;

// Of the test that ends processes; SHRIKE_KILLS asks for more.
int kills() {
  const char* wanted = std::getenv("SHRIKE_KILLS");
  return wanted ? std::atoi(wanted) : 12;
}

class DetectParts : public ProgramTest {
 protected:
  static constexpr int kPictures = 60;

  DetectParts() {
    for (const char* name : {"RANK", "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                             "PMI_RANK", "PMI_SIZE", "SLURM_PROCID", "SLURM_NTASKS"})
      unset_.emplace_back(new Variable(name, {}));
    for (int i = 0; i < kPictures; ++i) picture("in/" + std::to_string(100 + i) + ".png");
    file("in/130.png", "no picture");
  }

  std::vector<std::string> words(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"detect", path("in"), "--model", model_, "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Outcome in_parts(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--parts", path("parts"), "--save-txt=" + path("labels")});
    return run_shrike(words(more));
  }

  // All but what differs from run to run.
  static std::vector<Json> said(const Outcome& outcome) {
    EXPECT_EQ(outcome.code, 3) << "one picture cannot be read: " << outcome.err;
    EXPECT_NE(outcome.err.find("130.png"), std::string::npos) << outcome.err;
    std::vector<Json> lines = json_lines(outcome.out);
    for (Json& line : lines) line.erase("speed_ms");
    EXPECT_EQ(lines.size(), size_t{kPictures - 1});
    return lines;
  }

  std::vector<std::unique_ptr<Variable>> unset_;
};

TEST_F(DetectParts, SharesGiveTheWhole) {
  const std::vector<Json> whole =
      said(run_shrike(words({"--save-txt=" + path("labels-of-one")})));
  for (const char* share : {"2/4", "0/4", "3/4", "1/4"}) {
    const Outcome outcome = in_parts({"--shard", share});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<Json> lines = json_lines(outcome.out);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0]["missing"] == 0, std::string(share) == "1/4") << lines[0];
  }
  EXPECT_EQ(said(in_parts()), whole);
  ASSERT_EQ(names_in(at("labels")), names_in(at("labels-of-one")));
  for (const std::string& name : names_in(at("labels")))
    EXPECT_EQ(bytes_of(at("labels") / name), bytes_of(at("labels-of-one") / name)) << name;
}

TEST_F(DetectParts, ALaunchersFirstProcessTellsTheResult) {
  const std::vector<Json> whole = said(run_shrike(words({})));
  const Variable size("WORLD_SIZE", "3");
  for (const char* rank : {"2", "1"}) {
    const Variable own("RANK", rank);
    const Outcome outcome = in_parts();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(json_lines(outcome.out)[0].contains("missing")) << outcome.out;
  }
  fs::remove(at("parts/part-1.json"));                                // lost
  file("parts/part-2.json", bytes_of(at("parts/part-2.json")).substr(0, 100));  // and half of it
  const Variable own("RANK", "0");
  const Outcome first = in_parts();
  EXPECT_EQ(said(first), whole);
  EXPECT_NE(first.err.find("part-2.json"), std::string::npos) << first.err;
}

TEST_F(DetectParts, NothingIsLostOrDoubledWhateverEndsIt) {
  const std::vector<Json> whole = said(run_shrike(words({})));
  std::mt19937 random(12);
  int killed = 0, done = 0;
  while (killed < kills()) {
    Start start;
    start.words = words({"--parts", path("parts"), "--threads", "1"});
    if (random() % 3 > 0) {
      start.words.push_back("--shard");
      start.words.push_back(std::to_string(random() % 4) + "/4");
    }
    start.signal = random() % 4 > 0 ? SIGKILL : SIGINT;
    start.interrupt_after = std::chrono::milliseconds(random() % 100);
    const Outcome outcome = run_shrike(start);
    if (outcome.code > 128) {
      ++killed;
    } else if (!json_lines(outcome.out)[0].contains("missing")) {
      EXPECT_EQ(said(outcome), whole);
      fs::remove_all(at("parts"));  // and again from nothing
      ASSERT_LT(++done, 200) << "nothing is ever ended early";
    }
  }
  EXPECT_EQ(said(run_shrike(words({"--parts", path("parts")}))), whole);
}

TEST_F(DetectParts, WhatDoesNotBelongTogetherIsRefused) {
  EXPECT_EQ(in_parts().code, 3);
  const std::string before = bytes_of(at("parts/part-0.json"));
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--conf", "0.5"}, {"--classes", "0"}, {"--agnostic"}}) {
    const Outcome outcome = in_parts(more);
    EXPECT_EQ(outcome.code, 2) << more[0] << outcome.err;
    EXPECT_NE(outcome.err.find("part-0.json"), std::string::npos) << outcome.err;
  }
  picture("in/200.png");
  EXPECT_EQ(in_parts().code, 2) << "another picture";
  EXPECT_EQ(bytes_of(at("parts/part-0.json")), before);
  EXPECT_EQ(run_shrike(words({"--shard", "0/2"})).code, 2);
  EXPECT_EQ(run_shrike(words({"--parts", path("p"), "--shard", "2/2"})).code, 2);
  EXPECT_EQ(run_shrike(words({"--parts", path("p"), "--save", path("in")})).code, 2);
}

}  // namespace
}  // namespace shrike::testing
