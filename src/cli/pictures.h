// The pictures that the words of a command line mean.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace shrike {

struct PictureList {
  std::vector<std::filesystem::path> paths;
  std::vector<Error> errors;  // words that mean nothing; the other words count all the same
};

// A file is itself, whatever its name. A folder is the pictures in it (not those of folders below,
// no hidden ones), known by the ending of their names, in the order of their names. A word that
// names nothing and has *, ? or [ is expanded as a shell would. A picture named twice is listed
// once.
PictureList find_pictures(const std::vector<std::string>& words);

}  // namespace shrike
