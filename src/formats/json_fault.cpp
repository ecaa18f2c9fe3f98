#include "formats/json_fault.h"

#include <algorithm>

namespace shrike {

namespace {

constexpr int kTooLarge = 406;  // nlohmann-json's number of it

// Reads a text to its fault.
class FaultFinder : public nlohmann::json_sax<Json> {
 public:
  explicit FaultFinder(std::string_view text) : text_(text) {}

  const std::string& fault() const { return fault_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return true; }
  bool start_array(size_t) override { return true; }
  bool end_object() override { return true; }
  bool end_array() override { return true; }
  bool key(string_t&) override { return true; }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    fault_ = json_fault(text_, position, error);
    return false;
  }

 private:
  std::string_view text_;
  std::string fault_ = "not valid JSON";
};

}  // namespace

std::string json_fault(std::string_view text, size_t position,
                       const nlohmann::detail::exception& error) {
  const std::string what = "not valid JSON: ";
  if (text.empty()) return what + "it is empty";
  // The byte that was read last is the one that does not fit.
  const std::string_view before = text.substr(0, position > 0 ? position - 1 : 0);
  const auto lines = 1 + std::count(before.begin(), before.end(), '\n');
  if (position > text.size()) return what + "it ends too early, in line " + std::to_string(lines);
  const size_t begin = before.find_last_of('\n') + 1;  // npos + 1: the text's
  const std::string where = "byte " + std::to_string(before.size() - begin + 1) + " of line " +
                            std::to_string(lines);
  return what + (error.id == kTooLarge ? "too large a number, up to " : "at ") + where;
}

std::string json_fault(std::string_view text) {
  FaultFinder finder(text);
  Json::sax_parse(text, &finder);
  return finder.fault();
}

}  // namespace shrike
