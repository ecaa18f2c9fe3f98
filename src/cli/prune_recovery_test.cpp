#include "cli/prune_recovery.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shrike {
namespace {

// What follows --nbs, as often as it is there.
std::vector<std::string> pictures_an_update(const std::vector<std::string>& train) {
  RecoveryOptions options;
  options.epochs = 2;
  options.train = train;
  const std::vector<std::string> words = training_words(options, 1);
  std::vector<std::string> found;
  for (size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == "--nbs") found.push_back(words[i + 1]);
  return found;
}

TEST(PruneRecovery, LearnsInUpdatesOfFewPicturesUnlessTold) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(pictures_an_update({"--batch", "8"}), Words{"16"});
  EXPECT_EQ(pictures_an_update({"--nbs", "8"}), Words{"8"});
  EXPECT_EQ(pictures_an_update({"--nbs=8"}), Words{});
  EXPECT_EQ(pictures_an_update({"nbs=8"}), Words{});
}

}  // namespace
}  // namespace shrike
