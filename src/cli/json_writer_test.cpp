#include "cli/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace shrike {
namespace {

TEST(JsonWriter, NestsAndSeparates) {
  JsonWriter json;
  json.begin_object().field("a", 1).key("b").begin_array().value("x").value(true).begin_object();
  json.end_object().end_array().key("c").begin_array().end_array().field("d", 0.1f).end_object();
  EXPECT_EQ(json.text(), R"({"a": 1, "b": ["x", true, {}], "c": [], "d": 0.1})");
}

TEST(JsonWriter, Numbers) {
  JsonWriter json;
  json.begin_array().value(int64_t{-9007199254740993}).value(uint8_t{7}).value(1.0 / 3);
  json.value(std::numeric_limits<double>::quiet_NaN());
  json.value(std::numeric_limits<float>::infinity()).end_array();
  EXPECT_EQ(json.text(), "[-9007199254740993, 7, 0.3333333333333333, null, null]");
}

TEST(JsonWriter, TextIsEscapedAndAlwaysUtf8) {
  EXPECT_EQ(json_quoted("a\"\\\n\t\r\x01\x7f"), R"("a\"\\\n\t\r\u0001\u007f")");
  EXPECT_EQ(json_quoted("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xb6"),
            "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xb6\"");
  const std::string replaced = "\xef\xbf\xbd";
  EXPECT_EQ(json_quoted("\xff"), "\"" + replaced + "\"");
  EXPECT_EQ(json_quoted("a\xc3"), "\"a" + replaced + "\"");
  EXPECT_EQ(json_quoted("\xc0\xaf"), "\"" + replaced + replaced + "\"");               // overlong
  EXPECT_EQ(json_quoted("\xed\xa0\x80"), "\"" + replaced + replaced + replaced + "\"");  // surrogate
  EXPECT_EQ(json_quoted(std::string_view("a\0b", 3)), R"("a\u0000b")");
}

}  // namespace
}  // namespace shrike
