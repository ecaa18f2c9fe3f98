// Ctrl-C during long work: the item at hand is finished, then the work stops. A second Ctrl-C ends
// the process at once.
#pragma once

namespace shrike {

// From here on. Call once, before the work.
void catch_interrupt();

bool interrupted();

}  // namespace shrike
