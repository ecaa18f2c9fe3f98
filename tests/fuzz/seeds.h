// What the harnesses start from: small sound files of every kind the parsers know.
#pragma once

#include <string>
#include <vector>

namespace shrike::fuzz {

std::vector<std::string> onnx_seeds();
std::vector<std::string> graph_text_seeds();
std::vector<std::string> names_seeds();
std::vector<std::string> darknet_cfg_seeds();
std::vector<std::string> darknet_weights_seeds();
std::vector<std::string> npy_seeds();
std::vector<std::string> safetensors_seeds();
std::vector<std::string> data_yaml_seeds();
std::vector<std::string> coco_seeds();
std::vector<std::string> voc_seeds();
std::vector<std::string> yolo_labels_seeds();
std::vector<std::string> data_set_seeds();
// The pictures of src/vision/testdata by their endings.
std::vector<std::string> jpeg_seeds();
std::vector<std::string> png_seeds();
std::vector<std::string> webp_seeds();
std::vector<std::string> bmp_seeds();
std::vector<std::string> pnm_seeds();

}  // namespace shrike::fuzz
