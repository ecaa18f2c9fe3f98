#include "cli/training_program.h"

#include <cstdlib>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "pull/process.h"

namespace shrike {

namespace {

// A step and the file take seconds.
constexpr std::chrono::seconds kPatience{60};

// How often a thread looks whether the others have come before it sleeps. By itself libgomp does so
// 300,000 times, milliseconds: where other programs want the cores it takes them from the very
// thread that it waits for, and a step takes several times as long.
constexpr const char* kSpins = "GOMP_SPINCOUNT=10000";

// A variable that tells the program that a command started it.
constexpr const char* kPart = "SHRIKE_TRAIN_IS_PART";

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

std::vector<std::string> training_environment() {
  std::vector<std::string> environment;
  const auto unset = [](const char* name) { return !std::getenv(name); };
  // What c10d logs while ranks look for each other is in the error, where it becomes one.
  if (unset("GLOG_minloglevel")) environment.emplace_back("GLOG_minloglevel=3");
  // libgomp, LibTorch's threads, reads these as it is loaded.
  if (unset("OMP_WAIT_POLICY") && unset("GOMP_SPINCOUNT")) environment.emplace_back(kSpins);
  return environment;
}

Result<void> run_training(std::vector<std::string> words) {
  SHRIKE_ASSIGN(const std::filesystem::path program, training_program());
  words.insert(words.begin(), program.string());
  Command command{std::move(words), training_environment()};
  command.environment.push_back(std::string(kPart) + "=1");
  command.shown = true;
  command.patience = kPatience;
  int status = 0;
  const Result<void> ended = run_program(
      command, [] { return interrupted() == 0; }, &status);
  if (ended) return {};
  // What it said of itself was shown.
  if (status != 0)
    return Error{kind_of(status),
                 "training ended with exit code " + std::to_string(status) + ", as said above"};
  return ended.error();
}

bool is_part_of_a_command() { return std::getenv(kPart) != nullptr; }

}  // namespace shrike
