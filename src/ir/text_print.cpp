#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/excerpt.h"
#include "ir/text.h"

namespace shrike {

namespace {

constexpr int64_t kMostNumbers = 64;  // longer constants are written in hex

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return printable(out) + '"';
}

// Whether a name is read back as one word: a colon at its end would be taken for the one before the
// type.
bool plain_name(std::string_view name) {
  return !name.empty() && name.back() != ':' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./:-").find(c) != std::string_view::npos;
  });
}

template <typename T>
std::string number(T value) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end);
}

std::string hex(std::span<const std::byte> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "hex\"";
  for (std::byte b : bytes) {
    out += kDigits[std::to_integer<unsigned>(b) >> 4];
    out += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  return out + '"';
}

template <typename T>
std::string list(const T& values) {
  std::string out = "[";
  for (const auto& value : values) {
    if (out.size() > 1) out += ", ";
    out += number(value);
  }
  return out + "]";
}

// Whether every element survives a trip through its shortest decimal form: all but NaN, whose bits
// differ.
bool decimal(const Tensor& t) {
  if (t.size() > kMostNumbers) return false;
  if (t.dtype() == DType::kF32)
    return std::none_of(t.data<float>().begin(), t.data<float>().end(),
                        [](float x) { return std::isnan(x); });
  return t.dtype() == DType::kI64 || t.dtype() == DType::kI32;
}

std::string data(const Tensor& t) {
  if (!decimal(t)) return hex(t.bytes());
  if (t.dtype() == DType::kI64) return list(t.data<int64_t>());
  if (t.dtype() == DType::kI32) return list(t.data<int32_t>());
  return list(t.data<float>());
}

std::string type(DType dtype, const std::optional<Shape>& shape,
                 const std::vector<std::string>& symbols) {
  std::string out = dtype == DType::kUndefined ? "?" : std::string(dtype_name(dtype));
  if (!shape) return out;
  out += '[';
  for (int a = 0; a < shape->rank(); ++a) {
    if (a > 0) out += ',';
    const size_t i = static_cast<size_t>(a);
    if (i < symbols.size() && !symbols[i].empty()) {
      out += quote(symbols[i]);
      if ((*shape)[a] != kDynamic) out += "=" + number((*shape)[a]);
    } else {
      out += (*shape)[a] == kDynamic ? "?" : number((*shape)[a]);
    }
  }
  return out + ']';
}

struct AttributeText {
  std::string text(int64_t v) const { return number(v); }
  std::string text(float v) const { return number(v); }
  std::string text(bool v) const { return v ? "true" : "false"; }
  std::string text(DType v) const { return std::string(dtype_name(v)); }
  std::string text(const std::vector<int64_t>& v) const { return list(v); }
  std::string text(const std::vector<float>& v) const { return list(v); }
  std::string text(const Tensor& v) const { return type(v.dtype(), v.shape(), {}) + " " + data(v); }
  template <typename E>
  requires std::is_enum_v<E> std::string text(E v)
  const { return std::string(enum_name(v)); }
};

class Printer {
 public:
  Printer(const Graph& graph, const PrintOptions& options) : graph_(graph), options_(options) {}

  std::string run() {
    out_ = "graph " + quote(graph_.name) + "\n";
    for (const auto& [key, value] : graph_.metadata)
      out_ += "meta " + quote(key) + " " + quote(value) + "\n";
    for (ValueId id : graph_.inputs) out_ += "input " + declared(id) + "\n";
    print_constants();
    for (const Node& node : graph_.nodes) print_node(node);
    for (ValueId id : graph_.outputs) out_ += "output " + name(id) + "\n";
    return std::move(out_);
  }

 private:
  std::string name(ValueId id) const {
    if (id == kNoValue) return "_";
    const std::string& text = graph_.value(id).name;
    return "%" + (plain_name(text) ? text : quote(text));
  }

  std::string declared(ValueId id) const {
    if (id == kNoValue) return "_";
    const Value& value = graph_.value(id);
    return name(id) + ": " + type(value.dtype, value.shape, value.symbols);
  }

  void print_constants() {
    for (size_t i = 0; i < graph_.values.size(); ++i) {
      const Value& value = graph_.values[i];
      if (!value.constant) continue;
      const bool elide = options_.elide_over >= 0 && value.constant->size() > options_.elide_over;
      out_ += "const " + declared(static_cast<ValueId>(i)) + " = " +
              (elide ? "..." : data(*value.constant)) + "\n";
    }
  }

  void print_node(const Node& node) {
    for (size_t i = 0; i < node.outputs.size(); ++i)
      out_ += (i > 0 ? ", " : "") + declared(node.outputs[i]);
    out_ += " = " + std::string(op_name(node.op)) + "(";
    for (size_t i = 0; i < node.inputs.size(); ++i)
      out_ += (i > 0 ? ", " : "") + name(node.inputs[i]);
    out_ += ")";
    std::visit([&](const auto& op) { print_attributes(op); }, node.op);
    if (!node.name.empty()) out_ += " @" + quote(node.name);
    out_ += "\n";
  }

  template <typename T>
  void print_attributes(const T& op) {
    std::vector<std::string> defaults;
    const T by_default;
    for_each_field(by_default, [&](std::string_view, const auto& v) {
      defaults.push_back(AttributeText{}.text(v));
    });
    size_t i = 0;
    for_each_field(op, [&](std::string_view field_name, const auto& v) {
      std::string text = AttributeText{}.text(v);
      if (text != defaults[i++]) out_ += " " + std::string(field_name) + "=" + text;
    });
  }

  const Graph& graph_;
  const PrintOptions& options_;
  std::string out_;
};

}  // namespace

std::string print_graph(const Graph& graph, const PrintOptions& options) {
  return Printer(graph, options).run();
}

}  // namespace shrike
