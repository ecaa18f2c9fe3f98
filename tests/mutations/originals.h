// The sound files that are damaged, and the commands that read them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace shrike::mutations {

struct Original {
  std::filesystem::path file;
  // Behind the program's name; "FILE" stands for the file, or its damaged copy.
  std::vector<std::string> words;
  // The other file of a Darknet model, which an error may name instead: the two do not fit.
  std::filesystem::path partner;
};

inline constexpr size_t kLarge = 2;

// kLarge models that are sound and made to take long, then small models and pictures of every kind,
// written below `folder`; with `shared`, real ones of its models/ and data/ too.
std::vector<Original> originals(const std::filesystem::path& folder,
                                const std::filesystem::path& shared);

}  // namespace shrike::mutations
