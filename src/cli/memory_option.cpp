#include "cli/memory_option.h"

#include "base/memory.h"

namespace shrike {

void add_memory_option(CLI::App& app) {
  const auto set = [](const uint64_t& bytes) { set_memory_limit(bytes); };
  app.add_option_function<uint64_t>(
         "--max-memory", set,
         "Memory for weights and activations, as 512M or 8G (three quarters of the machine's when "
         "absent)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber);
}

}  // namespace shrike
