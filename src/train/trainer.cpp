#include "train/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "train/device.h"
#include "train/guard.h"
#include "train/trainer_state.h"
#include "train/training_batch.h"

namespace shrike::train {

namespace {

at::Tensor class_weights(const std::vector<float>& weights, c10::Device device) {
  return weights.empty() ? at::Tensor() : at::tensor(weights).to(device);
}

// The gradient of weight * sum |scale|.
void add_sparsity(const FlatParameters& flat, const FlatParameters::Range& scales, double weight) {
  const auto step = static_cast<float>(weight);
  for (auto i = static_cast<size_t>(scales.begin); i < static_cast<size_t>(scales.end); ++i) {
    const float scale = flat.learned()[i];
    flat.gradients()[i] += scale > 0 ? step : scale < 0 ? -step : 0.0f;
  }
}

}  // namespace

Trainer::State::State(TrainingGraph training, TrainerOptions options, Parameters parameters,
                      c10::Device device)
    : training_(std::move(training)),
      options_(std::move(options)),
      parameters_(std::move(parameters)),
      device_(device),
      flat_(FlatParameters::lay_out(parameters_, options_.frozen, device)),
      optimiser_(options_.optimiser, static_cast<int64_t>(flat_.learned().size())),
      average_(flat_.values()) {
  loss_options_.class_weights = class_weights(options_.class_weights, device);
  find_zeros();
  join_ranks();
}

void Trainer::State::find_zeros() {
  if (!options_.keep_zeros) return;
  const FlatParameters::Range range = flat_.range(ParameterGroup::kDecaying);
  zeros_.assign(static_cast<size_t>(range.end - range.begin), false);
  for (size_t i = 0; i < zeros_.size(); ++i)
    zeros_[i] = flat_.values()[static_cast<size_t>(range.begin) + i] == 0;
}

Result<Objective*> Trainer::State::objective(int height, int width) {
  const auto found = objectives_.find({height, width});
  if (found != objectives_.end()) return &found->second;
  const Shape& own = *training_.graph.value(training_.graph.inputs[0]).shape;
  const bool same = own[2] == height && own[3] == width;
  TrainingGraph other;
  if (!same) {
    SHRIKE_ASSIGN(other, resized(training_, height, width));
  }
  SHRIKE_ASSIGN(Objective made,
                Objective::build(same ? training_ : other, parameters_, loss_options_,
                                 options_.distillation ? &*options_.distillation : nullptr));
  return &objectives_.emplace(std::pair(height, width), std::move(made)).first->second;
}

Rates Trainer::State::rates() const {
  Rates rates = rates_at(options_.schedule, place_.batches);
  rates.weights *= place_.slower;
  rates.biases *= place_.slower;
  return rates;
}

RunMode Trainer::State::mode() const {
  RunMode mode{true};
  mode.sum_over_ranks = loss_options_.sum_over_ranks;
  if (options_.precision == Precision::kBf16) mode.products = at::kBFloat16;
  if (options_.precision == Precision::kF16 && device_.is_cuda()) mode.products = at::kHalf;
  return mode;
}

StepReport Trainer::State::finish_step(const Rates& rates) {
  StepReport report;
  flat_.fetch();
  const bool complete = completes_update(rates);
  const double larger = scales_loss() ? place_.scaler.scale : 1;
  if (complete && options_.sparsity > 0)
    add_sparsity(flat_, flat_.range(ParameterGroup::kScales), options_.sparsity * larger);
  const double length = norm(flat_.gradients()) / larger;
  // What is added up is looked at, too: a checkpoint holds it. Each rank has its own till the end.
  const bool finite = complete ? std::isfinite(length) : on_all_ranks(std::isfinite(length));
  if (finite && !complete) return report;
  report.finite = finite;
  if (scales_loss()) report.finite = place_.scaler.update(finite);
  if (!report.finite) return report;
  if (!finite) {  // left out: the scale was too large
    std::fill(flat_.gradients().begin(), flat_.gradients().end(), 0.0f);
    flat_.push();
    place_.last_update = place_.batches;
    return report;
  }
  const double scale = std::min(1.0, options_.most_norm / (length + 1e-6)) / larger;
  const auto stretch = [&](ParameterGroup group, double rate, double decay) {
    return Stretch{flat_.range(group).begin, flat_.range(group).end, rate, decay};
  };
  const Stretch stretches[] = {stretch(ParameterGroup::kDecaying, rates.weights,
                                       scaled_decay(options_.schedule, options_.weight_decay)),
                               stretch(ParameterGroup::kBiases, rates.biases, 0),
                               stretch(ParameterGroup::kScales, rates.weights, 0),
                               stretch(ParameterGroup::kSteps,
                                       rates.weights * options_.step_rate, 0)};
  optimiser_.update(flat_.learned(), flat_.gradients(), static_cast<float>(scale), stretches,
                    rates.momentum);
  std::fill(flat_.gradients().begin(), flat_.gradients().end(), 0.0f);
  float* const decaying = flat_.learned().data() + flat_.range(ParameterGroup::kDecaying).begin;
  for (size_t i = 0; i < zeros_.size(); ++i)
    if (zeros_[i]) decaying[i] = 0;
  flat_.push();
  average_.update(flat_.values());
  place_.last_update = place_.batches;
  place_.updates = optimiser_.updates();
  report.updated = true;
  return report;
}

Result<Trainer> Trainer::create(TrainingGraph training, const TrainerOptions& options) {
  return guarded("preparing the network", [&]() -> Result<Trainer> {
    SHRIKE_ASSIGN(const c10::Device device, device_of(options.device, options.local_rank));
    SHRIKE_ASSIGN(Parameters parameters, Parameters::of(training.graph));
    if (options.distillation) SHRIKE_TRY(add_helpers(parameters, training, *options.distillation));
    auto state =
        std::make_unique<State>(std::move(training), options, std::move(parameters), device);
    if (!state->learns())
      return usage_error("--freeze leaves nothing of the network that learns");
    const Shape& own = *state->training_.graph.value(state->training_.graph.inputs[0]).shape;
    if (const auto built =
            state->objective(static_cast<int>(own[2]), static_cast<int>(own[3]));
        !built)
      return built.error();
    return Trainer(std::move(state));
  });
}

Trainer::Trainer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;
Trainer::~Trainer() = default;

Result<StepReport> Trainer::step(const Batch& batch, size_t labelled) {
  State& state = *state_;
  SHRIKE_ASSIGN(Objective* const objective, state.objective(batch.height, batch.width));
  const ScheduleOptions& schedule = state.options_.schedule;
  const int64_t epoch = state.place_.batches / schedule.batches;
  objective->set_last_epochs(epoch >= schedule.epochs - state.options_.last_epochs);
  objective->set_epoch(epoch, schedule.epochs);
  return guarded("a step of training", [&]() -> Result<StepReport> {
    LessonMaps lesson;
    if (state.options_.distillation) {
      SHRIKE_ASSIGN(lesson, maps_of_lesson(*state.options_.distillation->teacher, batch,
                                           state.place_.batches));
    }
    const at::Tensor pictures = pictures_of(batch, state.options_.preprocess).to(state.device_);
    Targets targets = targets_of(batch).to(state.device_);
    targets.batch = static_cast<int64_t>(labelled);
    SHRIKE_ASSIGN(const LossValue loss,
                  objective->evaluate(pictures, targets, lesson, state.mode()));
    const State::Sums sums = state.over_ranks(loss, batch);
    StepReport report;
    if (std::isfinite(sums.total)) {
      state.backward(loss.total);
      report = state.finish_step(state.rates());
    } else {
      report.finite = false;
    }
    report.parts = sums.parts;
    report.pictures = sums.pictures;
    if (report.finite) ++state.place_.batches;
    return report;
  });
}

const TrainingGraph& Trainer::network() const { return state_->training_; }

std::vector<std::string> Trainer::loss_names() const {
  return state_->objectives_.begin()->second.names();
}

Rates Trainer::rates() const { return state_->rates(); }

const TrainerPlace& Trainer::place() const { return state_->place_; }

}  // namespace shrike::train
