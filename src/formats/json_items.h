// JSON files too large to be held: an object of long arrays, read one element at a time.
//
// COCO's annotation files are such: of one of 450 MB a single annotation is in memory at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json.h"

namespace shrike {

struct JsonItemReader {
  // Members of the top object whose arrays' elements are wanted, and members of such elements that
  // are: all else is skipped, however large it is.
  std::vector<std::string> arrays, members;
  // Called for every element of the arrays, in the order of the text. An error ends the reading.
  std::function<Result<void>(const std::string& array, const Json& element)> element;
};

// Which of `arrays` were there. Errors (kInput) name `source`: text that is not valid JSON, not an
// object at the top, a wanted array that is none, an element whose wanted members nest deeper than
// 32 or hold more than 1,000 values, and what `element` gives.
Result<std::vector<std::string>> read_json_items(std::string_view text, const std::string& source,
                                                 const JsonItemReader& reader);

}  // namespace shrike
