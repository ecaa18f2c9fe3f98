// How much memory this process has held at most.
#pragma once

#include <cstddef>

namespace shrike {

// Peak resident set; 0 where the system does not tell.
size_t peak_process_bytes();

// The same in a program of which everything counts against its limit; 0 in others, which have their
// own things beside Shrike's.
size_t peak_of_own_process();

// For the main function of such a program, before threads.
void process_is_our_own();

}  // namespace shrike
