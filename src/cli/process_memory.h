// How much memory this process has held at most.
#pragma once

namespace shrike {

// Peak resident set in MB (10^6 bytes); 0 where the system does not tell.
double peak_rss_mb();

}  // namespace shrike
