// NetworkBuilder: networks of the published families written as a graph, layer by layer.
//
// A layer's name is that of its module in the published models ("model.2.cv1"), its constants are
// named as in their files ("model.2.cv1.conv.weight", "model.2.cv1.bn.running_mean"), so that
// weights of one can be recognised in the other. Weights are zero and batch norms do nothing until
// initialise() (zoo/initialise.h) has gone over them. Values are feature maps (1, C, H, W), shapes
// known throughout. Sizes are our own tables': a wrong one is a broken invariant.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace shrike::zoo {

struct ConvShape {
  int64_t out = 1, kernel = 1, stride = 1, group = 1;
};

class NetworkBuilder {
 public:
  // epsilon 1e-3: as Ultralytics' families have it.
  NetworkBuilder(int64_t height, int64_t width, Unary activation, float epsilon = 1e-3f);

  ValueId picture() const { return graph_.inputs[0]; }
  const Shape& shape(ValueId id) const { return *graph_.value(id).shape; }
  int64_t channels(ValueId id) const { return shape(id)[1]; }

  // Convolution without a bias, batch norm and the activation. Padded by kernel / 2.
  ValueId conv(const std::string& name, ValueId x, const ConvShape& shape);
  ValueId conv_without_activation(const std::string& name, ValueId x, const ConvShape& shape);
  // 1x1 with a bias: what leaves a raw map.
  ValueId predictor(const std::string& name, ValueId x, int64_t out);

  ValueId max_pool(const std::string& name, ValueId x, int64_t kernel, int64_t stride);
  ValueId upsample(const std::string& name, ValueId x);  // twice, nearest
  ValueId concat(const std::string& name, std::vector<ValueId> parts, int64_t axis = 1);
  std::vector<ValueId> split(const std::string& name, ValueId x, const std::vector<int64_t>& sizes,
                             int64_t axis = 1);
  ValueId add(const std::string& name, ValueId a, ValueId b);
  // Any other node.
  ValueId node(const std::string& name, Op op, std::vector<ValueId> inputs);
  ValueId ints(const std::string& name, const std::vector<int64_t>& values);
  ValueId scalar(const std::string& name, float value);

  // The head over these maps becomes the graph's only output, "output0". Verified by assert.
  Graph finish(const Head& head, std::vector<ValueId> maps);

 private:
  ValueId floats(const std::string& name, Shape shape, float value);

  Graph graph_;
  Unary activation_;
  float epsilon_;
};

}  // namespace shrike::zoo
