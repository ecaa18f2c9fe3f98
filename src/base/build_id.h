// Which build of the program this is.
#pragma once

#include <string>

namespace shrike {

// The build id that the linker put into the program or library this function is part of, as hex
// digits: another one for every change of its code, the same for the same build elsewhere. Empty
// where the linker was told to leave it out.
std::string build_id();

}  // namespace shrike
