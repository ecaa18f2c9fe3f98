// The memory that the program's own code takes.
#pragma once

namespace shrike {

// Gives back the pages of code and constants, of the program and of its libraries, that were read so
// far: most serve starting and reading files. What is needed again comes back from the system's
// cache of files, page by page. At any time, from any thread.
void give_back_code_pages();

}  // namespace shrike
