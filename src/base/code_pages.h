// The memory that the program's own code takes.
#pragma once

namespace shrike {

// Gives back the pages of code and constants, of the program and of its libraries, that were read so
// far: most serve starting and reading files. What is needed again comes back from the system's
// cache of files, page by page. At any time, from any thread.
//
// Does nothing in a process that has not called code_is_as_in_files(): code that somebody patched
// in memory would come back without the patch. Libraries whose code the loader patches keep theirs.
void give_back_code_pages();

// For a program's main function, before threads: nobody patches this process's code.
void code_is_as_in_files();

}  // namespace shrike
