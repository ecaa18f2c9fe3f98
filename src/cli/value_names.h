// What an option takes, for ->type_name() where CLI11's INT, FLOAT and TEXT say too little. The
// help shows it, and shells complete by it; TEXT is completed as a file.
#pragma once

#include <string>

namespace shrike {

inline constexpr const char* kFileValue = "FILE";
inline constexpr const char* kFolderValue = "DIR";
inline constexpr const char* kModelValue = "MODEL";  // a name of the manifest, or a file
inline constexpr const char* kNameValue = "NAME";    // a name of the manifest
inline constexpr const char* kSizeValue = "SIZE";    // values.h: parse_size
inline constexpr const char* kBytesValue = "BYTES";  // values.h: parse_bytes
inline constexpr const char* kListValue = "LIST";    // with commas
inline constexpr const char* kSplitValue = "SPLIT";  // of a data set

// "{auto,v8}": one of the rows' names.
template <typename Row, size_t n>
std::string choice_value(const Row (&rows)[n]) {
  std::string text;
  for (const Row& row : rows) text += (text.empty() ? "{" : ",") + std::string(row.name);
  return text + "}";
}

}  // namespace shrike
