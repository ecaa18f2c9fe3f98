#include "cli/training_program.h"

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "pull/process.h"

namespace shrike {

namespace {

// A step and the file take seconds.
constexpr std::chrono::seconds kPatience{60};

ErrorKind kind_of(int exit_status) {
  for (const ErrorKind kind : {ErrorKind::kUsage, ErrorKind::kInput, ErrorKind::kModel})
    if (exit_code(kind) == exit_status) return kind;
  return ErrorKind::kRuntime;
}

}  // namespace

Result<std::filesystem::path> training_program() {
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  std::filesystem::path program = folder / "shrike-train";
  if (error || !std::filesystem::exists(program, error))
    return runtime_error("training is done by the program shrike-train, which is not in " +
                         folder.string() +
                         ": './shrikew train' builds it, as does cmake with -DSHRIKE_TRAIN=ON");
  return program;
}

Result<void> run_training(std::vector<std::string> words) {
  SHRIKE_ASSIGN(const std::filesystem::path program, training_program());
  words.insert(words.begin(), program.string());
  Command command{std::move(words), {}};
  command.shown = true;
  command.patience = kPatience;
  int status = 0;
  const Result<void> ended = run_program(
      command, [] { return interrupted() == 0; }, &status);
  if (ended) return {};
  return Error{kind_of(status), ended.error().message};
}

}  // namespace shrike
