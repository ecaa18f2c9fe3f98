#include "train/channels_last_conv.h"

#include <ATen/ATen.h>

#include "train/channels_last_parts.h"
#include "train/conv_function.h"
#include "train/map_norm.h"
#include "train/rank_norm.h"

namespace shrike::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::CppNode;
using torch::autograd::Variable;
using torch::autograd::variable_list;

// The maps of a context: its first saved variables are others.
c10::IValue capsule(const c10::intrusive_ptr<MapParts>& parts) {
  return c10::IValue::make_capsule(parts);
}
c10::intrusive_ptr<MapParts> parts_in(AutogradContext& context) {
  return c10::static_intrusive_pointer_cast<MapParts>(context.saved_data["parts"].toCapsule());
}

class JoinFunction : public torch::autograd::Function<JoinFunction> {
 public:
  static Variable forward(AutogradContext* context, at::TensorList maps, const KeptMap* kept) {
    context->saved_data["parts"] = capsule(kept->parts);
    context->save_for_backward(kept->kept);
    std::vector<int64_t> channels;
    for (const at::Tensor& map : maps) channels.push_back(map.size(1));
    context->saved_data["channels"] = channels;
    const at::Tensor out =
        at::empty(kept->parts->sizes, maps[0].options(), at::MemoryFormat::ChannelsLast);
    int64_t at = 0;
    for (const at::Tensor& map : maps) {
      write_channels(map, out, at);
      at += map.size(1);
    }
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    variable_list parts =
        at::split_with_sizes(gradients[0], context->saved_data["channels"].toIntVector(), 1);
    parts.emplace_back();
    return parts;
  }
};

class ChannelsLastFunction : public torch::autograd::Function<ChannelsLastFunction> {
 public:
  static constexpr size_t kOwn = 6;  // saved variables before those of the map it was given

  static Variable forward(AutogradContext* context, const Variable& given, const Variable& weights,
                          const Variable& scale, const Variable& shift, const ConvNormInputs* in,
                          const ConvNorm* op, double momentum, KeptMap kept,
                          const RankSum* over_ranks) {
    const at::Tensor x = given.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor z =
        convolve_forward(x, weights, *op).contiguous(at::MemoryFormat::ChannelsLast);
    const MapNorm norm = measure_norm(z, {scale, shift, in->running_mean, in->running_variance},
                                      op->epsilon, momentum, *over_ranks);
    if (!kept.parts) kept = kept_whole(x);
    remember(*context, *op);
    if (*over_ranks)
      context->saved_data["over_ranks"] =
          c10::IValue::make_capsule(c10::make_intrusive<KeptRankSum>(*over_ranks));
    context->saved_data["parts"] = capsule(kept.parts);
    context->saved_data["wants_x"] = given.requires_grad();
    variable_list saved{weights, z, norm.mean, norm.inverse, norm.slope, norm.offset};
    saved.insert(saved.end(), kept.kept.begin(), kept.kept.end());
    context->save_for_backward(std::move(saved));
    const at::Tensor y = at::empty(z.sizes(), z.options(), at::MemoryFormat::ChannelsLast);
    apply_norm(op->activation, norm, z, {0, z.size(1)}, y, 0);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!context->saved_data.count("done"), "a convolution with batch norm goes back once");
    context->saved_data["done"] = true;  // z gives way to its gradient
    const variable_list saved = context->get_saved_variables();
    const ConvNorm op = remembered(*context);
    const at::Tensor &weights = saved[0], &z = saved[1];
    const NormGradients norm =
        norm_backward(op.activation, norm_in(saved), gradients[0], z, sum_in(*context));
    gradients[0].reset();
    const at::Tensor x = computed_again(*parts_in(*context),
                                        at::TensorList(saved.data() + kOwn, saved.size() - kOwn));
    const ConvGradients conv =
        convolve_backward(z, x, weights, op, context->saved_data["wants_x"].toBool());
    return {conv.x,       conv.weights, norm.scale,   norm.shift,   at::Tensor(),
            at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }

  static void write(torch::autograd::Node& node, int64_t first, int64_t count,
                    const at::Tensor& out, int64_t at) {
    AutogradContext& context = static_cast<CppNode<ChannelsLastFunction>&>(node).ctx_;
    const variable_list saved = context.get_saved_variables();
    apply_norm(remembered(context).activation, norm_in(saved), saved[1], {first, count}, out, at);
  }

 private:
  static RankSum sum_in(AutogradContext& context) {
    const auto found = context.saved_data.find("over_ranks");
    if (found == context.saved_data.end()) return {};
    return c10::static_intrusive_pointer_cast<KeptRankSum>(found->second.toCapsule())->sum;
  }
  static MapNorm norm_in(const variable_list& saved) {
    return {saved[2], saved[3], saved[4], saved[5]};
  }
};

// Whether x is some channels of `whole`, or all.
bool are_channels_of(const at::Tensor& x, const at::Tensor& whole) {
  const int64_t first = x.storage_offset() - whole.storage_offset();
  return x.dim() == 4 && x.strides() == whole.strides() && x.size(0) == whole.size(0) &&
         x.size(2) == whole.size(2) && x.size(3) == whole.size(3) && first >= 0 &&
         first + x.size(1) <= whole.size(1);
}

// How x is kept; without parts where that is as it is.
KeptMap how_to_keep(const Variable& x) {
  if (!x.requires_grad()) return {};
  const Variable whole = x.is_view() ? Variable(x._base()) : x;
  const NodePointer maker = whole.grad_fn();
  if (dynamic_cast<CppNode<ChannelsLastFunction>*>(maker.get()) && are_channels_of(x, whole)) {
    auto parts = c10::make_intrusive<MapParts>();
    parts->parts.push_back({maker, ChannelsLastFunction::write,
                            x.storage_offset() - whole.storage_offset(), x.size(1)});
    parts->sizes = x.sizes().vec();
    return {std::move(parts), {}};
  }
  auto* join = dynamic_cast<CppNode<JoinFunction>*>(maker.get());
  if (!join || x.is_view()) return {};
  return {parts_in(join->ctx_), join->ctx_.get_saved_variables()};
}

}  // namespace

bool takes_channels_last(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 && x.numel() > 0;
}

at::Tensor channels_last_conv_norm(const ConvNormInputs& in, const ConvNorm& op, double momentum,
                                   const RankSum& over_ranks) {
  return ChannelsLastFunction::apply(in.x, in.weights, in.scale, in.shift, &in, &op, momentum,
                                     how_to_keep(in.x), &over_ranks);
}

at::Tensor channels_last_join(at::TensorList maps) {
  KeptMap joined{c10::make_intrusive<MapParts>(), {}};
  joined.parts->sizes = maps[0].sizes().vec();
  joined.parts->sizes[1] = 0;
  for (const at::Tensor& map : maps) {
    KeptMap kept = how_to_keep(map);
    if (!kept.parts) kept = kept_whole(map);
    std::vector<MapPart>& parts = joined.parts->parts;
    parts.insert(parts.end(), kept.parts->parts.begin(), kept.parts->parts.end());
    joined.kept.insert(joined.kept.end(), kept.kept.begin(), kept.kept.end());
    joined.parts->sizes[1] += map.size(1);
  }
  return JoinFunction::apply(maps, &joined);
}

}  // namespace shrike::train
