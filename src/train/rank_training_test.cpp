// Training over ranks against one process with the same pictures: losses, batch norms, gradients in
// buckets, updates.
#include "train/gradient_buckets.h"

#include <numeric>

#include "train/group_testing.h"
#include "train/objective.h"
#include "train/rank_networks.h"
#include "train/trainer.h"
#include "zoo/scratch.h"

namespace shrike::train {
namespace {

using namespace testing;

constexpr int64_t kPictures = 16;
constexpr int kSteps = 20;

struct Share {
  int64_t first, end;  // pictures
};

Share share_of(const ProcessGroup& group) {
  return {kPictures * group.rank() / group.size(), kPictures * (group.rank() + 1) / group.size()};
}

// What the program takes where nobody says anything, for a run of five epochs of four batches: twelve
// of them are warm-up, and an update is made of one batch at first and of four later.
ScheduleOptions default_schedule() {
  ScheduleOptions schedule;
  schedule.epochs = 5;
  schedule.batches = 4;
  schedule.batch = kPictures;
  schedule.rate = 0.001667;
  schedule.momentum = schedule.warmup_momentum = 0.9;
  schedule.warmup_bias_rate = 0;
  return schedule;
}

// Training in doubles: gradient descent with momentum, or with a schedule AdamW as Trainer has it.
class Descent {
 public:
  Descent(const TrainingGraph& network, ProcessGroup* group,
          const std::optional<ScheduleOptions>& schedule = std::nullopt)
      : parameters_(*Parameters::of(network.graph)->converted(at::kDouble)), schedule_(schedule) {
    if (group) options_.sum_over_ranks = [group](const at::Tensor& x) { return group->summed(x); };
    int64_t size = 0;
    for (const Parameter& p : parameters_.all())
      if (learns(p.role)) size += p.tensor.numel();
    gradients_ = at::zeros({size}, at::kDouble);
    std::vector<GradientBuckets::Part> parts;
    int64_t at = 0;
    for (Parameter& p : parameters_.all()) {
      if (!learns(p.role)) continue;
      const int64_t end = at + p.tensor.numel();
      p.tensor.mutable_grad() = gradients_.slice(0, at, end).view(p.tensor.sizes());
      momentum_.push_back(at::zeros_like(p.tensor.grad()));
      squares_.push_back(at::zeros_like(p.tensor.grad()));
      parts.push_back({p.tensor, at});
      at = end;
    }
    if (group) buckets_.emplace(*group, gradients_, parts, GradientBuckets::Sizes{2000, 4000});
    objective_.emplace(*Objective::build(network, parameters_, options_));
  }

  void step(const Share& share, int number) {
    RunMode mode{true};
    mode.sum_over_ranks = options_.sum_over_ranks;
    const auto [pictures, targets] = batch_of(share.first, share.end, number);
    objective_->set_last_epochs(number >= kSteps / 2);
    const Result<LossValue> loss = objective_->evaluate(pictures, targets, LessonMaps{}, mode);
    ASSERT_TRUE(loss) << loss.error().message;
    const bool complete =
        !schedule_ || number - last_update_ >= rates_at(*schedule_, number).accumulate;
    if (buckets_ && complete) buckets_->begin();
    loss->total.backward();
    if (buckets_ && complete) buckets_->finish();
    if (!complete) return;
    last_update_ = number;
    ++updates_;
    const c10::NoGradGuard no_gradients;
    size_t i = 0;
    for (Parameter& p : parameters_.all()) {
      if (!learns(p.role)) continue;
      if (schedule_)
        adam_w(p, i++, rates_at(*schedule_, number));
      else
        p.tensor.sub_(momentum_[i++].mul_(0.9).add_(p.tensor.grad()) * 0.002);
    }
    gradients_.zero_();
  }

  int64_t updates() const { return updates_; }

  const Parameters& parameters() const { return parameters_; }
  const GradientBuckets& buckets() const { return *buckets_; }

 private:
  void adam_w(Parameter& p, size_t i, const Rates& rates) {
    const double length = at::norm(gradients_).item<double>();
    const at::Tensor gradient = p.tensor.grad() * std::min(1.0, 10 / (length + 1e-6));
    momentum_[i].mul_(rates.momentum).add_(gradient, 1 - rates.momentum);
    squares_[i].mul_(0.999).addcmul_(gradient, gradient, 1 - 0.999);
    const auto t = static_cast<double>(updates_);
    if (decays(p.role)) p.tensor.mul_(1 - rates.weights * scaled_decay(*schedule_, 0.0005));
    p.tensor.sub_(rates.weights / (1 - std::pow(rates.momentum, t)) * momentum_[i] /
                  (at::sqrt(squares_[i] / (1 - std::pow(0.999, t))) + 1e-8));
  }

