#include <exception>
#include <new>

#include "base/excerpt.h"
#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"
#include "train_cli/train_program.h"

namespace shrike {

namespace {

int run_shrike_train(const Words& words) {
  const Result<int> result = train_program(words);
  const Result<void> written = flush_output();
  if (!result) {
    say(printable(result.error().message));
    return exit_code(result.error().kind);
  }
  if (!written) {
    say(written.error().message);
    return exit_code(written.error().kind);
  }
  return *result;
}

}  // namespace

}  // namespace shrike

int main(int argc, char** argv) {
  shrike::prepare_standard_streams();
  shrike::check_environment();
  try {
    return shrike::run_shrike_train(shrike::Words(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::bad_alloc&) {
    shrike::say("not enough memory");
  } catch (const std::exception& error) {
    shrike::say(error.what());
  }
  return shrike::kExitRuntime;
}
