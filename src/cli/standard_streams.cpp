#include "cli/standard_streams.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"

namespace shrike {

void prepare_standard_streams() {
  // open() takes the lowest free number. The root folder is always there, and no write to it
  // succeeds.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0) (void)::open("/", O_RDONLY);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_IGN);
}

Result<void> flush_output() {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  const int error = errno;
  if (flushed && !std::ferror(stdout)) return {};
  return runtime_error("cannot write to standard output" +
                       (flushed || error == 0 ? std::string() : ": " + errno_text(error)));
}

}  // namespace shrike
