// Message: one protobuf message, read field by field.
//
// A thin layer over protozero, which checks bounds by exceptions but wire types only by assert.
// Here both throw protozero::exception; read_onnx() catches it at the edge of the folder. Text and
// nested messages are views of the bytes.
#pragma once

#include <cstdint>
#include <protozero/pbf_reader.hpp>
#include <string_view>
#include <vector>

namespace shrike::onnx {

class Message {
 public:
  explicit Message(std::string_view bytes) : reader_(bytes.data(), bytes.size()) {}

  // Moves to the next field; false at the end. Each field is then read or skipped once.
  bool next() { return reader_.next(); }
  uint32_t tag() const { return reader_.tag(); }
  void skip() { reader_.skip(); }

  std::string_view text() {
    require(protozero::pbf_wire_type::length_delimited);
    const protozero::data_view view = reader_.get_view();
    return {view.data(), view.size()};
  }
  Message message() { return Message(text()); }
  int64_t integer() {
    require(protozero::pbf_wire_type::varint);
    return reader_.get_int64();
  }
  float real() {
    require(protozero::pbf_wire_type::fixed32);
    return reader_.get_float();
  }

  // One element, or a packed run of them, of a repeated field.
  void append(std::vector<int64_t>& out) {
    if (packed())
      append_range(reader_.get_packed_int64(), out);
    else
      out.push_back(integer());
  }
  void append(std::vector<float>& out) {
    if (packed())
      append_range(reader_.get_packed_float(), out);
    else
      out.push_back(real());
  }
  void append(std::vector<double>& out) {
    if (packed()) {
      append_range(reader_.get_packed_double(), out);
    } else {
      require(protozero::pbf_wire_type::fixed64);
      out.push_back(reader_.get_double());
    }
  }

 private:
  bool packed() const { return reader_.has_wire_type(protozero::pbf_wire_type::length_delimited); }
  void require(protozero::pbf_wire_type type) const {
    if (!reader_.has_wire_type(type)) throw protozero::unknown_pbf_wire_type_exception{};
  }
  template <typename Range, typename T>
  static void append_range(const Range& range, std::vector<T>& out) {
    for (const T value : range) out.push_back(value);
  }

  protozero::pbf_reader reader_;
};

}  // namespace shrike::onnx
