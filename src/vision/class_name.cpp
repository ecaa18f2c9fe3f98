#include "vision/class_name.h"

namespace shrike {

std::string class_name(std::span<const std::string> names, int class_id) {
  const auto index = static_cast<size_t>(class_id);
  return class_id >= 0 && index < names.size() ? names[index] : "class " + std::to_string(class_id);
}

}  // namespace shrike
