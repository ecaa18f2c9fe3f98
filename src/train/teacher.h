// Teacher: a network that another one learns from, in the project's own engine: as fast as
// detection, without autograd, of any kind of file. A picture is one thread's work, so outputs do
// not depend on the number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "augment/batch.h"
#include "base/result.h"
#include "engine/session.h"
#include "ir/graph.h"
#include "ir/ops/head.h"
#include "train/lesson_cache.h"
#include "vision/letterbox.h"

namespace shrike::train {

// What it says of a batch of N pictures.
struct Lesson {
  std::vector<Tensor> maps;      // (N, C, H, W), as ir/ops/head.h orders them
  std::vector<Tensor> features;  // (N, C, H, W), one a scale: head_features.h; none if not wanted
};

class Teacher {
 public:
  // `lifted`: trained_graph() of passes/training_graph.h. `preprocess`: its own divisor and order;
  // the pictures are those of who learns. At least one thread. `features`: whether they are wanted.
  // Errors: those of Session; with features those of head_features().
  static Result<Teacher> create(Graph lifted, const Preprocess& preprocess, int threads,
                                bool features = true);

  const Head& head() const { return head_; }
  const std::vector<int64_t>& feature_channels() const { return channels_; }

  // Pictures that come again are looked up. `folder`, `most_bytes`: LessonCache's.
  void remember(std::filesystem::path folder, size_t most_bytes);

  // Why pictures are looked up no more, once (LessonCache); otherwise empty.
  std::string take_trouble();

  // A batch of any size that the network can be brought to. Not thread-safe. Errors: kModel where
  // it cannot be, or what the network says is in part infinite or no number; those of Session.
  Result<Lesson> look(const Batch& batch);

  // Networks of as many sizes are kept ready, that one of many sizes (multi-scale) does not take
  // memory for each; how many are.
  static constexpr size_t kMostPrepared = 2;
  size_t prepared() const { return prepared_.size(); }

 private:
  struct Prepared {
    int height = 0, width = 0;
    std::vector<Session> streams;
  };
  Teacher() = default;
  Result<std::vector<Session>*> sessions(int height, int width);
  Result<std::vector<Tensor>> look(Session& session, const Batch& batch, size_t picture) const;

  Graph graph_;  // for other sizes
  Head head_;
  std::vector<int64_t> channels_;
  Preprocess preprocess_;
  int threads_ = 1;
  bool features_ = true;
  std::unique_ptr<LessonCache> cache_;  // null: every picture is a new one
  std::vector<Prepared> prepared_;      // for the sizes that were wanted last, the last one last
};

}  // namespace shrike::train
