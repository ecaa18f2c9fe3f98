#include <shrike/shrike.h>

namespace shrike::v0 {

const char* version() noexcept { return SHRIKE_VERSION; }

}  // namespace shrike::v0
