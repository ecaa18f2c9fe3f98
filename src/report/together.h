// Files that come into a folder together or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace shrike {

// Makes `folder` where it is not there, has `write` put files into an empty folder inside it, and
// moves them into `folder` when all are there, `last` at the end: files of these names are
// replaced, others left alone. After an error `folder` is as it was before: what was moved by then
// is taken back, too. Signals that end the process wait while files are moved. Errors are those of
// `write`, with the names that the files would have had, and kRuntime where a file cannot be moved:
// a folder has its name.
Result<void> write_together(const std::filesystem::path& folder, const std::string& last,
                            const std::function<Result<void>(const std::filesystem::path&)>& write);

}  // namespace shrike
