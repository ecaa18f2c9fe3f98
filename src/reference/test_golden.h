// The cases of golden/cases.txt, each a graph in the text form with one node.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"

namespace shrike::reference_test {

inline std::vector<std::string> golden_cases() {
  const Result<std::string> text =
      read_text(SHRIKE_REFERENCE_GOLDEN "/cases.txt", ErrorKind::kInput);
  EXPECT_TRUE(text) << text.error().message;
  std::vector<std::string> cases;
  for (size_t at = 0; text && at < text->size();) {
    const size_t next = std::min(text->find("\ngraph ", at), text->size() - 1) + 1;
    cases.push_back(text->substr(at, next - at));
    at = next;
  }
  return cases;
}

}  // namespace shrike::reference_test
