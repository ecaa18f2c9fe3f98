// A picture made into a network's input, and boxes brought back from there.
//
// Three families, each pinned to what the original program does:
//  - Ultralytics (data/augment.py LetterBox, utils/ops.py scale_boxes, 8.4): scale
//    r = min(W / w, H / h), sides round_half_even(side * r) but at least 1, left and top padding
//    round(d / 2 - 0.1), fill 114, RGB, value / 255.
//  - Darknet (detector.c, image.c letterbox_image, correct_yolo_boxes): stretched to W x H; where
//    the cfg says letter_box=1, sides truncated, centred with d / 2 truncated, fill 0.5. RGB,
//    value / 255. Boxes come back with d / 2 not truncated, as there.
//  - YOLOX (data_augment.py preproc): sides truncated, picture at the top left, fill 114, BGR,
//    values 0..255.
// Resizing is that of resize.h in all of them.
#pragma once

#include "vision/box.h"
#include "vision/image.h"

namespace shrike {

enum class Fit { kCentre, kCentreTruncated, kTopLeft, kStretch };
enum class ChannelOrder { kRgb, kBgr };
enum class TensorLayout { kNchw, kNhwc };

struct Preprocess {
  Fit fit = Fit::kCentre;
  int width = 640, height = 640;  // of the network's input, at least 1
  float fill = 114;               // of the padding, 0..255, divided like every value
  ChannelOrder order = ChannelOrder::kRgb;
  float divisor = 255;

  static Preprocess ultralytics(int width, int height);
  static Preprocess darknet(int width, int height, bool letter_box);
  static Preprocess yolox(int width, int height);
};

// Where a picture lies in the network's input.
struct Placement {
  int picture_width = 0, picture_height = 0;
  int left = 0, top = 0, width = 0, height = 0;  // the resized picture, in pixels of the input
  // Input coordinate = picture coordinate * scale + pad: how boxes are mapped. It is the family's
  // own rule, which is not always exactly left, top, width and height.
  double scale_x = 1, scale_y = 1, pad_x = 0, pad_y = 0;

  // A box in pixels of the input as one in pixels of the picture, clipped to it.
  Box to_picture(const Box& box) const;
};

// Requires sides of at least 1.
Placement place(const Preprocess& preprocess, int picture_width, int picture_height);

// Fills `out`, 3 * width * height floats, and says where the picture lies. Requires a picture.
Placement fill_input(const Image& picture, const Preprocess& preprocess, TensorLayout layout,
                     float* out);

// The same in 8 bits, before anything is divided: NHWC, the fill rounded.
Placement fill_input_bytes(const Image& picture, const Preprocess& preprocess, uint8_t* out);

// The resized and padded picture in 8 bits, RGB whatever the order; the fill is rounded.
Image letterbox(const Image& picture, const Preprocess& preprocess);

}  // namespace shrike
