#include <cstdio>
#include <cstdlib>

#include "base/memory.h"
#include "harness.h"
#include "onnx_mutator.h"
#include "seeds.h"

namespace shrike::fuzz {

namespace {

constexpr size_t kKilo = 1024;

constexpr Harness kHarnesses[] = {
    {"onnx", run_onnx, onnx_seeds, 32 * kKilo, mutate_onnx},
    {"onnx_run", run_onnx_run, onnx_seeds, 32 * kKilo, mutate_onnx},
    {"graph_text", run_graph_text, graph_text_seeds, 8 * kKilo},
    {"names", run_names, names_seeds, 4 * kKilo},
    {"darknet_cfg", run_darknet_cfg, darknet_cfg_seeds, 4 * kKilo},
    {"darknet_weights", run_darknet_weights, darknet_weights_seeds, kKilo},
    {"npy", run_npy, npy_seeds, kKilo},
    {"safetensors", run_safetensors, safetensors_seeds, 2 * kKilo},
    {"data_yaml", run_data_yaml, data_yaml_seeds, 4 * kKilo},
    {"coco", run_coco, coco_seeds, 4 * kKilo},
    {"voc", run_voc, voc_seeds, 4 * kKilo},
    {"yolo_labels", run_yolo_labels, yolo_labels_seeds, 2 * kKilo},
    {"data_set", run_data_set, data_set_seeds, 2 * kKilo},
    {"jpeg", run_picture, jpeg_seeds, 8 * kKilo},
    {"png", run_picture, png_seeds, 8 * kKilo},
    {"webp", run_picture, webp_seeds, 8 * kKilo},
    {"bmp", run_picture, bmp_seeds, 8 * kKilo},
    {"pnm", run_picture, pnm_seeds, 8 * kKilo},
};

}  // namespace

void limit_tensors() { set_memory_limit(size_t{128} << 20); }

std::span<const Harness> harnesses() { return kHarnesses; }

const Harness* find_harness(std::string_view name) {
  for (const Harness& row : kHarnesses)
    if (row.name == name) return &row;
  return nullptr;
}

void require(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

}  // namespace shrike::fuzz
