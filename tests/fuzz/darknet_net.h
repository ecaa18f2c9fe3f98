// A small Darknet network: every kind of section on pictures of 8x8.
#pragma once

#include <cstring>
#include <string>

namespace shrike::fuzz {

inline constexpr const char* kDarknetNet =
    "[net]\nwidth=8\nheight=8\nchannels=3\nletter_box=1\n"
    "[convolutional]\nbatch_normalize=1\nfilters=2\nsize=1\nactivation=leaky\n"
    "[maxpool]\nsize=2\nstride=2\n"
    "[dropout]\nprobability=.5\n"
    "[convolutional]\nfilters=2\nsize=3\npad=1\ngroups=2\nactivation=relu6\n"
    "[shortcut]\nfrom=-3\nactivation=linear\n"
    "[convolutional]\nfilters=7\nsize=1\nactivation=linear\n"
    "[yolo]\nmask=1\nanchors=1,2, 3,4\nclasses=2\nscale_x_y=1.05\n"
    "[route]\nlayers=-3\ngroups=2\ngroup_id=1\n"
    "[upsample]\nstride=2\n"
    "[route]\nlayers=-1,0\n"
    "[convolutional]\nfilters=7\nsize=1\nstride=1\nactivation=mish\n"
    "[yolo]\nmask=0\nanchors=1,2, 3,4\nclasses=2\n";
inline constexpr size_t kDarknetNetFloats = 14 + 20 + 21 + 28;

// The header of a weights file and `count` floats.
inline std::string darknet_weights_bytes(size_t count, int32_t minor = 2) {
  std::string out;
  for (const int32_t number : {int32_t{0}, minor, int32_t{5}})
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
  out.append(minor >= 2 ? 8 : 4, '\0');
  for (size_t i = 0; i < count; ++i) {
    const float value = 0.01f * static_cast<float>(i % 100 + 1);
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return out;
}

}  // namespace shrike::fuzz
