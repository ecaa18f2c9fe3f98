// Which channels leave where milliseconds are what counts: the least important ones of the whole
// network, but for those whose leaving saves too little.
//
// Worth per millisecond alone, the greedy way to a knapsack whose prices change as neighbours lose
// channels (Shen et al. 2022, "Structural Pruning via Latency-Saliency Knapsack", arXiv 2210.06659,
// which learns in between), was worse than the ranking on all that was measured: it empties the
// early, slow layers (docs/decisions/026-pruning.md). So it says only which channels come back.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "prune/select.h"
#include "prune/time_model.h"

namespace shrike {

// Removals along the ranking by importance, and what a table of times says of each.
class TimedSelection {
 public:
  // scores: by channel. `model` is measured.
  TimedSelection(size_t channels, std::span<const ChannelGroup> groups,
                 const std::vector<double>& scores, const SelectOptions& options,
                 const TimeModel& model);

  // What the table says that the network without those channels takes, and the whole one.
  double ms(const std::vector<bool>& removed) const { return model_.ms(gone(removed)); }
  double whole_ms() const;

  struct Cut {
    std::vector<bool> removed;  // by channel
    double ms = 0;              // by the table
    bool least = false;         // no more can leave
  };
  // The first step of the ranking that takes at most `ms` by the table, or its last; then channels
  // come back while the table stays within: those that are worth the most for each millisecond
  // that they take. In a layer that takes as long with 24 channels as with 32 it is all of them.
  Cut cut(double ms) const;

 private:
  std::vector<size_t> gone(const std::vector<bool>& removed) const;  // by group
  void give_back(std::vector<size_t>& gone, double& ms, double limit) const;

  size_t channels_;
  std::span<const ChannelGroup> groups_;
  const std::vector<double>& scores_;
  const SelectOptions& options_;
  const TimeModel& model_;
  const Ranking ranking_;
  std::vector<std::vector<Channel>> orders_;  // by group, the least important first
  std::vector<std::vector<size_t>> counts_;   // by group, how many can leave
};

// How far a network's time may lie from what was wished, as a share of that.
inline constexpr double kNearWish = 0.05;

// The removal whose network takes what is wished by `measure` (milliseconds of the network without
// those channels), or as little less as a few tries find. Each try is where the line through two
// that were measured, the table's times to those of the network, says; where all of them are too
// slow, all that can leave has to show what is possible. What is found is measured again, and where
// that is far from the wish and from what it was, the machine's pace has changed and the search
// begins anew, up to twice. Errors (kUsage): where all that can leave has left it takes more, which
// the message says; those of `measure`.
Result<std::vector<bool>> fit_to_time(
    const TimedSelection& selection, double wish,
    const std::function<Result<double>(const std::vector<bool>& removed)>& measure);

}  // namespace shrike
