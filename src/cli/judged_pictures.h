// Pictures that are learned from and judge as well.
#pragma once

#include "data/dataset.h"

namespace shrike {

// On standard error how many pictures of the folder that --unlabeled names are `judging`'s, too, if
// only as copies (data/copies.h); nothing where none is. `unlabeled` may be without samples.
void tell_judged_pictures(const Dataset& unlabeled, const Dataset& judging);

}  // namespace shrike
