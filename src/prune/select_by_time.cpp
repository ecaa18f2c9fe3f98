#include "prune/select_by_time.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace shrike {

namespace {

constexpr int kTries = 8;
// A network this much faster than was wished is near enough: measurements differ by as much.
constexpr double kNear = 0.02;

// How much two measurements of one network may differ.
constexpr double kSteady = 0.03;
constexpr int kSearches = 3;

// What the table says of a network, and what it takes.
struct Try {
  double table_ms = 0, ms = 0;
};

struct Found {
  std::vector<bool> removed;
  double ms = 0;
};

// In microseconds that are enough.
std::string milliseconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f ms", std::ceil(ms * 1e3) * 1e-3);
  return text;
}

}  // namespace

TimedSelection::TimedSelection(size_t channels, std::span<const ChannelGroup> groups,
                               const std::vector<double>& scores, const SelectOptions& options,
                               const TimeModel& model)
    : channels_(channels),
      groups_(groups),
      scores_(scores),
      options_(options),
      model_(model),
      ranking_(channels, groups, scores, options) {
  for (size_t g = 0; g < groups.size(); ++g) {
    orders_.push_back(ranked_channels(groups[g], scores));
    counts_.push_back(removal_counts(g, groups[g].channels.size(), options));
  }
}

double TimedSelection::whole_ms() const {
  return model_.ms(std::vector<size_t>(groups_.size(), 0));
}

std::vector<size_t> TimedSelection::gone(const std::vector<bool>& removed) const {
  std::vector<size_t> counts;
  for (const ChannelGroup& group : groups_)
    counts.push_back(static_cast<size_t>(std::ranges::count_if(
        group.channels, [&](Channel c) { return removed[static_cast<size_t>(c)]; })));
  return counts;
}

TimedSelection::Cut TimedSelection::cut(double ms) const {
  size_t below = 0, above = ranking_.steps() - 1;
  while (below < above) {
    const size_t middle = (below + above) / 2;
    if (this->ms(ranking_.removal(middle)) <= ms)
      above = middle;
    else
      below = middle + 1;
  }
  std::vector<size_t> left = gone(ranking_.removal(above));
  const double ranked_ms = model_.ms(left);
  Cut cut{std::vector<bool>(channels_, false), ranked_ms, false};
  give_back(left, cut.ms, ms);
  cut.least = above + 1 == ranking_.steps() && cut.ms == ranked_ms;
  for (size_t g = 0; g < left.size(); ++g)
    for (size_t i = 0; i < left[g]; ++i) cut.removed[static_cast<size_t>(orders_[g][i])] = true;
  return cut;
}

void TimedSelection::give_back(std::vector<size_t>& gone, double& ms, double limit) const {
  for (bool any = true; any;) {
    any = false;
    size_t group = 0, count = 0;
    double most = -1, price = 0;
    for (size_t g = 0; g < gone.size(); ++g) {
      double worth = 0;
      size_t from = gone[g];
      for (auto to = counts_[g].rbegin(); to != counts_[g].rend(); ++to) {
        if (*to >= gone[g]) continue;
        for (; from > *to; --from) worth += scores_[static_cast<size_t>(orders_[g][from - 1])];
        std::vector<size_t> wider = gone;
        wider[g] = *to;
        const double costs = std::max(model_.saved(wider, g, gone[g] - *to), 1e-9);
        if (ms + costs > limit || worth / costs <= most) continue;
        most = worth / costs, price = costs;
        group = g, count = *to;
        any = true;
      }
    }
    if (!any) return;
    gone[group] = count;
    ms += price;
  }
}

namespace {

using Measure = std::function<Result<double>(const std::vector<bool>& removed)>;

Result<Found> search(const TimedSelection& selection, double wish, const Measure& measure) {
  const TimedSelection::Cut whole = selection.cut(selection.whole_ms());
  // The fastest that is too slow, and the slowest that is not.
  Try above{selection.whole_ms(), 0};
  SHRIKE_ASSIGN(above.ms, measure(whole.removed));
  if (above.ms <= wish) return Found{whole.removed, above.ms};
  std::optional<Try> slower, below;  // the first: the one above before it
  std::vector<bool> best;
  for (int i = 0; i < kTries; ++i) {
    if (below && below->ms >= wish * (1 - kNear)) break;
    // What the table must say where the network is to take what is wished: in proportion, or on
    // the line through two tries, as part of the time may be none of the table's.
    const double aim = wish * (1 - kNear / 2);
    double limit = above.table_ms * aim / above.ms;
    const std::optional<Try>& other = below ? below : slower;
    if (other && (below || other->ms > above.ms))
      limit = above.table_ms +
              (other->table_ms - above.table_ms) * (aim - above.ms) / (other->ms - above.ms);
    // So far from the table: all that can leave, and then what lies between.
    if (!below && i >= kTries / 2) limit = 0;
    const TimedSelection::Cut cut = selection.cut(limit);
    if (below && cut.removed == best) break;  // there is none between
    SHRIKE_ASSIGN(const double ms, measure(cut.removed));
    if (ms <= wish) {
      best = cut.removed;
      below = Try{cut.ms, ms};
    } else if (cut.least) {
      return usage_error("cannot be as fast as is wished: the least is " + milliseconds(ms));
    } else {
      slower = above;
      above = {cut.ms, ms};
    }
  }
  return Found{std::move(best), below->ms};
}

}  // namespace

Result<std::vector<bool>> fit_to_time(const TimedSelection& selection, double wish,
                                      const Measure& measure) {
  for (int i = 1;; ++i) {
    SHRIKE_ASSIGN(Found found, search(selection, wish, measure));
    if (i == kSearches) return std::move(found.removed);
    SHRIKE_ASSIGN(const double again, measure(found.removed));
    const bool steady = std::abs(again - found.ms) <= kSteady * found.ms;
    if (steady || std::abs(again - wish) <= kNearWish * wish) return std::move(found.removed);
  }
}

}  // namespace shrike
