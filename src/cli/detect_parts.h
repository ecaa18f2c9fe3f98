// detect in parts: what is said of each picture lies in files until all is there (part_files.h).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/parts_options.h"
#include "cli/picture_pipeline.h"
#include "formats/json.h"

namespace shrike {

// Looks at what of this process's share no part has yet, and at blocks with a picture that failed.
// Who tells the result then looks at all else that is missing, from the end, beside others that may
// still be at it, and writes the texts to standard output in the order of the pictures; the others
// write how far they are. `same`: what parts must have in common, beside the pictures' names and
// sizes. The exit code: that of inputs where a
// picture failed; that of a signal, which leaves the parts that are finished.
Result<int> detect_in_parts(const PartsOptions& options, Json same,
                            const std::vector<std::filesystem::path>& pictures,
                            const PictureWork& work, bool json);

// An error (kUsage) where the folder, which may be empty, is that of a picture: names of files
// there depend on what is there already, so that a part that is made again would be called
// otherwise.
Result<void> check_holds_none(const std::filesystem::path& folder,
                              const std::vector<std::filesystem::path>& pictures);

}  // namespace shrike