  Parameters parameters_;
  std::optional<ScheduleOptions> schedule_;
  LossOptions options_;
  at::Tensor gradients_;
  std::vector<at::Tensor> momentum_, squares_;
  int64_t updates_ = 0, last_update_ = -1;
  std::optional<GradientBuckets> buckets_;
  std::optional<Objective> objective_;
};

class RankTraining : public ::testing::TestWithParam<const char*> {};

// Two ranks with half of the pictures each against one process with all of them.
void expect_as_one(const TrainingGraph& network, const std::optional<ScheduleOptions>& schedule,
                   int64_t updates) {
  Descent one(network, nullptr, schedule);
  const Parameters before = *one.parameters().converted(at::kDouble);
  for (int s = 0; s < kSteps; ++s) one.step({0, kPictures}, s);
  EXPECT_EQ(one.updates(), updates);
  on_ranks(2, [&](ProcessGroup& group) {
    Descent rank(network, &group, schedule);
    for (int s = 0; s < kSteps; ++s) rank.step(share_of(group), s);
    double moved = 0;
    for (size_t i = 0; i < before.all().size(); ++i) {
      const at::Tensor expected = one.parameters().all()[i].tensor.detach();
      const at::Tensor got = rank.parameters().all()[i].tensor.detach();
      EXPECT_LE(at::max(at::abs(got - expected)).item<double>(), 1e-8) << before.all()[i].name;
      moved = std::max(moved, at::max(at::abs(expected - before.all()[i].tensor)).item<double>());
    }
    EXPECT_GT(moved, 1e-3);
    EXPECT_GT(rank.buckets().count(), 2u);
    EXPECT_GT(rank.buckets().early(), 0u) << "nothing went while backward ran";
  });
}

TEST_P(RankTraining, OfDoublesIsThatOfOneProcess) {
  expect_as_one(network_of(GetParam()), std::nullopt, kSteps);
}

TEST_P(RankTraining, OfDoublesWithWarmUpAndLargerUpdates) {
  expect_as_one(network_of(GetParam()), default_schedule(), 7);
}

INSTANTIATE_TEST_SUITE_P(Losses, RankTraining,
                         ::testing::Values("anchor_free", "end_to_end", "anchor", "darknet",
                                           "yolox"),
                         [](const auto& test) { return std::string(test.param); });

// A rank without any object has the same sums to make, and no gradients of its own.
TEST(RankTrainingOfEmptyShares, GoesOn) {
  for (const char* family : {"anchor_free", "end_to_end", "anchor", "yolox"}) {
    const TrainingGraph network = network_of(family);
    on_ranks(2, [&](ProcessGroup& group) {
      Descent rank(network, &group);
      // The first pictures show nothing (batch_of).
      rank.step(group.rank() == 0 ? Share{0, kEmptyPictures} : Share{kEmptyPictures, kPictures}, 0);
    });
  }
}

// As of a last batch of fewer pictures than ranks: who has none makes all sums, and adds nothing.
TEST_P(RankTraining, OfOneWithoutPicturesIsThatOfOneProcess) {
  const TrainingGraph network = network_of(GetParam());
  constexpr int64_t kFirst = kEmptyPictures, kEnd = kFirst + 2;
  Descent one(network, nullptr);
  for (int s = 0; s < 4; ++s) one.step({kFirst, kEnd}, s);
  on_ranks(3, [&](ProcessGroup& group) {
    Descent rank(network, &group);
    for (int s = 0; s < 4; ++s)
      rank.step({kFirst + 2 * group.rank() / 3, kFirst + 2 * (group.rank() + 1) / 3}, s);
    for (size_t i = 0; i < one.parameters().all().size(); ++i) {
      const at::Tensor expected = one.parameters().all()[i].tensor.detach();
      const at::Tensor got = rank.parameters().all()[i].tensor.detach();
      EXPECT_LE(at::max(at::abs(got - expected)).item<double>(), 1e-8)
          << one.parameters().all()[i].name;
    }
  });
}

TrainerOptions options_of(int64_t batch, int64_t nominal, ProcessGroup* group) {
  TrainerOptions options;
  options.preprocess = Preprocess::ultralytics(kSide, kSide);
  options.schedule.epochs = 10;
  options.schedule.batches = 4;
  options.schedule.batch = batch;
  options.schedule.nominal = nominal;
  options.schedule.warmup_epochs = 1;
  options.schedule.rate = 0.0005;
  options.group = group;
  return options;
}

Trainer trainer_of(const TrainerOptions& options, const char* family = "yolov8n") {
  zoo::ScratchOptions scratch;
  scratch.classes = kClasses;
  scratch.size = {kSide, kSide};
  Result<TrainingGraph> network =
      prepare_for_training(*zoo::scratch_model(family, scratch), kSide, kSide);
  Result<Trainer> trainer = Trainer::create(*std::move(network), options);
  EXPECT_TRUE(trainer) << trainer.error().message;
  return *std::move(trainer);
}

void expect_same(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].tensor == b[i].tensor) << a[i].name;
}

