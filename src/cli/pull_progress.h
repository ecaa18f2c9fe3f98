// A pull that tells on standard error what it does.
#pragma once

#include "pull/pull.h"

namespace shrike {

// Into the user's cache; `verify` as in PullOptions. An interrupt is an error, and nothing half
// fetched stays but what https downloads go on from.
Result<PulledModel> pull_shown(const ManifestRow& row, bool verify);

}  // namespace shrike
