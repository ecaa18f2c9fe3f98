// What the tests against the originals' numbers share: golden/*.json, and the maps that
// golden/inputs.py makes.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/json.h"
#include "ir/ops/head.h"

namespace shrike::train::testing {

// Null where it cannot be read.
inline Json golden_file(const std::string& name) {
  const std::string path = std::string(SHRIKE_TRAIN_GOLDEN) + "/" + name;
  const Result<std::string> text = read_text(path, ErrorKind::kInput);
  if (!text) return Json();
  const Result<Json> parsed = parse_json(*text, path);
  return parsed ? *parsed : Json();
}

// inputs.py's: the upper 24 bits of a linear congruential generator, -1 to 1.
inline at::Tensor noise(uint32_t seed, int64_t count) {
  at::Tensor values = at::empty({count}, at::kDouble);
  double* to = values.data_ptr<double>();
  for (int64_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    to[i] = static_cast<double>(seed >> 8) / 8388608.0 - 1;
  }
  return values;
}
inline constexpr uint32_t kProbe = 99;

// `more`: to the case's seed.
inline std::vector<at::Tensor> maps_of(const Json& c, size_t more = 0) {
  std::vector<at::Tensor> maps;
  for (const int64_t stride : c["strides"].get<std::vector<int64_t>>())
    for (const Json& style : c["maps"]) {
      const int64_t n = c["batch"], channels = style["channels"];
      const int64_t height = c["height"].get<int64_t>() / stride,
                    width = c["width"].get<int64_t>() / stride;
      const auto seed = static_cast<uint32_t>(c["seed"].get<size_t>() + more + maps.size());
      const at::Tensor map = noise(seed, n * channels * height * width);
      const at::Tensor place =
          at::arange(channels, at::kDouble).remainder(style["period"].get<int64_t>());
      maps.push_back(map.view({n, channels, height, width}) * style["spread"].get<double>() +
                     style["shift"].get<double>() +
                     (place * style["tilt"].get<double>()).view({1, -1, 1, 1}));
    }
  return maps;
}

inline Head head_of(const Json& c) {
  static const std::map<std::string, HeadKind> kKinds = {{"anchor_free", HeadKind::kAnchorFree},
                                                         {"anchor", HeadKind::kAnchor},
                                                         {"darknet", HeadKind::kDarknet},
                                                         {"yolox", HeadKind::kYolox}};
  Head head;
  head.kind = kKinds.at(c["kind"]);
  head.num_classes = c["classes"];
  head.strides = c["strides"].get<std::vector<int64_t>>();
  if (c.contains("reg_max")) head.reg_max = c["reg_max"];
  if (c.contains("rule") && c["rule"] != "many") head.max_det = 300;
  if (c.contains("anchors")) head.anchors = c["anchors"].get<std::vector<float>>();
  if (c.contains("scale_xy")) head.scale_xy = c["scale_xy"].get<std::vector<float>>();
  return head;
}

inline void expect_near(double got, double expected, double tolerance, const std::string& what) {
  EXPECT_NEAR(got, expected, tolerance * (1e-3 + std::abs(expected))) << what;
}

inline void expect_gradient(const at::Tensor& gradient, const Json& expected,
                            const std::string& map) {
  const at::Tensor flat = gradient.contiguous().flatten();
  const double norm = expected["norm"];
  expect_near(flat.norm().item<double>(), norm, 1e-5, "norm" + map);
  EXPECT_NEAR(at::dot(flat, noise(kProbe, flat.numel())).item<double>(),
              expected["probe"].get<double>(), 1e-5 * (1e-3 + norm))
      << "sum with weights" << map;
  for (const Json& at : expected["at"])
    EXPECT_NEAR(flat[at[0].get<int64_t>()].item<double>(), at[1].get<double>(),
                1e-5 * (1e-3 + norm))
        << "element " << at[0] << map;
}

}  // namespace shrike::train::testing
