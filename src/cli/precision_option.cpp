#include "cli/precision_option.h"

#include "base/cpu.h"
#include "cli/terminal.h"
#include "cli/value_names.h"
#include "cli/values.h"

namespace shrike {

namespace {

using kernels::Precision;

struct Choice {
  Precision value;
  std::string_view name;
};

constexpr Choice kPrecisions[] = {{Precision::kFp32, kFullPrecision},
                                  {Precision::kBfloat16, "bf16"}};

}  // namespace

void add_precision_option(CLI::App& app, std::string& precision) {
  app.add_option("--precision", precision,
                 "What convolutions may round what they multiply to: bf16 is faster on processors "
                 "with AMX, and AMD's with AVX512_BF16, and moves boxes a little")
      ->type_name(choice_value(kPrecisions))
      ->capture_default_str();
}

Result<Precision> parse_precision(const std::string& text) {
  SHRIKE_ASSIGN(const Precision precision, parse_choice("--precision", text, kPrecisions));
  if (precision == Precision::kBfloat16 && !cpu_features().fast_bf16())
    say("this processor has no faster products of bfloat16: nothing is rounded");
  return precision;
}

std::string arithmetic(const std::string& precision, bool tune) {
  return (cpu_features().fast_bf16() ? precision : kFullPrecision) +
         (tune ? ", kernels tuned on this machine" : "");
}

}  // namespace shrike
