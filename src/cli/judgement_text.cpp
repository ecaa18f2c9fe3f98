#include "cli/judgement_text.h"

#include "cli/terminal.h"
#include "report/number.h"

namespace shrike {

namespace {

bool has_interval(const Judgement& j) { return j.difference && j.pictures > 1; }

}  // namespace

Json accuracy_json(const Judgement& j) {
  const auto number = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  Json json = {{"before", number(j.before)}, {"after", number(j.after)}};
  json["difference"] = j.difference ? Json(j.difference->difference) : Json(nullptr);
  json["interval95"] =
      has_interval(j) ? Json::array({j.difference->interval95.low, j.difference->interval95.high})
                      : Json(nullptr);
  return json;
}

std::string accuracy_text(const Judgement& j) {
  std::string text =
      "mAP 0.50:0.95 " + fixed(j.before, 3) + " before, " + fixed(j.after, 3) + " after";
  if (j.difference)
    text += ": " + signed_fixed(100 * j.difference->difference, 2) + " points (" +
            (has_interval(j) ? "95 %: " + signed_fixed(100 * j.difference->interval95.low, 2) +
                                   " to " + signed_fixed(100 * j.difference->interval95.high, 2)
                             : "no interval: one picture says nothing of others") +
            ")";
  return text + "\n";
}

void tell_unjudged(const Judgement& j) {
  if (!(j.before && j.after))
    say("no picture has an object to judge by: what the change costs is not known");
  else if (*j.before == 0)
    say("the model finds nothing of what these pictures have: there is nothing to lose");
}

std::string drop_text(double lost, double max_drop) {
  constexpr int kMostDigits = 9;
  int digits = 2;
  while (digits < kMostDigits && fixed(lost, digits) == fixed(max_drop, digits)) ++digits;
  const bool apart = fixed(lost, digits) != fixed(max_drop, digits);
  const auto text = [&](double points) { return apart ? fixed(points, digits) : exact(points); };
  return "lost " + text(lost) + " points, more than --max-drop " + text(max_drop);
}

}  // namespace shrike
