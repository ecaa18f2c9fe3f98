// Standard input, output and error as a shell may leave them: closed, on a full disk, a pipe that
// nobody reads any more.
#pragma once

#include "base/result.h"

namespace shrike {

// Call first in main. A stream that is closed is put on something that cannot be written, so that
// no file opened later takes its number and gets what is printed. A pipe whose reader has gone
// ends the process quietly (SIGPIPE), whatever the parent ignores. Writing past a limit on the
// size of files is an error of that write and not the process's end (SIGXFSZ).
void prepare_standard_streams();

// Everything printed so far has been written. Errors: kRuntime, with the system's reason where it
// is still known.
Result<void> flush_output();

}  // namespace shrike
