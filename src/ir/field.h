// How an operator's struct lists its attributes, once: name and member. The text form, its parser,
// equality, and the ONNX reader and writer all walk this list (for_each_field), so an attribute is
// declared in exactly one place. Names are ONNX's attribute names where ONNX has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace shrike {

template <typename Struct, typename Member>
struct Field {
  std::string_view name;
  Member Struct::*member;
  bool required = false;
};

template <typename Struct, typename Member>
constexpr Field<Struct, Member> field(std::string_view name, Member Struct::*member) {
  return {name, member};
}

// An attribute for which ONNX has no default: a file must say it. The text form need not.
template <typename Struct, typename Member>
constexpr Field<Struct, Member> required_field(std::string_view name, Member Struct::*member) {
  return {name, member, true};
}

// call(name, member reference) for each attribute, in order. Works for const and mutable structs.
template <typename Struct, typename Call>
void for_each_field(Struct& op, Call&& call) {
  using Plain = std::remove_const_t<Struct>;
  if constexpr (requires { Plain::fields(); }) {
    std::apply([&](const auto&... f) { (call(f.name, op.*(f.member)), ...); }, Plain::fields());
  }
}

// call(name) for each required attribute, in order.
template <typename Struct, typename Call>
void for_each_required_field(const Struct&, Call&& call) {
  if constexpr (requires { Struct::fields(); }) {
    std::apply([&](const auto&... f) { ((f.required ? call(f.name) : void()), ...); },
               Struct::fields());
  }
}

// An enumeration that is written by name: overload enum_names(E) beside it.
template <typename E>
struct EnumName {
  E value;
  std::string_view name;
};

template <typename E>
constexpr std::string_view enum_name(E value) {
  for (const EnumName<E>& row : enum_names(E{}))
    if (row.value == value) return row.name;
  return "?";
}

template <typename E>
constexpr std::optional<E> enum_from_name(std::string_view name) {
  for (const EnumName<E>& row : enum_names(E{}))
    if (row.name == name) return row.value;
  return std::nullopt;
}

}  // namespace shrike
