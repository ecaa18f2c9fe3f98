// The actions of shrike data, as commands.h has the commands.
#pragma once

#include "cli/commands.h"

namespace shrike {

Result<int> data_check_command(const Words& words);
Result<int> data_stats_command(const Words& words);
Result<int> data_convert_command(const Words& words);

inline constexpr CommandRow kDataActions[] = {
    {"check", "List what is wrong with a data set", data_check_command},
    {"stats", "Count pictures, objects and sizes", data_stats_command},
    {"convert", "Write a data set in another format", data_convert_command},
};

}  // namespace shrike
