// shrike train and shrike distill: start shrike-train, which links LibTorch, as shrike does not.
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "cli/training_program.h"
#include "pull/process.h"

namespace shrike {

namespace {

Result<int> start_training(const Words& words) {
  SHRIKE_ASSIGN(const std::filesystem::path program, training_program());
  return become(program, words, training_environment());
}

}  // namespace

Result<int> train_command(const Words& words) {
  TrainOptions options;
  SHRIKE_ASSIGN(const Arguments arguments, parse_train_options(words, options));
  if (arguments.help) return kExitOk;
  return start_training(words);
}

Result<int> distill_command(const Words& words) {
  TrainOptions options;
  SHRIKE_ASSIGN(const Arguments arguments, parse_distill_options(words, options));
  if (arguments.help) return kExitOk;
  return start_training(words);
}

}  // namespace shrike
