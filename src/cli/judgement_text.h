// A changed model's accuracy beside the one before, in reports.
#pragma once

#include <string>

#include "cli/change_judge.h"
#include "formats/json.h"

namespace shrike {

// {"before","after","difference","interval95": [low, high]}, null for what was not measured.
Json accuracy_json(const Judgement& judgement);

// "mAP 0.50:0.95 0.512 before, 0.498 after: -1.40 points (95 %: -2.10 to -0.60)"
std::string accuracy_text(const Judgement& judgement);

}  // namespace shrike
