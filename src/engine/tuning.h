// Tuning: convolution kernels chosen by what they take on this machine, not by estimate.
//
// Whole runs of the network are timed, each with other kernels, so that a kernel finds the caches
// as the layer before left them. That is done on one thread, whatever the session has, and the
// times decide alone: the same times give the same plan, so that results are bit-equal for any
// number of threads, as without tuning. They are not those of an untuned plan to the last bit.
//
// What a problem does not allow (rounding, memory) is not chosen, however fast.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "engine/conv_choice.h"
#include "ir/graph.h"
#include "kernels/precision.h"

namespace shrike {

// kernel's name -> milliseconds of one picture
using TimesOfKernels = std::map<std::string, double, std::less<>>;
// kernels::problem_text -> what its kernels take
using KernelTimes = std::map<std::string, TimesOfKernels, std::less<>>;

struct Tuning {
  // Known from before; what is measured joins it.
  KernelTimes times;
  kernels::Precision precision = kernels::Precision::kFp32;  // of the session to be
  // What measuring may take, with one run to spare. At least the estimated choices are measured,
  // twice; what is left is missing at the next call.
  double seconds = 60;
  // Called before each run of the network, with the number of those that will be made.
  std::function<void(int done, int total)> on_progress = nullptr;
  // Whether anything was measured: then `times` is worth keeping.
  bool measured = false;
};

// Measures the kernels of the graph's convolutions that tuning.times does not know, for a session
// with choose_by_times(tuning.times). A kernel that cannot be run here stays unmeasured. Errors:
// those of planning the graph.
Result<void> tune(const Graph& prepared, Tuning& tuning);

// The fastest known kernel that is allowed; the estimated choice where it is not known or not
// slower by more than what measurements differ by.
ChooseConv choose_by_times(KernelTimes times);

// What the estimates are worth on the convolutions of a plan whose kernels' times are known.
struct TuningGain {
  int layers = 0;           // of which they are known
  int changed = 0;          // of these, those that another kernel than the estimated one computes
  double estimated_ms = 0;  // sums over these layers, of one picture
  double tuned_ms = 0;
};
TuningGain tuning_gain(const Plan& plan, const KernelTimes& times);

}  // namespace shrike
