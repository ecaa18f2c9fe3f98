#include "formats/names_literal.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/test_folder.h"

namespace shrike {
namespace {

using Names = std::vector<std::string>;

Names names(std::string_view literal) {
  const Result<Names> parsed = parse_names(literal);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *parsed : Names{};
}

TEST(Names, PythonAndJson) {
  EXPECT_EQ(names("{0: 'person', 1: 'car'}"), (Names{"person", "car"}));
  EXPECT_EQ(names("['person', 'car']"), (Names{"person", "car"}));
  EXPECT_EQ(names("{\"0\": \"person\", \"1\":\"car\"}"), (Names{"person", "car"}));
  EXPECT_EQ(names(" { 1 : 'b' ,\n 0 : 'a' , } "), (Names{"a", "b"}));
  EXPECT_EQ(names("{}"), Names{});
  EXPECT_EQ(names("[]"), Names{});
  EXPECT_EQ(names("['']"), Names{""});
}

TEST(Names, Escapes) {
  EXPECT_EQ(names(R"({0: 'it\'s', 1: "it's", 2: "a\\b", 3: 'tab\there'})"),
            (Names{"it's", "it's", "a\\b", "tab\there"}));
  EXPECT_EQ(names(R"(['\x41', '\u00e9', '\U0001F600', '\n'])"),
            (Names{"A", "\xc3\xa9", "\xf0\x9f\x98\x80", "\n"}));
  EXPECT_EQ(names(R"(["\ud83d\ude00", "\/"])"), (Names{"\xf0\x9f\x98\x80", "/"}));
  EXPECT_EQ(names("['caf\xc3\xa9 {0}, [1]']"), Names{"caf\xc3\xa9 {0}, [1]"});
}

TEST(Names, WrongOnesAreErrors) {
  for (const std::string_view bad : {"",
                                     "person",
                                     "{",
                                     "{0",
                                     "{0:",
                                     "{0: 'a'",
                                     "{0: 'a",
                                     "{0: 'a' 1: 'b'}",
                                     "{0: a}",
                                     "{0: 'a'} x",
                                     "['a'",
                                     "['a' 'b']",
                                     "[1]",
                                     "{1: 'a'}",
                                     "{0: 'a', 0: 'b'}",
                                     "{0: 'a', 2: 'b'}",
                                     "{-1: 'a'}",
                                     "{99999999999999999999: 'a'}",
                                     R"(['\q'])",
                                     R"(['\x4'])",
                                     R"(['\ud83d'])",
                                     R"(['\ude00'])",
                                     R"(['\U00110000'])",
                                     R"(['\u0000'])",
                                     "['a\\",
                                     "(0,)",
                                     "{'a': 'b'}",
                                     "{'0: 'b'}",
                                     "[,]",
                                     "{,}"})
    EXPECT_FALSE(parse_names(bad)) << bad;
  EXPECT_FALSE(parse_names(std::string_view("['a\0b']", 7)));
}

TEST(Names, TooManyAreAnError) {
  std::string list = "[";
  for (size_t i = 0; i <= kMaxClasses; ++i) list += "'',";
  EXPECT_FALSE(parse_names(list + "]"));
}

TEST(Names, WrittenAsPythonWould) {
  const Names odd = {"person", "it's", "say \"hi\"", "both ' and \"", "a\\b", "line\nbreak", ""};
  const std::string text = write_names(odd);
  EXPECT_EQ(text, R"({0: 'person', 1: "it's", 2: 'say "hi"', 3: 'both \' and "', 4: 'a\\b', )"
                  R"(5: 'line\nbreak', 6: ''})");
  EXPECT_EQ(names(text), odd);
  EXPECT_EQ(write_names({}), "{}");
}

TEST(Names, ImageSize) {
  EXPECT_EQ(*parse_image_size("[480, 640]"), (ImageSize{480, 640}));
  EXPECT_EQ(*parse_image_size("(480,640)"), (ImageSize{480, 640}));
  EXPECT_EQ(*parse_image_size(" 640 "), (ImageSize{640, 640}));
  EXPECT_EQ(*parse_image_size("[640]"), (ImageSize{640, 640}));
  EXPECT_EQ(*parse_image_size("(640,)"), (ImageSize{640, 640}));
  EXPECT_EQ(write_image_size({480, 640}), "[480, 640]");
  for (const std::string_view bad : {"", "[]", "[640", "640]", "[1, 2, 3]", "[0, 640]", "-1",
                                     "70000", "640.5", "[640 480]", "a"})
    EXPECT_FALSE(parse_image_size(bad)) << bad;
}

TEST(Names, Stride) {
  EXPECT_EQ(*parse_stride("32"), 32);
  EXPECT_EQ(*parse_stride("[8, 16, 32]"), 32);
  for (const std::string_view bad : {"", "0", "-8", "5000", "x", "[8 16]"})
    EXPECT_FALSE(parse_stride(bad)) << bad;
}

TEST(Names, Files) {
  const TestFolder folder;
  const auto read = [&](std::string_view text) {
    EXPECT_TRUE(write_file(folder / "a.names", text));
    return read_names_file(folder / "a.names");
  };
  EXPECT_EQ(*read("person\ntraffic light\n"), (Names{"person", "traffic light"}));
  EXPECT_EQ(*read("\xEF\xBB\xBFperson\r\ncar\r\n\r\n \n"), (Names{"person", "car"}));
  EXPECT_EQ(*read("last"), Names{"last"});
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("\n\n"));
  EXPECT_FALSE(read(std::string_view("a\0b", 3)));
  const Result<Names> gap = read("person\n\ncar\n");
  ASSERT_FALSE(gap);
  EXPECT_NE(gap.error().message.find("a.names"), std::string::npos);
  EXPECT_NE(gap.error().message.find("line 2"), std::string::npos);
  EXPECT_FALSE(read_names_file(folder / "missing.names"));
}

}  // namespace
}  // namespace shrike
