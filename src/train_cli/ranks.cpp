#include "train_cli/ranks.h"

#include <cstdlib>

#include "base/excerpt.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "formats/json.h"
#include "train/process_group.h"

namespace shrike {

namespace {

// What from_first() has to say, and back.
std::string message_of(const Result<std::string>& outcome) {
  Json json = Json::object();
  if (outcome)
    json["text"] = *outcome;
  else
    json["error"] = {{"kind", static_cast<int>(outcome.error().kind)},
                     {"message", outcome.error().message}};
  return dump_json(json);
}

Result<std::string> outcome_in(const std::string& message) {
  SHRIKE_ASSIGN(const Json json, parse_json(message, "what rank 0 says"));
  if (const auto text = json.find("text"); text != json.end()) return text->get<std::string>();
  const Json& error = json.at("error");
  return Error{static_cast<ErrorKind>(error.at("kind").get<int>()),
               "rank 0: " + error.at("message").get<std::string>()};
}

// In the middle of whatever this process does: nothing that it writes has its name before it is
// whole.
void end_without_others(const std::string& why) {
  say(printable(why));
  std::_Exit(kExitRuntime);
}

}  // namespace

Ranks::Ranks() = default;
Ranks::Ranks(Ranks&&) noexcept = default;
Ranks& Ranks::operator=(Ranks&&) noexcept = default;
Ranks::~Ranks() = default;

Result<Ranks> Ranks::join(const std::optional<Launch>& launch) {
  Ranks ranks;
  if (!launch) return ranks;
  train::GroupPlace place;
  place.rank = static_cast<int>(launch->share.index);
  place.size = static_cast<int>(launch->share.count);
  place.address = launch->address;
  place.port = launch->port;
  place.store_is_served = launch->store_is_served;
  place.attempt = launch->attempt;
  SHRIKE_ASSIGN(
      train::ProcessGroup group,
      train::ProcessGroup::join(place, train::kGroupTimeout, interrupted, end_without_others));
  ranks.group_ = std::make_unique<train::ProcessGroup>(std::move(group));
  return ranks;
}

int Ranks::ended_by() const {
  if (!group_) return 0;
  return group_->ended_by() != 0 || !preparing_ ? group_->ended_by() : group_->signal();
}

void Ranks::give_up() {
  if (group_) group_->give_up();
}

bool Ranks::told_to_end() {
  constexpr std::chrono::milliseconds kBetween{200};
  const auto now = std::chrono::steady_clock::now();
  if (!group_ || now < asked_ + kBetween) return false;
  asked_ = now;
  return group_->signal() != 0;
}

RankShare Ranks::share() const {
  return group_ ? RankShare{group_->rank(), group_->size()} : RankShare{};
}

Result<void> Ranks::expect_same(const std::string& what, const std::string& text) const {
  if (!group_) return {};
  return group_->expect_same(what, text);
}

Result<std::string> Ranks::from_first(const std::function<Result<std::string>()>& work) {
  if (!group_) return work();
  const std::string name = std::to_string(works_++);
  if (!first()) {
    SHRIKE_ASSIGN(const std::string message, group_->wait_for(name));
    Result<std::string> outcome = outcome_in(message);
    has_error_of_first_ = !outcome;
    return outcome;
  }
  Result<std::string> outcome = work();
  SHRIKE_TRY(group_->done(name, message_of(outcome)));
  return outcome;
}

Result<void> Ranks::by_first(const std::function<Result<void>()>& work) {
  const Result<std::string> outcome = from_first([&]() -> Result<std::string> {
    SHRIKE_TRY(work());
    return std::string();
  });
  if (!outcome) return outcome.error();
  return {};
}

// Names are taken before the work: where that fails on one rank it may have counted less than
// elsewhere.
Result<void> Ranks::together(const std::function<Result<void>()>& work) {
  return together_as(std::to_string(works_++), work);
}

Result<void> Ranks::together_as(const std::string& name,
                                const std::function<Result<void>()>& work) {
  const Result<void> outcome = work();
  if (!group_) return outcome;
  SHRIKE_TRY(group_->arrive(name, outcome || first() ? "" : outcome.error().message));
  if (!outcome && !first()) return outcome;
  return by_first([&]() -> Result<void> {
    SHRIKE_TRY(group_->wait_for_all(name));
    return outcome;
  });
}

Result<void> Ranks::first_before_others(const std::function<Result<void>()>& work) {
  const std::string name = std::to_string(works_++);
  SHRIKE_TRY(by_first(work));
  return together_as(name, [&] { return first() ? Result<void>() : work(); });
}

Result<std::vector<double>> Ranks::largest(std::vector<double> numbers) const {
  if (!group_) return numbers;
  SHRIKE_TRY(group_->largest(numbers));
  return numbers;
}

}  // namespace shrike
