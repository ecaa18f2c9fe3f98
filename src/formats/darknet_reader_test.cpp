#include "formats/darknet_reader.h"

#include <gtest/gtest.h>

#include "formats/darknet/test_net.h"
#include "ir/text.h"
#include "ir/verify.h"

namespace shrike::darknet {
namespace {

// 8x8 pictures; every kind of section. Behind each is the number of its floats.
const std::string kNet =
    "[net]\nwidth=8\nheight=8\nchannels=2\nletter_box=1\n"
    "[convolutional]\nbatch_normalize=1\nfilters=2\nsize=1\nactivation=leaky\n"  // 12
    "[maxpool]\nsize=2\nstride=2\n"                                              //
    "[dropout]\nprobability=.5\n"                                                //
    "[convolutional]\nfilters=2\nsize=3\npad=1\ngroups=2\nactivation=relu6\n"    // 20
    "[shortcut]\nfrom=-3\nactivation=linear\n"                                   //
    "[convolutional]\nfilters=7\nsize=1\nactivation=linear\n"                    // 21
    "[yolo]\nmask=1\nanchors=1,2, 3,4\nclasses=2\nscale_x_y=1.05\n"              //
    "[route]\nlayers=-3\ngroups=2\ngroup_id=1\n"                                 //
    "[upsample]\nstride=2\n"                                                     //
    "[route]\nlayers=-1,0\n"                                                     //
    "[convolutional]\nfilters=7\nsize=1\nstride=1\nactivation=linear\n"          // 28
    "[yolo]\nmask=0\nanchors=1,2, 3,4\nclasses=2\n";
constexpr size_t kFloats = 12 + 20 + 21 + 28;

std::string error(const std::string& cfg, size_t floats = kFloats) {
  const Result<Graph> graph = read_net(cfg, weights_bytes(floats));
  if (graph) return "";
  EXPECT_EQ(graph.error().kind, ErrorKind::kModel);
  EXPECT_NE(graph.error().message.find("tiny."), std::string::npos) << graph.error().message;
  return graph.error().message;
}

// kNet with one text replaced by another.
std::string changed(const std::string& from, const std::string& to) {
  std::string cfg = kNet;
  const size_t at = cfg.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return cfg.replace(at, from.size(), to);
}

void expect_error(const std::string& cfg, const std::vector<std::string>& parts) {
  const std::string message = error(cfg);
  EXPECT_NE(message, "");
  for (const std::string& part : parts)
    EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
}

TEST(DarknetReader, EverySectionBecomesItsNodes) {
  const Result<Graph> graph = read_net(kNet, weights_bytes(kFloats));
  ASSERT_TRUE(graph) << graph.error().message;
  const Result<void> valid = verify(*graph);
  EXPECT_TRUE(valid) << valid.error().message;
  EXPECT_EQ(print_graph(*graph), R"(graph "tiny"
meta "imgsz" "[8, 8]"
meta "preprocess" "darknet_letterbox"
meta "stride" "2"
meta "task" "detect"
input %images: f32[1,2,8,8]
const %layer_0_bn_bias: f32[2] = [1, 2]
const %layer_0_bn_scale: f32[2] = [3, 4]
const %layer_0_bn_mean: f32[2] = [5, 6]
const %layer_0_bn_var: f32[2] = [7, 8]
const %layer_0_weights: f32[2,2,1,1] = [9, 10, 11, 12]
const %layer_3_bias: f32[2] = [13, 14]
const %layer_3_weights: f32[2,1,3,3] = [15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32]
const %layer_3_low: f32[] = [0]
const %layer_3_high: f32[] = [6]
const %layer_5_bias: f32[7] = [33, 34, 35, 36, 37, 38, 39]
const %layer_5_weights: f32[7,2,1,1] = [40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53]
const %layer_7_start: i64[1] = [1]
const %layer_7_end: i64[1] = [2]
const %layer_7_axis: i64[1] = [1]
const %layer_8_scales: f32[4] = [1, 1, 2, 2]
const %layer_10_bias: f32[7] = [54, 55, 56, 57, 58, 59, 60]
const %layer_10_weights: f32[7,3,1,1] = [61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81]
%layer_0_conv: f32[1,2,8,8] = Conv(%images, %layer_0_weights) @"layer_0_conv"
%layer_0_bn: f32[1,2,8,8] = BatchNormalization(%layer_0_conv, %layer_0_bn_scale, %layer_0_bn_bias, %layer_0_bn_mean, %layer_0_bn_var) @"layer_0_bn"
%layer_0_leaky: f32[1,2,8,8] = LeakyRelu(%layer_0_bn) alpha=0.1 @"layer_0_leaky"
%layer_1_maxpool: f32[1,2,4,4] = MaxPool(%layer_0_leaky) kernel_shape=[2, 2] strides=[2, 2] pads=[0, 0, 1, 1] @"layer_1_maxpool"
%layer_3_conv: f32[1,2,4,4] = Conv(%layer_1_maxpool, %layer_3_weights, %layer_3_bias) pads=[1, 1, 1, 1] group=2 @"layer_3_conv"
%layer_3_relu6: f32[1,2,4,4] = Clip(%layer_3_conv, %layer_3_low, %layer_3_high) @"layer_3_relu6"
%layer_4_shortcut: f32[1,2,4,4] = Add(%layer_3_relu6, %layer_1_maxpool) @"layer_4_shortcut"
%layer_5_conv: f32[1,7,4,4] = Conv(%layer_4_shortcut, %layer_5_weights, %layer_5_bias) @"layer_5_conv"
%layer_7_group: f32[1,1,4,4] = Slice(%layer_4_shortcut, %layer_7_start, %layer_7_end, %layer_7_axis) @"layer_7_group"
%layer_8_upsample: f32[1,1,8,8] = Resize(%layer_7_group, %layer_8_scales) coordinate_transformation_mode=asymmetric nearest_mode=floor @"layer_8_upsample"
%layer_9_route: f32[1,3,8,8] = Concat(%layer_8_upsample, %layer_0_leaky) axis=1 @"layer_9_route"
%layer_10_conv: f32[1,7,8,8] = Conv(%layer_9_route, %layer_10_weights, %layer_10_bias) @"layer_10_conv"
%output0: f32[1,80,7] = Head(%layer_5_conv, %layer_10_conv) kind=darknet num_classes=2 strides=[2, 1] anchors=[3, 4, 1, 2] scale_xy=[1.05, 1] @"output0"
output %output0
)");
}

TEST(DarknetReader, WeightsAreUsedToTheLastFloat) {
  EXPECT_NE(error(kNet, kFloats - 3).find("3 floats (12 bytes) are missing"), std::string::npos);
  EXPECT_NE(error(kNet, 0).find("81 floats (324 bytes) are missing"), std::string::npos);
  EXPECT_NE(error(kNet, kFloats + 2).find("2 floats (8 bytes) are left over"), std::string::npos);
  std::string odd = weights_bytes(kFloats) + "xyz";
  const Result<Graph> graph = read_net(kNet, odd);
  ASSERT_FALSE(graph);
  EXPECT_NE(graph.error().message.find("0 floats (3 bytes) are left over"), std::string::npos);
}

TEST(DarknetReader, HeadersOfBothVersions) {
  EXPECT_TRUE(read_net(kNet, weights_bytes(kFloats, 0, 1)));
  EXPECT_TRUE(read_net(kNet, weights_bytes(kFloats, 0, 2)));
  EXPECT_TRUE(read_net(kNet, weights_bytes(kFloats, 1, 0)));
  const std::string whole = weights_bytes(0);
  for (size_t length = 0; length < whole.size(); ++length) {
    const Result<Graph> graph = read_net(kNet, whole.substr(0, length));
    ASSERT_FALSE(graph);
    EXPECT_NE(graph.error().message.find("header"), std::string::npos);
  }
  EXPECT_FALSE(read_net(kNet, "this is no weights file"));
}

TEST(DarknetReader, MaxPoolPadsAsDarknet) {
  const auto pool = [](const std::string& options) {
    const std::string cfg = "[net]\nwidth=7\nheight=7\nchannels=1\n[maxpool]\n" + options +
                            "\n[convolutional]\nfilters=6\nactivation=linear\n"
                            "[yolo]\nmask=0\nanchors=1,2\nclasses=1\n";
    const Result<Graph> graph = read_net(cfg, weights_bytes(12));
    if (!graph) return graph.error().message;
    const std::string text = print_graph(*graph);
    const size_t at = text.find("%layer_0_maxpool: ");
    return text.substr(at + 18, text.find(" @", at) - at - 18);
  };
  EXPECT_EQ(pool("size=2\nstride=1"),
            "f32[1,1,7,7] = MaxPool(%images) kernel_shape=[2, 2] pads=[0, 0, 1, 1]");
  EXPECT_EQ(pool("size=5\nstride=1"),
            "f32[1,1,7,7] = MaxPool(%images) kernel_shape=[5, 5] pads=[2, 2, 2, 2]");
  EXPECT_EQ(pool("size=7\nstride=7\npadding=0"),
            "f32[1,1,1,1] = MaxPool(%images) kernel_shape=[7, 7] strides=[7, 7]");
}

TEST(DarknetReader, ActivationsByName) {
  const auto activation = [](const std::string& name) {
    const Result<Graph> graph =
        read_net(changed("activation=leaky", "activation=" + name), weights_bytes(kFloats));
    if (!graph) return graph.error().message;
    const std::string text = print_graph(*graph);
    const size_t at = text.find("%layer_0_" + name + ": f32[1,2,8,8] = ");
    if (at == std::string::npos) return std::string("none");
    const size_t start = text.find(" = ", at) + 3;
    return text.substr(start, text.find(" @", at) - start);
  };
  EXPECT_EQ(activation("leaky"), "LeakyRelu(%layer_0_bn) alpha=0.1");
  EXPECT_EQ(activation("relie"), "LeakyRelu(%layer_0_bn) alpha=0.01");
  EXPECT_EQ(activation("linear"), "none");
  EXPECT_EQ(activation("relu"), "Relu(%layer_0_bn)");
  EXPECT_EQ(activation("logistic"), "Sigmoid(%layer_0_bn)");
  EXPECT_EQ(activation("mish"), "Mish(%layer_0_bn)");
  EXPECT_EQ(activation("swish"), "Silu(%layer_0_bn)");
  EXPECT_EQ(activation("tanh"), "Tanh(%layer_0_bn)");
  EXPECT_EQ(activation("elu"), "Elu(%layer_0_bn) alpha=1");
  EXPECT_EQ(activation("hardtan"), "Clip(%layer_0_bn, %layer_0_low, %layer_0_high)");
  EXPECT_NE(activation("plse").find("[convolutional] (layer 0, line 6): activation 'plse'"),
            std::string::npos);
}

TEST(DarknetReader, UnsupportedSectionsAndOptionsAreNamed) {
  expect_error(changed("[dropout]", "[lstm]"), {"tiny.cfg", "[lstm] (layer 2, line 14)"});
  expect_error(changed("[dropout]", "[net]"), {"[net] (layer 2"});
  expect_error(changed("scale_x_y", "new_coords=1\nscale_x_y"), {"new_coords=1"});
  expect_error(changed("filters=2", "xnor=1\nfilters=2"), {"xnor=1"});
  expect_error(changed("from=-3", "from=-3\nweights_type=per_channel"), {"weights_type"});
  expect_error(changed("stride=2\n[route]", "stride=-2\n[route]"), {"stride=-2"});
  expect_error(changed("pad=1", "pad=0\ndilation=2"), {"dilation"});
}

TEST(DarknetReader, SizesAreChecked) {
  expect_error(changed("width=8\n", ""), {"[net]", "width is missing"});
  expect_error(changed("width=8", "width=0"), {"width=0"});
  expect_error(changed("width=8", "width=70000"), {"width=70000"});
  expect_error(changed("filters=2", "filters=0"), {"filters=0"});
  expect_error(changed("groups=2", "groups=3"), {"groups"});
  expect_error(changed("size=3\npad=1", "size=99\npad=0"), {"[convolutional] (layer 3"});
  expect_error(changed("filters=2", "filters=1048576\nsize=1048576"), {"too large"});
  expect_error(changed("filters=2", "filters=65536\nsize=256\npadding=256"), {"too large"});
  expect_error(changed("from=-3", "from=-5"), {"layer -5"});
  expect_error(changed("from=-3", "from=4"), {"layer 4"});
  expect_error(changed("from=-3", "from=0"), {"1x2x8x8", "equal shapes"});
  expect_error(changed("layers=-1,0", "layers=-1,1"), {"layer 9"});
  expect_error(changed("layers=-1,0", "layers=-1,6"), {"[yolo]"});
  expect_error(changed("layers=-1,0", ""), {"names no layers"});
  expect_error(changed("group_id=1", "group_id=2"), {"group_id=2"});
  expect_error(changed("groups=2\ngroup_id", "groups=3\ngroup_id"), {"3 groups"});
}

// Each layer names the first many times over, and takes a part of it each time.
TEST(DarknetReader, NodesAreLimited) {
  std::string sources = "0";
  for (int i = 1; i < 256; ++i) sources += ",0";
  std::string cfg = "[net]\nwidth=8\nheight=8\nchannels=2\n[maxpool]\n";
  for (int i = 0; i < 50; ++i) cfg += "[route]\ngroups=2\nlayers=" + sources + "\n";
  expect_error(cfg, {"[route] (layer 39, line 120)", "more than 10000 nodes"});
}

TEST(DarknetReader, YoloSectionsMustFit) {
  expect_error(changed("mask=1", "mask=2"), {"mask names anchor 2 of 2"});
  expect_error(changed("mask=1", "mask=0,1"), {"7 channels", "14"});
  expect_error(changed("classes=2", "classes=3"), {"7 channels", "8"});
  expect_error(changed("anchors=1,2, 3,4", "anchors=1,2,3"), {"anchors"});
  expect_error(changed("[route]\nlayers=-3\n", "[upsample]\n[route]\nlayers=-3\n"),
               {"cannot follow a [yolo]"});
  std::string none = kNet.substr(0, kNet.find("[yolo]"));
  EXPECT_NE(error(none, 12 + 20 + 21).find("no [yolo]"), std::string::npos);
  // Both maps fit their own section, the sections do not fit each other.
  std::string differ = kNet;
  differ.replace(differ.rfind("filters=7"), 9, "filters=8");
  differ.replace(differ.rfind("classes=2"), 9, "classes=3");
  EXPECT_NE(error(differ, kFloats + 4).find("differ"), std::string::npos);
}

TEST(DarknetReader, MissingFilesAreNamed) {
  const TestFolder folder;
  const Result<Graph> no_cfg = read_darknet(folder / "a.cfg", folder / "a.weights");
  ASSERT_FALSE(no_cfg);
  EXPECT_NE(no_cfg.error().message.find("a.cfg"), std::string::npos);
  ASSERT_TRUE(write_file(folder / "a.cfg", kNet));
  const Result<Graph> no_weights = read_darknet(folder / "a.cfg", folder / "a.weights");
  ASSERT_FALSE(no_weights);
  EXPECT_NE(no_weights.error().message.find("a.weights"), std::string::npos);
}

}  // namespace
}  // namespace shrike::darknet
