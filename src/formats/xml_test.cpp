#include "formats/xml.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
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

// Nothing is thrown through expat's frames, wherever memory runs out.
TEST(Xml, TooLittleMemory) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer needs the address space";
#endif
  std::string text = "<a>";
  for (int i = 0; i < 90'000; ++i) text += "<b>x</b>";
  text += "</a>";
  int refused = 0, done = 0;
  for (size_t spare = 0; spare < size_t{32} << 20; spare += 1'000'000) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::mallopt(M_MMAP_THRESHOLD, 1 << 16);  // what earlier tests gave back does not count
      long pages = 0;
      std::ifstream("/proc/self/statm") >> pages;
      const rlim_t most = static_cast<rlim_t>(pages * ::sysconf(_SC_PAGESIZE)) + spare;
      const rlimit limit{most, most};
      ::setrlimit(RLIMIT_AS, &limit);
      const auto parsed = parse_xml(text, "a.xml");
      ::_exit(static_cast<int>(parsed ? ErrorKind::kUsage : parsed.error().kind));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status)) << "with " << spare << " bytes";
    const auto kind = static_cast<ErrorKind>(WEXITSTATUS(status));
    ASSERT_TRUE(kind == ErrorKind::kUsage || kind == ErrorKind::kRuntime) << spare;
    ++(kind == ErrorKind::kRuntime ? refused : done);
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(done, 0);
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
