// judge() by all ranks of a run: each looks at every R-th picture, the first one scores them all.
#pragma once

#include <optional>

#include "train_cli/judge.h"
#include "train_cli/ranks.h"

namespace shrike {

// The same numbers as judge()'s, but for times; on ranks other than the first nothing but its
// being there counts. Nothing where a signal to one of them ended it for all. Ranks wait for each
// other every few pictures, so that none is at it for long when one is gone. Errors: those of
// judge() and Ranks.
Result<std::optional<Validation>> judge_together(Ranks& ranks, Graph network,
                                                 const Dataset& dataset, int threads);

}  // namespace shrike
