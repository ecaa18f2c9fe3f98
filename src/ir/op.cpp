#include "ir/op.h"

#include <type_traits>

namespace shrike {

namespace {

template <typename T>
std::optional<Op> named(std::string_view name) {
  if constexpr (requires { T::kName; }) {
    if (name == T::kName) return Op(T{});
  } else {
    using Kind = decltype(T::kind);
    if (const std::optional<Kind> kind = enum_from_name<Kind>(name)) {
      T op;
      op.kind = *kind;
      return Op(std::move(op));
    }
  }
  return std::nullopt;
}

template <size_t... I>
std::optional<Op> search(std::string_view name, std::index_sequence<I...>) {
  std::optional<Op> found;
  (void)((found = named<std::variant_alternative_t<I, Op>>(name)) || ...);
  return found;
}

}  // namespace

std::string_view op_name(const Op& op) {
  return std::visit(
      [](const auto& o) -> std::string_view {
        if constexpr (requires { o.kName; }) {
          return o.kName;
        } else {
          return enum_name(o.kind);
        }
      },
      op);
}

bool does_arithmetic(const Op& op) {
  return std::visit(
      []<typename T>(const T& o) {
        if constexpr (std::is_same_v<T, Unary>) return o.kind != UnaryKind::kIdentity;
        return !requires { requires T::kNoArithmetic; };
      },
      op);
}

std::optional<Op> op_from_name(std::string_view name) {
  return search(name, std::make_index_sequence<std::variant_size_v<Op>>{});
}

}  // namespace shrike
