#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "base/excerpt.h"
#include "ir/limits.h"
#include "ir/text.h"
#include "ir/text_lexer.h"

namespace shrike {

std::string LineLexer::word(bool colon) {
  skip_spaces();
  size_t n = 0;
  const auto part_of_word = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '-' || (c == ':' && colon);
  };
  while (n < rest_.size() && part_of_word(rest_[n])) ++n;
  // "%a: f32" declares a; a name that itself holds a colon has it inside.
  while (n > 0 && rest_[n - 1] == ':') --n;
  std::string text(rest_.substr(0, n));
  rest_.remove_prefix(n);
  return text;
}

namespace {

// The value of a hexadecimal digit; -1 where it is none.
int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::optional<std::string> LineLexer::quoted() {
  skip_spaces();
  if (rest_.empty() || rest_[0] != '"') return std::nullopt;
  std::string text;
  for (size_t i = 1; i < rest_.size(); ++i) {
    if (rest_[i] == '"') {
      rest_.remove_prefix(i + 1);
      return text;
    }
    if (rest_[i] != '\\') {
      text += rest_[i];
    } else if (++i < rest_.size() && rest_[i] == 'x') {
      if (i + 2 >= rest_.size()) return std::nullopt;
      const int high = hex_digit(rest_[i + 1]), low = hex_digit(rest_[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      text += static_cast<char>(high * 16 + low);
      i += 2;
    } else if (i < rest_.size()) {
      text += rest_[i] == 'n' ? '\n' : rest_[i] == 'r' ? '\r' : rest_[i] == 't' ? '\t' : rest_[i];
    }
  }
  return std::nullopt;
}

std::optional<std::string> LineLexer::value_name() {
  if (!accept("%")) return std::nullopt;
  if (!rest_.empty() && rest_[0] == '"') return quoted();
  std::string text = word();
  if (text.empty()) return std::nullopt;
  return text;
}

std::optional<std::vector<std::byte>> LineLexer::hex() {
  if (!accept("hex\"")) return std::nullopt;
  std::vector<std::byte> bytes;
  while (rest_.size() >= 2 && hex_digit(rest_[0]) >= 0 && hex_digit(rest_[1]) >= 0) {
    bytes.push_back(static_cast<std::byte>(hex_digit(rest_[0]) * 16 + hex_digit(rest_[1])));
    rest_.remove_prefix(2);
  }
  if (!accept("\"")) return std::nullopt;
  return bytes;
}

namespace {

struct Type {
  DType dtype = DType::kUndefined;
  std::optional<Shape> shape;
  std::vector<std::string> symbols;
};

std::optional<int64_t> parse_extent(LineLexer& lex, std::string& symbol) {
  if (lex.accept("?")) return kDynamic;
  if (lex.peek() != '"') return lex.number<int64_t>();
  std::optional<std::string> text = lex.quoted();
  if (!text) return std::nullopt;
  symbol = *text;
  return lex.accept("=") ? lex.number<int64_t>() : kDynamic;
}

std::optional<Type> parse_type(LineLexer& lex) {
  Type type;
  if (!lex.accept("?")) {
    const std::optional<DType> dtype = dtype_from_name(lex.word());
    if (!dtype) return std::nullopt;
    type.dtype = *dtype;
  }
  if (!lex.accept("[")) return type;
  std::vector<int64_t> dims;
  bool symbolic = false;
  while (!lex.accept("]")) {
    if (!dims.empty() && !lex.accept(",")) return std::nullopt;
    std::string symbol;
    const std::optional<int64_t> dim = parse_extent(lex, symbol);
    if (!dim || *dim < kDynamic) return std::nullopt;
    dims.push_back(*dim);
    symbolic = symbolic || !symbol.empty();
    type.symbols.push_back(std::move(symbol));
  }
  if (!symbolic) type.symbols.clear();
  type.shape = Shape(std::move(dims));
  if (!within_limits(*type.shape)) return std::nullopt;
  return type;
}

template <typename T>
std::optional<Tensor> from_list(LineLexer& lex, const Shape& shape) {
  const std::optional<std::vector<T>> values = lex.list<T>();
  if (!values || shape.element_count() != static_cast<int64_t>(values->size())) return std::nullopt;
  return Tensor::from<T>(shape, *values);
}

std::optional<Tensor> parse_data(LineLexer& lex, const Type& type) {
  if (!type.shape || !type.shape->is_static()) return std::nullopt;
  if (lex.peek() == '[') {
    if (type.dtype == DType::kF32) return from_list<float>(lex, *type.shape);
    if (type.dtype == DType::kI64) return from_list<int64_t>(lex, *type.shape);
    if (type.dtype == DType::kI32) return from_list<int32_t>(lex, *type.shape);
    return std::nullopt;
  }
  const auto bytes = lex.hex();
  if (!bytes) return std::nullopt;
  const std::optional<int64_t> count = type.shape->element_count();
  const size_t size = dtype_size(type.dtype);
  if (!count || size == 0 || bytes->size() / size != static_cast<size_t>(*count) ||
      bytes->size() % size != 0)
    return std::nullopt;
  Tensor tensor(type.dtype, *type.shape);
  if (!bytes->empty()) std::memcpy(tensor.mutable_bytes().data(), bytes->data(), bytes->size());
  return tensor;
}

bool parse_attribute(LineLexer& lex, int64_t& v) {
  const auto n = lex.number<int64_t>();
  return n && (v = *n, true);
}
bool parse_attribute(LineLexer& lex, float& v) {
  const auto n = lex.number<float>();
  return n && !std::isnan(*n) && (v = *n, true);
}
bool parse_attribute(LineLexer& lex, bool& v) {
  v = lex.accept("true");
  return v || lex.accept("false");
}
bool parse_attribute(LineLexer& lex, DType& v) {
  const auto dtype = dtype_from_name(lex.word());
  return dtype && (v = *dtype, true);
}
template <typename T>
bool parse_attribute(LineLexer& lex, std::vector<T>& v) {
  auto values = lex.list<T>();
  // A NaN equals nothing, not even itself: no graph that has one would be the same as its copy.
  if (values && std::any_of(values->begin(), values->end(), [](T x) { return x != x; }))
    return false;
  return values && (v = std::move(*values), true);
}
bool parse_attribute(LineLexer& lex, Tensor& v) {
  const auto type = parse_type(lex);
  auto tensor = type ? parse_data(lex, *type) : std::nullopt;
  return tensor && (v = std::move(*tensor), true);
}
template <typename E>
requires std::is_enum_v<E>
bool parse_attribute(LineLexer& lex, E& v) {
  const auto found = enum_from_name<E>(lex.word());
  return found && (v = *found, true);
}

class Parser {
 public:
  explicit Parser(const std::string& source) : source_(source) {}

  Result<Graph> run(std::string_view text) {
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      ++line_;
      if (!statement(LineLexer(text.substr(0, end))))
        return model_error(source_ + ", line " + std::to_string(line_) + ": " +
                           (why_.empty() ? "not a statement of a graph" : why_));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(graph_);
  }

 private:
  bool fail(const std::string& why) {
    why_ = why;
    return false;
  }

  bool statement(LineLexer lex) {
    if (lex.at_end()) return true;
    if (lex.peek() == '%' || lex.peek() == '_') return node(lex) && lex.at_end();
    const std::string keyword = lex.word();
    if (keyword == "graph") {
      const auto name = lex.quoted();
      return name && (graph_.name = *name, lex.at_end());
    }
    if (keyword == "meta") {
      const auto key = lex.quoted(), value = lex.quoted();
      return key && value && (graph_.metadata[*key] = *value, lex.at_end());
    }
    if (keyword == "input") {
      const auto id = declaration(lex);
      return id && (graph_.inputs.push_back(*id), lex.at_end());
    }
    if (keyword == "const") return constant(lex) && lex.at_end();
    if (keyword == "output") {
      const auto id = use(lex);
      return id && *id != kNoValue && (graph_.outputs.push_back(*id), lex.at_end());
    }
    return false;
  }

  // %name: type — a new value.
  std::optional<ValueId> declaration(LineLexer& lex) {
    const auto name = lex.value_name();
    if (!name || !lex.accept(":")) return std::nullopt;
    const auto type = parse_type(lex);
    if (!type) {
      why_ = "no such type, or a shape too large";
      return std::nullopt;
    }
    const auto id = static_cast<ValueId>(graph_.values.size());
    if (!ids_.emplace(*name, id).second) {
      why_ = "%" + excerpt(*name) + " is declared twice";
      return std::nullopt;
    }
    graph_.values.push_back({*name, type->dtype, type->shape, std::nullopt, type->symbols});
    return id;
  }

  bool constant(LineLexer& lex) {
    const auto id = declaration(lex);
    if (!id || !lex.accept("=")) return false;
    if (lex.accept("...")) return fail("the data of this constant was left out");
    Value& value = graph_.value(*id);
    value.constant = parse_data(lex, {value.dtype, value.shape, {}});
    return value.constant.has_value() || fail("data that do not fit type and shape");
  }

  std::optional<ValueId> use(LineLexer& lex) {
    if (lex.accept("_")) return kNoValue;
    const auto name = lex.value_name();
    if (!name) return std::nullopt;
    const auto found = ids_.find(*name);
    if (found == ids_.end()) {
      why_ = "%" + excerpt(*name) + " is not declared above";
      return std::nullopt;
    }
    return found->second;
  }

  bool node(LineLexer& lex) {
    Node node;
    do {
      if (lex.accept("_")) {
        node.outputs.push_back(kNoValue);
        continue;
      }
      const auto id = declaration(lex);
      if (!id) return false;
      node.outputs.push_back(*id);
    } while (lex.accept(","));
    if (!lex.accept("=")) return false;
    const std::string name = lex.word();
    std::optional<Op> op = op_from_name(name);
    if (!op) return fail("no operator " + in_quotes(name));
    node.op = std::move(*op);
    if (!lex.accept("(")) return false;
    while (!lex.accept(")")) {
      if (!node.inputs.empty() && !lex.accept(",")) return false;
      const auto id = use(lex);
      if (!id) return false;
      node.inputs.push_back(*id);
    }
    if (!attributes(lex, node)) return false;
    graph_.nodes.push_back(std::move(node));
    return true;
  }

  bool attributes(LineLexer& lex, Node& node) {
    while (!lex.at_end()) {
      if (lex.accept("@")) {
        const auto name = lex.quoted();
        if (!name) return false;
        node.name = *name;
        continue;
      }
      const std::string wanted = lex.word();
      if (wanted.empty() || !lex.accept("=")) return fail("not an attribute");
      bool known = false, parsed = false;
      std::visit(
          [&](auto& op) {
            for_each_field(op, [&](std::string_view name, auto& member) {
              if (name != wanted) return;
              known = true;
              parsed = parse_attribute(lex, member);
            });
          },
          node.op);
      if (!known) return fail("no attribute " + in_quotes(wanted));
      if (!parsed) return fail("attribute " + in_quotes(wanted) + " has no such value");
    }
    return true;
  }

  const std::string& source_;
  int line_ = 0;
  std::string why_;
  Graph graph_;
  std::map<std::string, ValueId> ids_;
};

}  // namespace

Result<Graph> parse_graph(std::string_view text, const std::string& source) {
  return Parser(source).run(text);
}

}  // namespace shrike
