// What libFuzzer calls. Which harness: SHRIKE_HARNESS in the environment.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "harness.h"

namespace {

using shrike::fuzz::Harness;

const Harness& chosen() {
  static const Harness* const harness = [] {
    const char* name = std::getenv("SHRIKE_HARNESS");
    const Harness* found = shrike::fuzz::find_harness(name ? name : "");
    if (!found) {
      std::fputs("SHRIKE_HARNESS names no harness; there are:", stderr);
      for (const Harness& row : shrike::fuzz::harnesses())
        std::fprintf(stderr, " %s", std::string(row.name).c_str());
      std::fputs("\n", stderr);
      std::exit(2);
    }
    return found;
  }();
  return *harness;
}

}  // namespace

extern "C" {

size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

int LLVMFuzzerInitialize(int*, char***) {
  shrike::fuzz::limit_tensors();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chosen().run(std::as_bytes(std::span(data, size)));
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  // One in four changes bytes even where messages could be changed: damage must be met, too.
  if (!chosen().mutate || seed % 4 == 0) return LLVMFuzzerMutate(data, size, most);
  const std::string changed =
      chosen().mutate({reinterpret_cast<const char*>(data), size}, seed / 4);
  if (changed.empty() || changed.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}
}
