// The --tune option of every command that runs a network.
#pragma once

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "engine/tuning.h"

namespace shrike {

void add_tune_option(CLI::App& app, bool& tune);

// Errors (kUsage): a limit of memory, which chooses kernels by itself.
Result<void> check_tune(bool tune, int memory_limit);

// Chooses kernels by what they take on this machine. What was measured by earlier runs of this
// build is read from the cache (tuning_file.h), what is missing is measured, said on standard error
// and kept. That nothing can be read or kept is said, and stops nothing. One for all models of a
// command: layers of one kind then get one kernel in each, whether anything is kept or not.
class KernelTuner {
 public:
  // Errors: as tune().
  Result<ChooseConv> choice(const Graph& prepared, kernels::Precision precision);

  // Of a plan with the last choice.
  TuningGain gain(const Plan& plan) const { return tuning_gain(plan, tuning_.times); }

 private:
  Tuning tuning_;
};

}  // namespace shrike
