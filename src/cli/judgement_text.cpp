#include "cli/judgement_text.h"

#include "report/number.h"

namespace shrike {

Json accuracy_json(const Judgement& j) {
  const auto number = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  Json json = {{"before", number(j.before)}, {"after", number(j.after)}};
  json["difference"] = j.difference ? Json(j.difference->difference) : Json(nullptr);
  json["interval95"] =
      j.difference ? Json::array({j.difference->interval95.low, j.difference->interval95.high})
                   : Json(nullptr);
  return json;
}

std::string accuracy_text(const Judgement& j) {
  std::string text =
      "mAP 0.50:0.95 " + fixed(j.before, 3) + " before, " + fixed(j.after, 3) + " after";
  if (j.difference)
    text += ": " + signed_fixed(100 * j.difference->difference, 2) +
            " points (95 %: " + signed_fixed(100 * j.difference->interval95.low, 2) + " to " +
            signed_fixed(100 * j.difference->interval95.high, 2) + ")";
  return text + "\n";
}

}  // namespace shrike
