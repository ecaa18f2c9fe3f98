#include "onnx_mutator.h"

#include <cstring>
#include <deque>
#include <limits>
#include <protozero/exception.hpp>
#include <random>

#include "hostile_folder.h"
#include "onnx_message.h"
#include "onnx_words.h"

namespace shrike::fuzz {

namespace {

using onnx::AttributeType;

constexpr int64_t kOdd[] = {0,
                            1,
                            2,
                            3,
                            4,
                            5,
                            7,
                            8,
                            16,
                            17,
                            32,
                            64,
                            100,
                            255,
                            -1,
                            -2,
                            -3,
                            -4,
                            -7,
                            1024,
                            4096,
                            100'000,
                            int64_t{1} << 24,
                            int64_t{1} << 31,
                            int64_t{1} << 32,
                            int64_t{1} << 47,
                            int64_t{1} << 48,
                            int64_t{1} << 62,
                            INT64_MAX,
                            INT64_MIN,
                            INT32_MAX,
                            INT32_MIN};
constexpr float kOddReals[] = {0.0f,
                               1.0f,
                               -1.0f,
                               0.5f,
                               1e-30f,
                               1e30f,
                               1e-45f,
                               16.25f,
                               -0.0f,
                               std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::quiet_NaN()};

class Mutator {
 public:
  Mutator(OnnxMessage& message, unsigned seed)
      : message_(message), graph_(*message.model.graph), random_(seed) {}

  void mutate() {
    switch (pick(12)) {
      case 0:
        return change_info(graph_.inputs);
      case 1:
        return change_outputs();
      case 2:
      case 3:
        return change_initializers();
      case 4:
        return change_nodes();
      case 5:
      case 6:
        return with(graph_.nodes, [&](auto& node) { change_edges(node); });
      case 7:
        return change_model();
      case 8:
        return with(graph_.nodes, [&](auto& node) {
          node.op_type = pick(8) == 0 ? one_of(graph_.nodes).op_type : word(kOperators);
        });
      default:
        return with(graph_.nodes, [&](auto& node) { change_attributes(node.attributes); });
    }
  }

 private:
  size_t pick(size_t below) { return random_() % below; }
  int64_t odd() { return any(kOdd); }
  template <typename T, size_t n>
  T any(const T (&list)[n]) {
    return list[pick(n)];
  }
  std::string_view word(std::string_view list) {
    std::vector<std::string_view> words = divided(list);
    return one_of(words);
  }
  template <typename T>
  T& one_of(std::vector<T>& list) {
    return list[pick(list.size())];
  }
  template <typename T>
  void with(std::vector<T>& list, auto&& change) {
    if (!list.empty()) change(one_of(list));
  }
  template <typename T>
  void erase_one(std::vector<T>& list) {
    if (!list.empty()) list.erase(list.begin() + static_cast<std::ptrdiff_t>(pick(list.size())));
  }
  template <typename T>
  void copy_one(std::vector<T>& list) {
    if (list.empty() || list.size() > 64) return;
    const T copy = one_of(list);
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(pick(list.size() + 1)), copy);
  }
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  // The name of any value there is, a name that nobody has, or none.
  std::string_view any_name() {
    switch (pick(8)) {
      case 0:
        return pick(2) ? std::string_view() : std::string_view("nobody's");
      case 1:
      case 2:
        return graph_.inputs.empty() ? std::string_view() : one_of(graph_.inputs).name;
      case 3:
      case 4: {
        if (message_.initializers.empty()) return {};
        const auto* tensor = std::get_if<onnx::TensorProto>(&one_of(message_.initializers));
        return tensor ? tensor->name : std::string_view();
      }
      default: {
        if (graph_.nodes.empty()) return {};
        std::vector<std::string_view>& outputs = one_of(graph_.nodes).outputs;
        return outputs.empty() ? std::string_view() : one_of(outputs);
      }
    }
  }

