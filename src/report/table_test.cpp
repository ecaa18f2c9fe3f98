#include "report/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/base64.h"
#include "report/number.h"

namespace shrike {
namespace {

const double kNan = std::nan("");
const double kInf = std::numeric_limits<double>::infinity();

// RFC 4180, read by a second implementation.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      rows.back().back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      rows.back().push_back("");
    } else if (!quoted && c == '\r') {
      EXPECT_EQ(text[++i], '\n');
      rows.push_back({""});
    } else {
      rows.back().back() += c;
    }
  }
  EXPECT_FALSE(quoted);
  EXPECT_EQ(rows.back(), std::vector<std::string>{""}) << "the last line ends, too";
  rows.pop_back();
  return rows;
}

TEST(Csv, HostileTextComesBackByteForByte) {
  const std::vector<std::string> names = {
      "plain",    "",    "a,b", "say \"hi\"",           "\"", "two\nlines", "\n\r\n", "<b>&amp;'x'",
      "\xFF\xC0", "1=1", " a ", std::string("nul\0", 4)};
  Table table{{{"na,me"}, {"value", true}}, {}};
  for (const std::string& name : names) table.rows.push_back({name, Number{0.1}});
  const auto rows = parse_csv(to_csv(table));
  ASSERT_EQ(rows.size(), names.size() + 1);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"na,me", "value"}));
  for (size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(rows[i + 1], (std::vector<std::string>{names[i], "0.1"}));
}

TEST(Csv, WhatASpreadsheetWouldRunIsText) {
  Table table{{{"=HYPERLINK(\"http://x\")"}, {"value", true}}, {}};
  for (const char* name : {"=1+1", "+1", "-1", "@x", "\tx", "\rx"})
    table.rows.push_back({name, Number{-0.5}});
  const auto rows = parse_csv(to_csv(table));
  EXPECT_EQ(rows[0][0], "'=HYPERLINK(\"http://x\")");
  for (size_t i = 1; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i][0], "'" + *std::get_if<std::string>(&table.rows[i - 1][0]));
    EXPECT_EQ(rows[i][1], "-0.5");
  }
}

TEST(Csv, NumbersReadBackAsTheSameDoubles) {
  const std::vector<double> values = {0,      -0.0,  1.0 / 3,           0.1 + 0.2, 1e22,
                                      5e-324, 1e300, 123456789012345.6, -2.5,      36335};
  Table table{{{"v", true}}, {}};
  for (const double value : values) table.rows.push_back({Number{value}});
  const auto rows = parse_csv(to_csv(table));
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(std::strtod(rows[i + 1][0].c_str(), nullptr), values[i]) << rows[i + 1][0];
}

TEST(Csv, WhatIsNoNumberIsEmpty) {
  const Table table{{{"a"}, {"b"}, {"c"}}, {{Number{}, Number{kNan}, Number{-kInf}}}};
  EXPECT_EQ(to_csv(table), "a,b,c\r\n,,\r\n");
  EXPECT_EQ(to_csv({{{"a"}}, {}}), "a\r\n");
}

TEST(NumberText, RoundsAndHasAPoint) {
  EXPECT_EQ(fixed(0.5125, 3), "0.512");
  EXPECT_EQ(fixed(2.0 / 3, 2), "0.67");
  EXPECT_EQ(fixed(1234567, 0), "1234567");
  EXPECT_EQ(fixed(-0.0004, 3), "0.000");
  EXPECT_EQ(fixed(-0.0, 0), "0");
  EXPECT_EQ(fixed(-0.0006, 3), "-0.001");
  EXPECT_EQ(fixed({}, 3), "-");
  EXPECT_EQ(fixed(kNan, 3), "-");
  EXPECT_EQ(fixed(-kInf, 3), "-");
  EXPECT_EQ(fixed(std::numeric_limits<double>::max(), 17).size(), 309 + 1 + 17);
  EXPECT_EQ(signed_fixed(0.012, 3), "+0.012");
  EXPECT_EQ(signed_fixed(-0.012, 3), "-0.012");
  EXPECT_EQ(signed_fixed(kNan, 3), "-");
}

TEST(NumberText, GroupsThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(12345678), "12,345,678");
}

TEST(Base64, IsThatOfTheRfc) {
  const auto of = [](const std::string& text) {
    return base64(std::as_bytes(std::span(text.data(), text.size())));
  };
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("f"), "Zg==");
  EXPECT_EQ(of("fo"), "Zm8=");
  EXPECT_EQ(of("foo"), "Zm9v");
  EXPECT_EQ(of("foob"), "Zm9vYg==");
  EXPECT_EQ(of("\xFF\xFE\xFD\xFC"), "//79/A==");
}

}  // namespace
}  // namespace shrike
