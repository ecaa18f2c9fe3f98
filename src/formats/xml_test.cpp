#include "formats/xml.h"

#include <gtest/gtest.h>

#include <random>

namespace shrike {
namespace {

std::string refusal(const std::string& text) {
  const auto parsed = parse_xml(text, "a.xml");
  if (parsed) return "";
  EXPECT_EQ(parsed.error().kind, ErrorKind::kInput);
  EXPECT_TRUE(parsed.error().message.starts_with("a.xml")) << parsed.error().message;
  return parsed.error().message;
}

TEST(Xml, ElementsAndTheirText) {
  const auto root = parse_xml(
      "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"
      "<annotation verified=\"yes\">\n"
      "  <!-- a note --><name> caf\xE9 &amp; <![CDATA[<bar>]]> </name>\n"
      "  <object><name>dog</name></object>\n"
      "  <object/>\n"
      "</annotation>\n",
      "a.xml");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ(root->name, "annotation");
  EXPECT_EQ(root->text, "");
  ASSERT_EQ(root->children.size(), 3u);
  EXPECT_EQ(root->find("name")->text, "caf\xC3\xA9 & <bar>");
  EXPECT_EQ(root->find("object")->find("name")->text, "dog");
  EXPECT_EQ(root->find("object")->line, 4);
  EXPECT_EQ(root->children[2].line, 5);
  EXPECT_EQ(root->find("size"), nullptr);
}

TEST(Xml, RefusesDocumentTypesDepthAndSize) {
  EXPECT_NE(refusal("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>").find("DOCTYPE"),
            std::string::npos);
  EXPECT_NE(refusal("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>").find("DOCTYPE"),
            std::string::npos);
  std::string deep, wide = "<a>";
  for (int i = 0; i < 33; ++i) deep += "<a>";
  EXPECT_NE(refusal(deep).find("32 levels"), std::string::npos);
  for (int i = 0; i < 100'000; ++i) wide += "<b/>";
  EXPECT_NE(refusal(wide).find("100,000 elements"), std::string::npos);
  EXPECT_NE(refusal(std::string(kMaxXmlBytes + 1, ' ')).find("larger"), std::string::npos);
  for (const char* bad : {"", "<a>", "<a></b>", "text", "<a/><b/>", "<a>&x;</a>", "<a>\xff</a>"})
    EXPECT_NE(refusal(bad).find("not valid XML"), std::string::npos) << bad;
}

TEST(Xml, DamagedTextsNeverCrash) {
  const std::string good =
      "<annotation><size><width>3</width></size><object><name>a</name><!-- c --></object>"
      "</annotation>";
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    std::string text = good;
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits)
      text[random() % text.size()] =
          random() % 2 ? "<>/&![]-\"="[random() % 10] : static_cast<char>(random());
    parse_xml(text.substr(0, random() % (text.size() + 1)), "a.xml").ok();
  }
}

}  // namespace
}  // namespace shrike
