// Pictures as a data set's settings name them: folders, patterns, list files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shrike {

// The pictures in a folder and the folders below it, known by the ending of their names, sorted;
// hidden ones left out. A folder that links lead to twice is looked at once.
Result<std::vector<std::filesystem::path>> pictures_below(const std::filesystem::path& folder);

// Those of the folder alone.
Result<std::vector<std::filesystem::path>> pictures_in(const std::filesystem::path& folder);

// The pictures that `entry` (relative to `base`, or absolute) means: a picture; a folder; a list
// file of one picture a line, where "./x" is relative to the list's own folder, and "x" to that or,
// where it is not there, to `base`; or a pattern of these; what it matches is no list where any of
// it is a picture or a folder. What a list names need not exist. Lists that are read go behind
// `lists`.
Result<std::vector<std::filesystem::path>> list_pictures(const std::filesystem::path& base,
                                                         const std::string& entry,
                                                         std::vector<std::filesystem::path>& lists);

// Whether a name in a folder leads elsewhere. Names come from files that may be anybody's, and what
// is read there may be copied on.
bool leads_out(const std::filesystem::path& name);

// The non-empty lines of a text, without white space at their ends and a byte-order mark.
std::vector<std::string_view> lines_of(std::string_view text);

// The regular files in a folder whose names end in `ending`, sorted; none where it cannot be read.
std::vector<std::filesystem::path> files_ending(const std::filesystem::path& folder,
                                                std::string_view ending);

}  // namespace shrike
