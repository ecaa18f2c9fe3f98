#include "cli/pixels_option.h"

#include <climits>

#include "cli/arguments.h"
#include "vision/decode.h"

namespace shrike {

void add_pixels_option(CLI::App& app) {
  app.add_option_function<int>(
         "--max-pixels", [](const int& pixels) { set_pixel_limit(pixels); },
         "Most pixels of a picture that is read (100000000 when absent)")
      ->check(whole_number_in(1, INT_MAX));
}

}  // namespace shrike
