// The 63 convolutions of YOLOv8n at 640 x 640, in the order of their first appearance.
#pragma once

#include <cstdint>

namespace shrike::kernels::bench {

struct Layer {
  int64_t in, out;         // channels
  int64_t kernel, stride;  // padding kernel / 2
  int64_t size;            // of the output, square
  bool silu;
  int count;  // layers of this shape
  int64_t groups = 1;
};

inline constexpr Layer kYolov8n[] = {
    {3, 16, 3, 2, 320, true, 1},   {16, 32, 3, 2, 160, true, 1},  {32, 32, 1, 1, 160, true, 1},
    {16, 16, 3, 1, 160, true, 2},  {48, 32, 1, 1, 160, true, 1},  {32, 64, 3, 2, 80, true, 1},
    {64, 64, 1, 1, 80, true, 1},   {32, 32, 3, 1, 80, true, 6},   {128, 64, 1, 1, 80, true, 1},
    {64, 128, 3, 2, 40, true, 1},  {128, 128, 1, 1, 40, true, 1}, {64, 64, 3, 1, 40, true, 9},
    {256, 128, 1, 1, 40, true, 1}, {128, 256, 3, 2, 20, true, 1}, {256, 256, 1, 1, 20, true, 1},
    {128, 128, 3, 1, 20, true, 4}, {384, 256, 1, 1, 20, true, 3}, {256, 128, 1, 1, 20, true, 1},
    {512, 256, 1, 1, 20, true, 1}, {384, 128, 1, 1, 40, true, 1}, {192, 128, 1, 1, 40, true, 3},
    {192, 64, 1, 1, 80, true, 1},  {96, 64, 1, 1, 80, true, 1},   {64, 64, 3, 2, 40, true, 1},
    {128, 128, 3, 2, 20, true, 1}, {64, 64, 3, 1, 80, true, 2},   {64, 64, 1, 1, 80, false, 1},
    {128, 64, 3, 1, 40, true, 1},  {64, 64, 1, 1, 40, false, 1},  {256, 64, 3, 1, 20, true, 1},
    {64, 64, 3, 1, 20, true, 1},   {64, 64, 1, 1, 20, false, 1},  {64, 80, 3, 1, 80, true, 1},
    {80, 80, 3, 1, 80, true, 1},   {80, 80, 1, 1, 80, false, 1},  {128, 80, 3, 1, 40, true, 1},
    {80, 80, 3, 1, 40, true, 1},   {80, 80, 1, 1, 40, false, 1},  {256, 80, 3, 1, 20, true, 1},
    {80, 80, 3, 1, 20, true, 1},   {80, 80, 1, 1, 20, false, 1},
};

}  // namespace shrike::kernels::bench
