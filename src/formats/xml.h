// XML as annotation files have it: elements and their text. expat stops here.
//
// Attributes, comments and processing instructions are skipped. Refused: text over 4 MB, more than
// 32 levels or 100,000 elements, and a document type (what entities expand to can be gigabytes,
// or another file). https://www.w3.org/TR/xml
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shrike {

inline constexpr size_t kMaxXmlBytes = 4'000'000;

struct XmlElement {
  std::string name;
  std::string text;  // its own, without that of its children, without white space at the ends
  int line = 0;      // from 1
  std::vector<XmlElement> children;

  // The first child of that name; null where there is none.
  const XmlElement* find(std::string_view child) const;
};

// The root element. Errors (kInput) name `source` and the line.
Result<XmlElement> parse_xml(std::string_view text, const std::string& source);

}  // namespace shrike
