#include "cli/judged_pictures.h"

#include <algorithm>

#include "base/excerpt.h"
#include "cli/dataset_option.h"
#include "cli/terminal.h"
#include "data/copies.h"

namespace shrike {

void tell_judged_pictures(const Dataset& unlabeled, const Dataset& judging) {
  const std::vector<bool> copies = copies_of(pictures_of(unlabeled), pictures_of(judging));
  const auto both = std::count(copies.begin(), copies.end(), true);
  if (both == 0) return;
  say("--unlabeled " + shown_path(unlabeled.source) + ": of its " + std::to_string(copies.size()) +
      " pictures " + std::to_string(both) + (both == 1 ? " is" : " are") + " in " +
      printable(describe(judging)) +
      ", too: scores on what was learned from, if only from a "
      "teacher, say too much");
}

}  // namespace shrike
