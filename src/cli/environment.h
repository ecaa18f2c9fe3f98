// What the environment asks of the programs.
#pragma once

namespace shrike {

// Call in main, before there are threads. A level of SHRIKE_CPU that there is not is said and taken
// out of the environment: programs started from here do not say it again.
void check_environment();

}  // namespace shrike
