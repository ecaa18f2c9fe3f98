// A changed model's accuracy beside the one before, in reports.
#pragma once

#include <string>

#include "cli/change_judge.h"
#include "formats/json.h"

namespace shrike {

// {"before","after","difference","interval95": [low, high]}, null for what was not measured, and
// for the interval of one picture.
Json accuracy_json(const Judgement& judgement);

// "mAP 0.50:0.95 0.512 before, 0.498 after: -1.40 points (95 %: -2.10 to -0.60)"; one picture has
// no interval, as every draw of it is the same.
std::string accuracy_text(const Judgement& judgement);

// Says on standard error that no picture had an object to judge by, where that is so.
void tell_unjudged(const Judgement& judgement);

// "lost 0.31 points, more than --max-drop 0.30", with as many digits as tell them apart.
std::string drop_text(double lost, double max_drop);

}  // namespace shrike
