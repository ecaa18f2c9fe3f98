// A pull that tells on standard error what it does.
#pragma once

#include "pull/pull.h"

namespace shrike {

// Into the user's cache; `verify` as in PullOptions.
Result<PulledModel> pull_shown(const ManifestRow& row, bool verify);

}  // namespace shrike