  void change_list(std::vector<int64_t>& list) {
    switch (pick(5)) {
      case 0:
        list.insert(list.begin() + static_cast<std::ptrdiff_t>(pick(list.size() + 1)), odd());
        return;
      case 1:
        return erase_one(list);
      case 2:
        list.assign(pick(18), odd());
        return;
      default:
        if (!list.empty()) one_of(list) = pick(2) ? odd() : one_of(list);
    }
  }

  void change_info(std::vector<onnx::ValueInfo>& infos) {
    if (pick(12) == 0) return pick(2) ? copy_one(infos) : erase_one(infos);
    with(infos, [&](onnx::ValueInfo& info) {
      if (pick(6) == 0) info.name = any_name();
      if (pick(6) == 0) info.element_type = pick(4) ? static_cast<int64_t>(pick(18)) : odd();
      if (pick(12) == 0) info.is_tensor = !info.is_tensor;
      if (pick(12) == 0) info.dims.reset();
      if (!info.dims) return;
      std::vector<onnx::Dimension>& dims = *info.dims;
      if (pick(6) == 0) copy_one(dims);
      if (pick(6) == 0) erase_one(dims);
      if (!dims.empty()) one_of(dims) = {odd(), pick(4) ? std::string_view() : "n"};
    });
  }

  void change_outputs() {
    if (pick(3) == 0) return change_info(graph_.outputs);
    if (pick(3) == 0 && !graph_.outputs.empty()) {
      graph_.outputs.push_back(graph_.outputs[0]);
      graph_.outputs.back().dims.reset();
    }
    with(graph_.outputs, [&](onnx::ValueInfo& info) { info.name = any_name(); });
  }

  void change_initializers() {
    if (pick(12) == 0)
      return pick(2) ? copy_one(message_.initializers) : erase_one(message_.initializers);
    with(message_.initializers, [&](Initializer& one) {
      if (auto* tensor = std::get_if<onnx::TensorProto>(&one)) change_tensor(*tensor);
    });
  }

  void change_tensor(onnx::TensorProto& tensor) {
    switch (pick(8)) {
      case 0:
        return change_list(tensor.dims);
      case 1:
        tensor.data_type = pick(4) ? static_cast<int64_t>(pick(18)) : odd();
        return;
      case 2:
        tensor.name = any_name();
        return;
      case 3:
        return make_external(tensor);
      case 4:
        return resize(tensor);
      default:
        return change_elements(tensor);
    }
  }

  // Shape and data changed together, so that what is read is another sound tensor.
  void resize(onnx::TensorProto& tensor) {
    if (!tensor.raw || tensor.dims.empty()) return;
    int64_t& extent = one_of(tensor.dims);
    if (extent <= 0 || tensor.raw->size() % static_cast<size_t>(extent) != 0) return;
    const auto wanted = static_cast<int64_t>(pick(20));
    std::string bytes(
        tensor.raw->size() / static_cast<size_t>(extent) * static_cast<size_t>(wanted), '\0');
    for (size_t i = 0; i < bytes.size() && !tensor.raw->empty(); ++i)
      bytes[i] = (*tensor.raw)[i % tensor.raw->size()];
    extent = wanted;
    tensor.raw = keep(std::move(bytes));
  }

  void change_elements(onnx::TensorProto& tensor) {
    if (!tensor.raw || tensor.raw->empty()) return;
    std::string bytes(*tensor.raw);
    const int64_t integer = odd();
    const float real = any(kOddReals);
    const bool wide = tensor.data_type == static_cast<int64_t>(DType::kI64);
    const size_t size = wide ? sizeof integer : sizeof real;
    const char* source =
        wide ? reinterpret_cast<const char*>(&integer) : reinterpret_cast<const char*>(&real);
    if (bytes.size() >= size)
      std::memcpy(bytes.data() + pick(bytes.size() / size) * size, source, size);
    tensor.raw = keep(std::move(bytes));
  }

