#include <cstdio>
#include <exception>
#include <new>

#include "base/code_pages.h"
#include "base/excerpt.h"
#include "base/process_memory.h"
#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/nearest.h"
#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace shrike {

namespace {

void print_overview(std::FILE* to) {
  std::fputs("Shrike finds objects in pictures with YOLO models.\n\nUsage: shrike COMMAND ...\n\n",
             to);
  for (const CommandRow& command : kCommands)
    std::fprintf(to, "  %-11s %s\n", command.name.data(), command.about.data());
  std::fputs("\nshrike COMMAND --help tells more.\n", to);
}

Result<int> run_named_command(const Words& words) {
  const std::string& name = words.front();
  if (name == "help" || name == "--help" || name == "-h") {
    print_overview(stdout);
    return kExitOk;
  }
  if (name == "--version" || name == "-V") return version_command({});
  std::vector<std::string> names;
  for (const CommandRow& command : kCommands) {
    if (command.name == name) return command.run(Words(words.begin() + 1, words.end()));
    names.emplace_back(command.name);
  }
  return usage_error("unknown command " + name + suggestion(name, names));
}

int run_shrike(const Words& words) {
  if (words.empty()) {
    print_overview(stderr);
    return kExitUsage;
  }
  const Result<int> result = run_named_command(words);
  // A full disk behind standard output may only show here.
  const Result<void> written = flush_output();
  if (!result) {
    say(printable(result.error().message));
    return interrupted() != 0 ? exit_code_of_signal(interrupted()) : exit_code(result.error().kind);
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
  shrike::code_is_as_in_files();
  shrike::process_is_our_own();
  shrike::prepare_standard_streams();
  shrike::check_environment();
  const std::string command = argc > 1 ? argv[1] : "";
  try {
    return shrike::run_shrike(shrike::Words(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::bad_alloc&) {
    shrike::say(shrike::printable(command) + ": not enough memory");
  } catch (const std::exception& error) {
    shrike::say(error.what());
  }
  return shrike::kExitRuntime;
}
