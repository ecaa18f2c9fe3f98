// Losses and times of an epoch so far.
#pragma once

#include <cstdint>
#include <vector>

namespace shrike {

struct EpochSums {
  std::vector<double> losses;
  int64_t batches = 0, pictures = 0;
  double seconds = 0, waited = 0;

  // Of one batch. `took`: with what was `waiting` for its pictures.
  void add(const std::vector<double>& parts, int64_t count, double took, double waiting) {
    losses.resize(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) losses[i] += parts[i];
    ++batches;
    pictures += count;
    seconds += took;
    waited += waiting;
  }

  // Over the batches.
  std::vector<double> mean_losses() const {
    std::vector<double> means = losses;
    for (double& mean : means) mean /= static_cast<double>(batches > 0 ? batches : 1);
    return means;
  }
  double images_per_second() const {
    return seconds > 0 ? static_cast<double>(pictures) / seconds : 0;
  }
  double waited_share() const { return seconds > 0 ? waited / seconds : 0; }
};

}  // namespace shrike
