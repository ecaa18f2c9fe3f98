#include "formats/yaml.h"

#include <gtest/gtest.h>

#include <random>

namespace shrike {
namespace {

std::string refusal(const std::string& text) {
  const auto parsed = parse_yaml(text, "d.yaml");
  if (parsed) return "";
  EXPECT_EQ(parsed.error().kind, ErrorKind::kInput);
  EXPECT_TRUE(parsed.error().message.starts_with("d.yaml")) << parsed.error().message;
  EXPECT_EQ(parsed.error().message.find('\n'), std::string::npos);
  return parsed.error().message;
}

TEST(Yaml, MapsListsAndScalars) {
  const auto root = parse_yaml(
      "# a data set\r\n"
      "path: ../x  # comment\r\n"
      "train: [a, 'b c', \"d\\te\"]\r\n"
      "val:\r\n"
      "names:\r\n"
      "  0: person\r\n"
      "  1: \"no\"\r\n"
      "nc: 2\r\n",
      "d.yaml");
  ASSERT_TRUE(root) << root.error().message;
  ASSERT_EQ(root->kind, YamlNode::Kind::kMap);
  EXPECT_EQ(root->find("path")->scalar, "../x");
  EXPECT_EQ(root->find("path")->line, 2);
  const YamlNode& train = *root->find("train");
  ASSERT_EQ(train.kind, YamlNode::Kind::kList);
  ASSERT_EQ(train.items.size(), 3u);
  EXPECT_EQ(train.items[1].scalar, "b c");
  EXPECT_EQ(train.items[2].scalar, "d\te");
  EXPECT_EQ(root->find("val")->kind, YamlNode::Kind::kNull);
  const YamlNode& names = *root->find("names");
  EXPECT_EQ(names.keys, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(names.items[1].scalar, "no");
  EXPECT_EQ(names.items[1].line, 7);
  EXPECT_EQ(root->find("nc")->scalar, "2");
  EXPECT_EQ(root->find("test"), nullptr);
  EXPECT_EQ(train.find("a"), nullptr);
}

TEST(Yaml, EmptyTextIsNull) {
  for (const char* text : {"", "\n\n", "# nothing\n", "---\n"}) {
    const auto root = parse_yaml(text, "d.yaml");
    ASSERT_TRUE(root) << root.error().message;
    EXPECT_EQ(root->kind, YamlNode::Kind::kNull);
  }
}

TEST(Yaml, RefusesWhatSettingsDoNotNeed) {
  EXPECT_NE(refusal("a: &x 1\nb: *x\n").find("d.yaml:1: anchors"), std::string::npos);
  EXPECT_NE(refusal("a: &x {b: 1}\n").find("anchors"), std::string::npos);
  EXPECT_NE(refusal("a: &x [1]\n").find("anchors"), std::string::npos);
  EXPECT_NE(refusal("&x a: 1\n").find("anchors"), std::string::npos);
  EXPECT_NE(refusal("a: 1\n<<: {b: 1}\n").find("d.yaml:2: merge keys"), std::string::npos);
  EXPECT_NE(refusal("a: !!python/object:os.system x\n").find("tags"), std::string::npos);
  EXPECT_NE(refusal("a: !!binary aGk=\n").find("tags"), std::string::npos);
  EXPECT_NE(refusal("? [a, b]\n: c\n").find("no plain text"), std::string::npos);
  EXPECT_NE(refusal("a: 1\na: 2\n").find("d.yaml:2: the key a"), std::string::npos);
  EXPECT_NE(refusal("a: 1\n---\nb: 2\n").find("more than one"), std::string::npos);
  EXPECT_NE(refusal("a: \xff\n").find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal(std::string("a: \0b\n", 6)).find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal(std::string(kMaxYamlBytes + 1, '#')).find("larger"), std::string::npos);
  for (const char* bad : {"a: b: c\n", "a: 'x", "a:\n\t- b\n", "a: %x\n"})
    EXPECT_NE(refusal(bad).find("d.yaml:"), std::string::npos) << bad;
  for (const char* bad : {"a: [1\n", "{", "[1,", "- a\nb: c\n"}) EXPECT_NE(refusal(bad), "") << bad;
}

std::string repeated(const std::string& piece, size_t bytes) {
  std::string text;
  while (text.size() + piece.size() <= bytes) text += piece;
  return text;
}

TEST(Yaml, DepthAndNumberOfValuesAreLimited) {
  EXPECT_TRUE(parse_yaml(std::string(32, '[') + std::string(32, ']'), "d.yaml"));
  EXPECT_NE(refusal(std::string(33, '[') + std::string(33, ']')).find("32 levels"),
            std::string::npos);
  EXPECT_NE(refusal(repeated("- a\n", kMaxYamlBytes)).find("100,000 values"), std::string::npos);
}

// Each of a megabyte: an answer must come soon, and not from a full stack.
TEST(Yaml, HostileTextsOfTheLargestSizeEnd) {
  for (const char* piece : {"[",    "{",   "- ",  "? ", "a: ",        "[a,",       "{a: ",
                            "*a ",  "&a ", "!a ", "'",  "\"",         "\"\\u0041", "|\n ",
                            "a:\n", "#",   " ",   "\n", "%TAG ! x\n", "---\n",     "a: b\n"}) {
    const Result<YamlNode> parsed = parse_yaml(repeated(piece, kMaxYamlBytes), "d.yaml");
    EXPECT_TRUE(parsed || parsed.error().message.size() < 1000);
  }
  const std::string key(100'000, 'k');
  EXPECT_LT(refusal(key + ": 1\n" + key + ": 2\n").size(), 1000u);
}

// Whatever the bytes, there is an answer.
TEST(Yaml, DamagedTextsNeverCrash) {
  const std::string good =
      "path: .\ntrain: [images/a, 'images/b']\nnames:\n  0: \"a\"\n  1: b\nx: {y: [z, ~]}\n";
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string special = "[]{}:,-?&*!|>'\"%@`#\n\t \\<~";
  for (int round = 0; round < 3000; ++round) {
    std::string text = good;
    for (int edits = 1 + static_cast<int>(random() % 4); edits > 0; --edits)
      text[random() % text.size()] =
          random() % 2 ? special[random() % special.size()] : static_cast<char>(random());
    parse_yaml(text.substr(0, random() % (text.size() + 1)), "d.yaml").ok();
  }
}

}  // namespace
}  // namespace shrike
