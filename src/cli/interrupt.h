// Ctrl-C, or a request to end, during long work: the item at hand is finished, then the work stops.
// The same signal again ends the process at once.
#pragma once

namespace shrike {

// SIGINT and SIGTERM from here on. Call once, before the work.
void catch_interrupt();

// The signal that came first; 0 while there was none.
int interrupted();

}  // namespace shrike
