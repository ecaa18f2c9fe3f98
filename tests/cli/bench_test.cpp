// shrike bench: what it says of layers, threads and streams.
#include <algorithm>
#include <fstream>

#include "fixtures.h"

namespace shrike::testing {
namespace {

class Bench : public ProgramTest {
 protected:
  Outcome bench(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"bench", "--model", model_, "--runs", "2", "--warmup", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_shrike(words);
  }
};

TEST_F(Bench, LayersAndTheirSums) {
  const Outcome outcome = bench({"--layers", "--json", "--threads", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = json_lines(outcome.out).at(0);
  EXPECT_GT(json["peak_gmacs"].get<double>(), 0);
  ASSERT_FALSE(json["layers"].empty());
  double ms = 0, share = 0;
  bool multiplies = false;
  size_t layers = 0;
  for (const Json& row : json["layers"]) {
    layers += std::max<size_t>(1, row["parts"].size());
    ms += row["ms"].get<double>();
    share += row["share"].get<double>();
    EXPECT_EQ(row["gmacs"].is_null(), row["peak"].is_null());
    multiplies = multiplies || !row["gmacs"].is_null();
    for (const Json& declined : row["declined"]) EXPECT_NE(declined["reason"], "");
    ASSERT_EQ(row["problem"].is_null(), row["op"].get<std::string>().find("Conv") != 0) << row;
    if (row["problem"].is_null()) continue;
    EXPECT_NE(row["problem"].get<std::string>().find("stride"), std::string::npos);
  }
  EXPECT_TRUE(multiplies);
  EXPECT_NEAR(share, 1, 1e-6);
  for (const char* sums : {"by_kernel", "by_operator"}) {
    double sum = 0, before = 1e30;
    size_t count = 0;
    for (const Json& row : json[sums]) {
      EXPECT_LE(row["ms"].get<double>(), before) << "the longest first";
      before = row["ms"].get<double>();
      sum += before;
      count += row["count"].get<size_t>();
    }
    EXPECT_NEAR(sum, ms, 1e-6);
    EXPECT_EQ(count, layers);
  }
  const Outcome text = bench({"--layers"});
  EXPECT_EQ(text.code, 0) << text.err;
  for (const char* part : {"GMAC/S", "not ", "OPERATOR, LAYERS"})
    EXPECT_NE(text.out.find(part), std::string::npos) << part;
}

TEST_F(Bench, TraceOfStepsAndThreads) {
  const std::string file = path("trace.json");
  const Outcome outcome = bench({"--trace", file, "--threads", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::ifstream stream(file);
  const Json trace = Json::parse(stream);
  size_t steps = 0, names = 0;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == "M") {
      ++names;
      continue;
    }
    EXPECT_EQ(event["ph"], "X");
    EXPECT_GE(event["dur"].get<double>(), 0);
    steps += event["cat"] == "step" ? 1 : 0;
  }
  EXPECT_GT(steps, 0u);
  EXPECT_GE(names, 1u);
  EXPECT_EQ(bench({"--trace", path("no/such/trace.json")}).code, 5);
}

TEST_F(Bench, StreamsShareTheWork) {
  const Outcome outcome = bench({"--streams", "3", "--threads", "1", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = json_lines(outcome.out).at(0);
  EXPECT_EQ(json["streams"], 3);
  EXPECT_EQ(json["threads"], 1);
  EXPECT_GT(json["pictures_per_second"].get<double>(), 0);
  EXPECT_NE(bench({"--streams", "2"}).out.find("pictures/s"), std::string::npos);
  EXPECT_EQ(bench({"--streams", "0"}).code, 2);
}

}  // namespace
}  // namespace shrike::testing
