// Pictures that are there twice, under whatever names.
#pragma once

#include <filesystem>
#include <vector>

namespace shrike {

// Of each of `pictures` whether one of `others` has the same bytes. Files are read where their size
// alone does not tell, in pieces, and whole only where a few bytes of their middle do not tell
// either. What cannot be read is no copy of anything.
std::vector<bool> copies_of(const std::vector<std::filesystem::path>& pictures,
                            const std::vector<std::filesystem::path>& others);

}  // namespace shrike
