#include "cli/memory_option.h"

#include "base/memory.h"
#include "cli/value_names.h"
#include "cli/values.h"

namespace shrike {

void add_memory_option(CLI::App& app) {
  const auto check = [](const std::string& text) {
    const Result<uint64_t> bytes = parse_bytes(text);
    return bytes ? std::string() : bytes.error().message;
  };
  const auto set = [](const std::string& text) { set_memory_limit(*parse_bytes(text)); };
  app.add_option_function<std::string>(
         "--max-memory", set,
         "Memory for weights and activations, as 512M or 8G (three quarters of the machine's when "
         "absent)")
      ->type_name(kBytesValue)
      ->check(CLI::Validator(check, ""));
}

}  // namespace shrike
