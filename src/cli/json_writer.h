// JSON text on one line, written from front to back, for what commands print with --json.
//
// The caller keeps to the grammar: a key before each value in an object. Text is UTF-8; bytes that
// are not (file names may hold any) become U+FFFD. Numbers are the shortest that read back as the
// same value; what JSON cannot write (NaN, infinity) is null.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace shrike {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(float number);
  JsonWriter& value(double number);
  template <std::same_as<bool> Bool>
  JsonWriter& value(Bool truth) {
    return raw(truth ? "true" : "false");
  }
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  JsonWriter& value(Integer number) {
    return raw(std::to_string(number));
  }

  template <typename T>
  JsonWriter& field(std::string_view name, const T& content) {
    key(name);
    return value(content);
  }

  const std::string& text() const { return text_; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& raw(std::string_view text);
  void separate();

  std::string text_;
  bool first_ = true;  // no comma before the next item
};

// The text with quotes around it.
std::string json_quoted(std::string_view text);

}  // namespace shrike
