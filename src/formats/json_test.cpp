#include "formats/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace shrike {
namespace {

TEST(Json, FloatsAreShort) {
  EXPECT_EQ(dump_json(json_number(0.83f)), "0.83");
  EXPECT_EQ(dump_json(json_number(-1e-20f)), "-1e-20");
  EXPECT_EQ(dump_json(json_number(0.0f)), "0.0");
  EXPECT_EQ(dump_json(json_number(16777216.0f)), "16777216.0");
  for (const float value : {0.1f, 1.0f / 3, 3.4028235e38f, 1.17549435e-38f, 1e-45f})
    EXPECT_EQ(json_number(value).get<float>(), value);
  EXPECT_EQ(dump_json(json_number(NAN)), "null");
  EXPECT_EQ(dump_json(json_number(std::numeric_limits<float>::infinity())), "null");
}

TEST(Json, KeysKeepTheirOrder) {
  Json object;
  object["image"] = "b";
  object["area"] = 1;
  EXPECT_EQ(dump_json(object), R"({"image":"b","area":1})");
  EXPECT_EQ(dump_json(object, 2), "{\n  \"image\": \"b\",\n  \"area\": 1\n}");
}

TEST(Json, FileNamesOfAnyBytes) {
  EXPECT_EQ(dump_json(Json("a\xff\n.jpg")), "\"a\xef\xbf\xbd\\n.jpg\"");
}

TEST(Json, ParsesOrNamesTheSource) {
  const Result<Json> good = parse_json(R"({"a":[1,2.5,"x"]})", "a.json");
  ASSERT_TRUE(good);
  EXPECT_EQ((*good)["a"][1], 2.5);
  for (const std::string bad : {"", "{", "{\"a\":}", "[1,]", "nul", "1 2", "\"a"}) {
    const Result<Json> parsed = parse_json(bad, "a.json", ErrorKind::kModel);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kModel);
    EXPECT_TRUE(parsed.error().message.starts_with("a.json")) << parsed.error().message;
  }
}

TEST(Json, WhereATextIsNoJsonIsSaidInWordsOfOurOwn) {
  const auto fault = [](std::string_view text) {
    const Result<Json> parsed = parse_json(text, "a.json");
    return parsed ? std::string() : parsed.error().message;
  };
  EXPECT_EQ(fault(""), "a.json: not valid JSON: it is empty");
  EXPECT_EQ(fault("{"), "a.json: not valid JSON: it ends too early, in line 1");
  EXPECT_EQ(fault("{\n \"a\": 1,\n"), "a.json: not valid JSON: it ends too early, in line 3");
  EXPECT_EQ(fault("{\n \"a\": x\n}"), "a.json: not valid JSON: at byte 7 of line 2");
  EXPECT_EQ(fault("x"), "a.json: not valid JSON: at byte 1 of line 1");
  EXPECT_EQ(fault("{\"a\": \"b\n\"}"), "a.json: not valid JSON: at byte 9 of line 1");
  EXPECT_EQ(fault("{}\n}"), "a.json: not valid JSON: at byte 1 of line 2");
  EXPECT_EQ(fault("[1,\n1e999]"),
            "a.json: not valid JSON: too large a number, up to byte 5 of line 2");
}

TEST(Json, DeepNestingIsRefused) {
  EXPECT_TRUE(parse_json(std::string(128, '[') + std::string(128, ']'), "a"));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '['), "a"));
  EXPECT_TRUE(parse_json("\"" + std::string(200, '[') + "\"", "a"));
}

TEST(Json, NumbersOfAnyLengthMakeShortMessages) {
  const std::string digits(1'000'000, '7');
  for (const std::string& bad : {"{\"a\":" + digits + "}", "\"" + digits, digits + "x"}) {
    const Result<Json> parsed = parse_json(bad, "a.json");
    ASSERT_FALSE(parsed);
    EXPECT_LT(parsed.error().message.size(), 1000u);
  }
}

}  // namespace
}  // namespace shrike
