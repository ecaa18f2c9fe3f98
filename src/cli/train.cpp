// shrike train and shrike distill: start shrike-train, which links LibTorch, as shrike does not.
#include <filesystem>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/train_options.h"
#include "pull/process.h"

namespace shrike {

namespace {

Result<int> start_training(const Words& words) {
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  const std::filesystem::path program = folder / "shrike-train";
  if (error || !std::filesystem::exists(program, error))
    return runtime_error("training is done by the program shrike-train, which is not in " +
                         folder.string() +
                         ": './shrikew train' builds it, as does cmake with -DSHRIKE_TRAIN=ON");
  return become(program, words);
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
