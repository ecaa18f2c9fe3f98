// --nproc: a launcher of ranks on this host.
#pragma once

#include "base/result.h"
#include "cli/commands.h"

namespace shrike {

// Starts this program `count` times with the same words, as ranks of one run that
// meet at a free port of this host, and waits until all have ended. What the first one says goes to
// standard output, all errors to standard error. A signal to end is handed on to them. Where one
// ends with an error, the others have a minute to notice.
// The exit code: of the first that ended with another than 0; of one that a signal ended 128 plus
// its number. Errors: kUsage where this process
// already is a rank; kRuntime where one cannot be started.
Result<int> local_ranks(int count, const Words& words);

// Whether this process is such a rank: its own --nproc has been seen to.
bool is_local_rank();

}  // namespace shrike