  void make_external(onnx::TensorProto& tensor) {
    tensor.is_external = pick(8) != 0;
    tensor.raw.reset();
    tensor.external = {{"location", any(kExternalNames)}};
    const auto number = [&]() -> std::string_view {
      return pick(4) ? keep(std::to_string(pick(kExternalBytes + 8))) : keep(std::to_string(odd()));
    };
    if (pick(2)) tensor.external.push_back({"offset", number()});
    if (pick(4) == 0) tensor.external.push_back({"length", number()});
  }

  void change_nodes() {
    switch (pick(5)) {
      case 0:
        return erase_one(graph_.nodes);
      case 1:
        return copy_one(graph_.nodes);  // its outputs have two definitions
      case 2:
        if (graph_.nodes.size() < 64) append_node();
        return;
      case 3:
        if (!graph_.nodes.empty()) std::swap(one_of(graph_.nodes), one_of(graph_.nodes));
        return;
      default:
        with(graph_.nodes, [&](auto& node) {
          node.domain = pick(2) ? "ai.onnx" : "com.example";
          if (pick(2)) node.name = any_name();
        });
    }
  }

  void append_node() {
    onnx::NodeProto node;
    node.op_type = word(kOperators);
    for (size_t i = pick(5); i > 0; --i) node.inputs.push_back(any_name());
    node.outputs = {keep("made_" + std::to_string(random_()))};
    change_attributes(node.attributes);
    graph_.nodes.push_back(std::move(node));
    if (graph_.outputs.empty()) return;
    graph_.outputs.push_back(graph_.outputs[0]);
    graph_.outputs.back().name = graph_.nodes.back().outputs[0];
  }

  void change_edges(onnx::NodeProto& node) {
    switch (pick(8)) {
      case 0:
        if (node.inputs.size() < 64) node.inputs.push_back(any_name());
        return;
      case 1:
        return erase_one(node.inputs);
      case 2:
        if (!node.outputs.empty()) one_of(node.outputs) = any_name();
        return;
      case 3:
        node.outputs.push_back(pick(2) ? any_name() : keep("more_" + std::to_string(random_())));
        return;
      case 4:
        return erase_one(node.outputs);
      default:
        if (!node.inputs.empty()) one_of(node.inputs) = any_name();
    }
  }

  void change_attributes(std::vector<onnx::Attribute>& attributes) {
    if (attributes.empty() || pick(6) == 0) {
      onnx::Attribute made;
      made.name = word(kAttributes);
      made.type = static_cast<AttributeType>(pick(9));
      attributes.push_back(made);
    }
    if (pick(10) == 0) return erase_one(attributes);
    onnx::Attribute& attribute = one_of(attributes);
    if (pick(12) == 0) attribute.type = static_cast<AttributeType>(pick(9));
    if (pick(16) == 0) attribute.name = word(kAttributes);
    attribute.i = odd();
    attribute.f = any(kOddReals);
    attribute.s = word(kStrings);
    if (attribute.type == AttributeType::kInts) change_list(attribute.ints);
    if (attribute.type == AttributeType::kFloats) attribute.floats.assign(pick(6), attribute.f);
  }

  void change_model() {
    onnx::ModelProto& model = message_.model;
    if (pick(2)) {
      model.opset = 9 + static_cast<int64_t>(pick(13));
    } else if (pick(8) == 0) {
      model.opset = odd();
    } else {
      static constexpr std::string_view kKeys[] = {"names", "imgsz", "stride", "preprocess"};
      model.metadata.push_back({any(kKeys), word(kStrings)});
    }
  }

  OnnxMessage& message_;
  onnx::GraphProto& graph_;
  std::mt19937 random_;
  std::deque<std::string> texts_;  // what new views look at
};

}  // namespace

std::string mutate_onnx(std::string_view input, unsigned seed) {
  try {
    OnnxMessage message = decode_onnx(input);
    if (!message.model.graph) return {};
    Mutator mutator(message, seed);
    for (unsigned change = 0; change <= seed % 4; ++change) mutator.mutate();
    return encode_onnx(message);
  } catch (const protozero::exception&) {
    return {};
  }
}

}  // namespace shrike::fuzz
