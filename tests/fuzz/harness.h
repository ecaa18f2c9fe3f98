// Every parser of untrusted bytes as a function of bytes: what libFuzzer calls with inputs of its
// own (libfuzzer.cpp, ./shrikew fuzz) and the suite with those that once went wrong (replay.cpp).
//
// A harness must come back, whatever the bytes: a crash, a sanitizer's report, an allocation beyond
// what the bytes justify and a broken promise (require()) are findings.
//
// To add one: a function and its seeds in a file here, its row in harnesses.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shrike::fuzz {

using Bytes = std::span<const std::byte>;

struct Harness {
  std::string_view name;  // of its folder of the corpus, too
  void (*run)(Bytes input);
  // Small sound inputs to start from, the same in every run.
  std::vector<std::string> (*seeds)();
  size_t most_bytes;  // of an input worth trying
  // Another input made of `input`, or nothing where that is no sound message; null: bytes alone are
  // changed. The same for the same seed.
  std::string (*mutate)(std::string_view input, unsigned seed) = nullptr;
};

// What comes before any harness: tensors may take no more than an eighth of a gigabyte from now on.
// Whatever else is allocated at once libFuzzer limits (scripts/fuzz.sh).
void limit_tensors();

std::span<const Harness> harnesses();
// Null where there is none of that name.
const Harness* find_harness(std::string_view name);

void run_onnx(Bytes input);         // a model as detect, run and convert take it, up to the plan
void run_onnx_run(Bytes input);     // a model that runs, and detects
void run_graph_text(Bytes input);   // ir/text.h: print and parse are inverse
void run_names(Bytes input);        // formats/names_literal.h: names, sizes, strides, names files
void run_darknet_cfg(Bytes input);  // the network, with weights that are always the same
void run_darknet_weights(Bytes input);  // the weights of a fixed network
void run_npy(Bytes input);
void run_safetensors(Bytes input);
void run_data_yaml(Bytes input);
void run_coco(Bytes input);
void run_voc(Bytes input);
void run_yolo_labels(Bytes input);
void run_data_set(Bytes input);  // a folder, read and written in every format
void run_picture(Bytes input);   // vision/decode.h

// Ends the process with `promise` on standard error unless it holds.
void require(bool holds, std::string_view promise);

// Whether there is a value; of an error that no file decides how long its message gets.
template <typename T>
bool has_value(const Result<T>& result) {
  constexpr size_t kMostBytes = 4096;
  require(result.ok() || result.error().message.size() <= kMostBytes, "messages are short");
  return result.ok();
}

inline std::string_view as_text(Bytes input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

}  // namespace shrike::fuzz
