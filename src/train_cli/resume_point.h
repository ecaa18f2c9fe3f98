// What a run goes on from: its newest checkpoint, on all ranks, of which the first alone has the
// folder.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "checkpoint/checkpoint.h"
#include "formats/json.h"
#include "train_cli/ranks.h"
#include "train_cli/run_folder.h"

namespace shrike {

struct ResumePoint {
  // Behind the first rank its tensors are those of its network alone (network_state.h), and what
  // learns is zero there: Trainer::take_from_first() brings that.
  Checkpoint checkpoint;
  std::string source;  // its file, for messages
};

// Nothing where none was written yet. `arguments`: args.json's. Errors: kInput where none is whole
// and the run has begun, so that nothing is begun anew over its results, where it is that of another
// run, and those of check_same_options(); kModel where it is that of another network.
Result<std::optional<ResumePoint>> resume_point(const RunFolder& folder, const Json& arguments,
                                                Ranks& ranks);

}  // namespace shrike
