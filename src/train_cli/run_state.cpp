#include "train_cli/run_state.h"

#include "base/excerpt.h"

namespace shrike {

namespace {

template <typename State, typename Visit>
void for_each_number(State& s, const char* group, const Visit& visit) {
  visit(group, "seed", s.seed);
  visit(group, "epoch", s.epoch);
  visit(group, "batch_index", s.batch_index);
  visit(group, "batch", s.batch);
  visit(group, "samples", s.samples);
  visit(group, "data", s.data);
  visit(group, "window", s.window);
}

// Calls visit(group, name, field) for each field, in the order of the file.
template <typename State, typename Visit>
void for_each_member(State& s, const Visit& visit) {
  visit("run", "id", s.id);
  visit("run", "arguments", s.arguments);
  visit("run", "judged", s.judged);
  visit("trainer", "batches", s.trainer.batches);
  visit("trainer", "last_update", s.trainer.last_update);
  visit("trainer", "updates", s.trainer.updates);
  visit("trainer", "slower", s.trainer.slower);
  visit("trainer", "loss_scale", s.trainer.scaler.scale);
  visit("trainer", "good_updates", s.trainer.scaler.good);
  for_each_number(s.loader, "loader", visit);
  for_each_number(s.unlabeled, "unlabeled", visit);
  visit("sums", "losses", s.sums.losses);
  visit("sums", "batches", s.sums.batches);
  visit("sums", "pictures", s.sums.pictures);
  visit("sums", "seconds", s.sums.seconds);
  visit("sums", "waited", s.sums.waited);
  visit("run", "rate", s.rate);
  visit("run", "epochs_done", s.epochs_done);
  visit("run", "best_fitness", s.best_fitness);
  visit("run", "best_epoch", s.best_epoch);
  visit("run", "best_scores", s.best_scores);
  visit("run", "best_file", s.best_file);
  visit("run", "last_file", s.last_file);
  visit("run", "rows", s.rows);
  visit("run", "seconds", s.seconds);
  visit("run", "returns", s.returns);
  visit("run", "returned_to", s.returned_to);
}

}  // namespace

Json to_json(const RunState& state) {
  Json json = Json::object();
  for_each_member(state, [&](const char* group, const char* name, const auto& value) {
    json[group][name] = value;
  });
  return json;
}

Result<RunState> run_state_from(const Json& json, const std::string& source) {
  RunState state;
  std::string wrong;
  for_each_member(state, [&](const char* group, const char* name, auto& value) {
    try {
      json.at(group).at(name).get_to(value);
    } catch (const Json::exception&) {
      wrong = std::string(group) + "." + name;
    }
  });
  if (!wrong.empty()) return input_error(source + ": no good value for " + in_quotes(wrong));
  if (static_cast<int64_t>(state.rows.size()) != state.epochs_done)
    return input_error(source + ": not as many rows as epochs");
  return state;
}

}  // namespace shrike
