// What a class is called, wherever it is shown.
#pragma once

#include <span>
#include <string>

namespace shrike {

// names[class_id], or "class 7" for a class that has no name there.
std::string class_name(std::span<const std::string> names, int class_id);

}  // namespace shrike
