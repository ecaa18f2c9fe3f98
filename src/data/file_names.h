// File names for pictures that come together in one folder.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace shrike {

// Names whose stems differ, so that label files can be called as the pictures are. A name stays as
// it is where it can: UTF-8 without control characters, blanks at its ends, a dot or byte order
// mark in front, which lists and folders of data sets cannot hold; and of equal stems the second
// becomes NAME_2.
class FileNames {
 public:
  // A new name for every call.
  std::string new_name(const std::filesystem::path& picture);

 private:
  std::set<std::string> stems_;
};

}  // namespace shrike