// Losses of floats: of updates of one batch and of two, and of the program's warm-up and rate. Where
// each batch is an update at that rate, rounding decides which cells learn, also of one process that
// has the pictures in another order.
TEST(Trainer, OverRanksHasTheLossesOfOneProcess) {
  ScheduleOptions one_batch = options_of(kPictures, kPictures, nullptr).schedule;
  one_batch.rate = 0.0001;
  ScheduleOptions two_batches = one_batch;
  two_batches.nominal = 2 * kPictures;
  for (const ScheduleOptions& schedule : {one_batch, two_batches, default_schedule()}) {
    const auto options = [&schedule](ProcessGroup* group) {
      TrainerOptions made = options_of(kPictures, schedule.nominal, group);
      made.schedule = schedule;
      return made;
    };
    const auto loss_of = [](const std::vector<double>& parts) {
      return std::accumulate(parts.begin(), parts.end(), 0.0);
    };
    std::vector<double> expected;
    Trainer one = trainer_of(options(nullptr));
    for (int s = 0; s < kSteps; ++s)
      expected.push_back(loss_of(one.step(bytes_of(0, kPictures, s))->parts));
    std::vector<NamedTensor> of_first;
    on_ranks(2, [&](ProcessGroup& group) {
      Trainer rank = trainer_of(options(&group));
      for (int s = 0; s < kSteps; ++s) {
        const Share share = share_of(group);
        const Result<StepReport> report =
            rank.step(bytes_of(static_cast<int>(share.first), static_cast<int>(share.end), s));
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_EQ(report->pictures, kPictures);
        const double loss = expected[static_cast<size_t>(s)];
        EXPECT_NEAR(loss_of(report->parts), loss, 0.01 * loss)
            << "nominal " << schedule.nominal << ", step " << s;
      }
      const std::vector<NamedTensor> tensors = rank.tensors();
      if (group.rank() == 0) of_first = tensors;
      ASSERT_TRUE(meet_again(group));
      if (group.rank() == 1 && schedule.nominal == kPictures) expect_same(tensors, of_first);
    });
  }
}

const Tensor* tensor_of(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& named : tensors)
    if (named.name == name) return &named.tensor;
  return nullptr;
}

// How far gradients, or the optimiser's first moments, are from the others', as a part of their length.
double distance(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  double apart = 0, length = 0;
  for (const NamedTensor& named : a) {
    if (!named.name.starts_with("first/") && !named.name.starts_with("gradients/")) continue;
    const Tensor* other = tensor_of(b, named.name);
    if (!other) return 1;
    const auto x = named.tensor.data<float>(), y = other->data<float>();
    for (size_t i = 0; i < x.size(); ++i) {
      apart += std::pow(double{x[i]} - double{y[i]}, 2);
      length += std::pow(double{x[i]}, 2);
    }
  }
  return std::sqrt(apart / length);
}

// From one process's state each step of two ranks comes to its next one, with the program's warm-up
// and updates of several batches: errors of floats cannot grow here as they do in a run.
TEST(Trainer, EachStepOverRanksIsThatOfOneProcess) {
  const auto options = [](ProcessGroup* group) {
    TrainerOptions made = options_of(kPictures, 64, group);
    made.schedule = default_schedule();
    return made;
  };
  Trainer one = trainer_of(options(nullptr));
  std::vector<TrainerPlace> places{one.place()};
  std::vector<std::vector<NamedTensor>> states{one.tensors()};
  for (int s = 0; s < kSteps; ++s) {
    ASSERT_TRUE(one.step(bytes_of(0, kPictures, s)));
    places.push_back(one.place());
    states.push_back(one.tensors());
  }
  on_ranks(2, [&](ProcessGroup& group) {
    Trainer rank = trainer_of(options(&group));
    for (size_t s = 0; s < kSteps; ++s) {
      if (group.rank() == 0) {
        ASSERT_TRUE(rank.go_on_from(places[s], states[s]));
      }
      ASSERT_TRUE(rank.take_from_first());
      const Share share = share_of(group);
      ASSERT_TRUE(rank.step(bytes_of(static_cast<int>(share.first), static_cast<int>(share.end),
                                     static_cast<int>(s))));
      EXPECT_EQ(rank.place().last_update, places[s + 1].last_update);
      ASSERT_TRUE(rank.bring_gradients_to_first());
      if (group.rank() == 0) {
        EXPECT_LE(distance(states[s + 1], rank.tensors()), 1e-4) << "step " << s;
      }
    }
  });
}

