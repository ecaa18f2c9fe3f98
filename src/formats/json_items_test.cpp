#include "formats/json_items.h"

#include <gtest/gtest.h>

#include <random>

namespace shrike {
namespace {

struct Taken {
  std::vector<std::string> elements;  // "array: element"
  Result<std::vector<std::string>> arrays = usage_error("not read");
};

Taken read(std::string_view text) {
  Taken taken;
  JsonItemReader reader;
  reader.arrays = {"a", "b"};
  reader.members = {"id", "box", "more"};
  reader.element = [&](const std::string& array, const Json& element) {
    taken.elements.push_back(array + ": " + dump_json(element));
    return Result<void>();
  };
  taken.arrays = read_json_items(text, "x.json", reader);
  return taken;
}

std::string refusal(const std::string& text) {
  const Taken taken = read(text);
  if (taken.arrays) return "";
  EXPECT_EQ(taken.arrays.error().kind, ErrorKind::kInput);
  EXPECT_TRUE(taken.arrays.error().message.starts_with("x.json: ")) << taken.arrays.error().message;
  return taken.arrays.error().message;
}

TEST(JsonItems, GivesWantedMembersOfWantedArrays) {
  const Taken taken = read(R"({
    "info": {"a": [1, 2], "deep": [[[]]]}, "c": [{"id": 9}], "n": null,
    "a": [{"id": 1, "box": [0.5, -2], "left": {"id": 7, "out": [[1, [2]], {}]}, "skip": 4},
          {"more": {"x": [1, {"y": true}]}, "id": 18446744073709551615}, {}],
    "b": [3, "s", [1, [2]], null],
    "a": [{"id": 5}]})");
  ASSERT_TRUE(taken.arrays) << taken.arrays.error().message;
  EXPECT_EQ(*taken.arrays, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(taken.elements,
            (std::vector<std::string>{
                R"(a: {"id":1,"box":[0.5,-2]})",
                R"(a: {"more":{"x":[1,{"y":true}]},"id":18446744073709551615})", "a: {}", "b: 3",
                "b: \"s\"", "b: [1,[2]]", "b: null", R"(a: {"id":5})"}));
}

TEST(JsonItems, NumbersAreTheNearestDoubles) {
  const Taken taken = read(R"({"a":[[0.1,1e-320,123456789.123456789,4.35]]})");
  ASSERT_TRUE(taken.arrays);
  EXPECT_EQ(taken.elements.front(), "a: [0.1,1e-320,123456789.12345679,4.35]");
}

TEST(JsonItems, RefusesWhatIsNoObjectOfArrays) {
  EXPECT_NE(refusal("[1]").find("not an object"), std::string::npos);
  EXPECT_NE(refusal("7").find("not an object"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":{}})").find("a is not an array"), std::string::npos);
  EXPECT_NE(refusal(R"({"b":3})").find("b is not an array"), std::string::npos);
  for (const char* bad : {"", "{", R"({"a":[)", R"({"a":[1,]})", R"({"a":[NaN]})", "{} {}",
                          R"({"a":[1e999]})", "{\"a\":[\"\xff\"]}"})
    EXPECT_NE(refusal(bad).find("not valid JSON"), std::string::npos) << bad;
}

TEST(JsonItems, ElementsAreLimitedButNotWhatIsSkipped) {
  const std::string deep(100'000, '['), deep_end(100'000, ']');
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "1,";
  EXPECT_TRUE(read("{\"a\":[{\"skip\":" + deep + deep_end + "}]}").arrays);
  EXPECT_TRUE(read("{\"a\":[{\"skip\":[" + many + "1]}]}").arrays);
  EXPECT_NE(refusal("{\"a\":[{\"box\":[" + many + "1]}]}").find("1,000 values"), std::string::npos);
  EXPECT_NE(refusal("{\"a\":[" + deep).find("nests too deeply"), std::string::npos);
}

TEST(JsonItems, NumbersOfAnyLengthMakeShortMessages) {
  const std::string digits(1'000'000, '7');
  for (const std::string& bad : {"{\"a\":[" + digits + "x", "{\"a\":[" + digits + "]}"}) {
    const std::string why = refusal(bad);
    EXPECT_NE(why, "");
    EXPECT_LT(why.size(), 1000u);
  }
}

TEST(JsonItems, TheElementsErrorEndsTheReading) {
  int calls = 0;
  JsonItemReader reader{{"a"}, {}, [&](const std::string&, const Json&) -> Result<void> {
                          ++calls;
                          return input_error("enough");
                        }};
  const auto arrays = read_json_items(R"({"a":[1,2,3]})", "x.json", reader);
  ASSERT_FALSE(arrays);
  EXPECT_EQ(arrays.error().message, "enough");
  EXPECT_EQ(calls, 1);
}

TEST(JsonItems, DamagedTextsNeverCrash) {
  const std::string good = R"({"a":[{"id":1,"box":[1,{"x":2}]},[1],2],"c":{"d":[{}]},"b":[{}]})";
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 5000; ++round) {
    std::string text = good;
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits)
      text[random() % text.size()] =
          random() % 2 ? "[]{}:,\"19."[random() % 10] : static_cast<char>(random());
    read(text.substr(0, random() % (text.size() + 1)));
  }
}

}  // namespace
}  // namespace shrike
