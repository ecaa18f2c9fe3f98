// Which cached files were found to be whole, so that not every use has to read them through.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "pull/manifest.h"

namespace shrike {

// Whether every file of the row is in `folder` with the manifest's size and digest. Digests are
// computed where `again`, or where a file is another than when they last were: `memory`, a small
// file, keeps size, inode and the times of the last change to bytes and entry (mtime, ctime) of
// those that were right. Where it cannot be written they are computed each time.
bool are_whole(const ManifestRow& row, const std::filesystem::path& folder,
               const std::filesystem::path& memory, bool again);

}  // namespace shrike