// In floats other functions see to a rank's maps where there are none. These families have a last batch
// of one picture; others have it in doubles.
TEST(Trainer, OverRanksOneHasNoPictures) {
  for (const char* family : {"yolov8n", "yolo11n", "yolov3-tiny", "yolov5n"}) {
    Trainer one = trainer_of(options_of(2, 2, nullptr), family);
    std::vector<TrainerPlace> places{one.place()};
    std::vector<std::vector<NamedTensor>> states{one.tensors()};
    for (int s = 0; s < 3; ++s) {
      ASSERT_TRUE(one.step(bytes_of(kEmptyPictures, kEmptyPictures + 1, s)));
      places.push_back(one.place());
      states.push_back(one.tensors());
    }
    std::vector<NamedTensor> of_first;
    on_ranks(2, [&](ProcessGroup& group) {
      Trainer rank = trainer_of(options_of(2, 2, &group), family);
      for (size_t s = 0; s < 3; ++s) {
        if (group.rank() == 0) {
          ASSERT_TRUE(rank.go_on_from(places[s], states[s]));
        }
        ASSERT_TRUE(rank.take_from_first());
        const Result<StepReport> report = rank.step(
            bytes_of(kEmptyPictures, kEmptyPictures + group.rank(), static_cast<int>(s)));
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_EQ(report->pictures, 1);
        EXPECT_LE(distance(states[s + 1], rank.tensors()), 1e-3) << family << ", step " << s;
      }
      const std::vector<NamedTensor> tensors = rank.tensors();
      if (group.rank() == 0) of_first = tensors;
      ASSERT_TRUE(meet_again(group));
      if (group.rank() == 1) expect_same(tensors, of_first);
    });
  }
}

// What two ranks saved between updates is gone on with by three, as by two.
TEST(Trainer, GoesOnWithAnotherNumberOfRanks) {
  TrainerPlace place;
  std::vector<NamedTensor> saved, later;
  const auto share = [](const ProcessGroup& group, int64_t pictures, int step) {
    return bytes_of(static_cast<int>(pictures * group.rank() / group.size()),
                    static_cast<int>(pictures * (group.rank() + 1) / group.size()), step);
  };
  on_ranks(2, [&](ProcessGroup& group) {
    Trainer rank = trainer_of(options_of(6, 12, &group));
    for (int s = 0; s < 7; ++s) ASSERT_TRUE(rank.step(share(group, 6, s)));
    ASSERT_TRUE(rank.bring_gradients_to_first());
    if (group.rank() == 0) {
      place = rank.place();
      saved = rank.tensors();
    }
    for (int s = 7; s < 10; ++s) ASSERT_TRUE(rank.step(share(group, 6, s)));
    if (group.rank() == 0) later = rank.tensors();
  });
  EXPECT_NE(place.batches - 1, place.last_update) << "between two updates";
  for (const int ranks : {2, 3})
    on_ranks(ranks, [&](ProcessGroup& group) {
      Trainer rank = trainer_of(options_of(6, 12, &group));
      if (group.rank() == 0) {
        ASSERT_TRUE(rank.go_on_from(place, saved));
      }
      ASSERT_TRUE(rank.take_from_first());
      EXPECT_EQ(rank.place().batches, 7);
      for (int s = 7; s < 10; ++s) ASSERT_TRUE(rank.step(share(group, 6, s)));
      if (group.rank() > 0) return;
      if (ranks == 2) return expect_same(rank.tensors(), later);
      const std::vector<NamedTensor> tensors = rank.tensors();
      EXPECT_EQ(tensors.size(), later.size());
      EXPECT_LE(distance(later, tensors), 1e-4);
    });
}

}  // namespace
}  // namespace shrike::train
