// Schedule: learning rates and momentum as functions of where a run is. There is no state: what a
// run goes on with is the number of the batch.
//
// With E epochs of B batches, of n pictures each, batch number i (from 0 through all epochs) in
// epoch e = floor(i / B), r = final_share:
//   linear  f(e) = max(1 - e / E, 0) * (1 - r) + r
//   cosine  f(e) = (1 + cos(pi e / E)) / 2 * (1 - r) + r
//   rate(i) = rate * f(e)
// In the warm-up, i <= W = round(warmup_epochs * B), three things move evenly from a start to what
// they are later: rates from 0 (of biases from warmup_bias_rate), momentum from warmup_momentum,
// and the batches that one update takes from 1 to max(round(nominal / n), 1).
// Names, meanings and defaults are those of Ultralytics 8.4 (https://docs.ultralytics.com/usage/cfg,
// "Train settings"). Its documentation has at least 100 batches of warm-up; the rates that 8.4.190
// writes down while it runs have not, and these are followed.
#pragma once

#include <cstdint>

namespace shrike::train {

struct ScheduleOptions {
  int64_t epochs = 100;
  int64_t batches = 1;  // of an epoch
  int64_t batch = 16;   // pictures
  int64_t nominal = 64;  // pictures that an update is made of, where a batch has fewer
  double rate = 0.01;
  double final_share = 0.01;  // of the rate, at the end
  bool cosine = false;
  double momentum = 0.937;
  double warmup_epochs = 3;
  double warmup_bias_rate = 0.1;
  double warmup_momentum = 0.8;
};

// At one batch.
struct Rates {
  double weights = 0, biases = 0;
  double momentum = 0;
  int64_t accumulate = 1;  // batches an update
};

// f(e).
double share_at(const ScheduleOptions& options, int64_t epoch);

Rates rates_at(const ScheduleOptions& options, int64_t batch);

// Weight decay that stands for `decay` with updates of `nominal` pictures:
// decay * n * accumulate / nominal.
double scaled_decay(const ScheduleOptions& options, double decay);

}  // namespace shrike::train
