#include "formats/json_items.h"

#include <algorithm>
#include <new>
#include <optional>

#include "base/excerpt.h"
#include "base/memory.h"
#include "formats/json_fault.h"

namespace shrike {

namespace {

constexpr size_t kMaxLevels = 32;
constexpr size_t kMaxValues = 1'000;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// nlohmann-json's events to elements. A callback that returns false ends the parse; error_ says
// why then.
class ItemBuilder : public nlohmann::json_sax<Json> {
 public:
  ItemBuilder(std::string_view text, const std::string& source, const JsonItemReader& reader)
      : text_(text), source_(source), reader_(reader) {}

  const std::optional<Error>& error() const { return error_; }
  std::vector<std::string> take_arrays() { return std::move(found_); }

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(number_integer_t value) override { return scalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(value); }
  bool number_float(number_float_t value, const string_t&) override { return scalar(value); }
  bool string(string_t& value) override { return scalar(std::move(value)); }
  bool binary(binary_t&) override { return refuse("binary data"); }

  bool start_object(size_t) override { return start(Json::object()); }
  bool start_array(size_t) override { return start(Json::array()); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }

  bool key(string_t& name) override {
    if (skipped_at_ > 0) return true;
    key_ = std::move(name);
    if (depth_ == kTop) array_wanted_ = contains(reader_.arrays, key_);
    if (depth_ == kElement) member_wanted_ = contains(reader_.members, key_);
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    return refuse(json_fault(text_, position, error));
  }

 private:
  // What is open at these depths: the top object, an array of it, an element that is an object.
  static constexpr size_t kTop = 1, kArray = 2, kElement = 3;

  bool refuse(const std::string& why) {
    if (!error_) error_ = input_error(source_ + ": " + why);
    return false;
  }

  bool scalar(Json value) {
    if (skipped_at_ > 0) return true;
    if (depth_ < kTop) return refuse("JSON that is not an object");
    if (depth_ == kTop) return !array_wanted_ || refuse(key_ + " is not an array");
    if (depth_ == kArray) return deliver(value);
    return in_skipped_member() || add(std::move(value)) != nullptr;
  }

  bool start(Json empty) {
    ++depth_;
    if (skipped_at_ > 0) return true;
    if (depth_ == kTop) return empty.is_object() || refuse("JSON that is not an object");
    if (depth_ == kArray) return start_member_of_top(empty.is_array());
    if (depth_ == kElement) {
      element_ = std::move(empty);
      open_ = {&element_};
      values_ = 0;
      member_wanted_ = element_.is_array();
      return true;
    }
    if (in_skipped_member()) {
      skipped_at_ = depth_;
      return true;
    }
    if (open_.size() == kMaxLevels) return refuse("an element of " + array_ + " nests too deeply");
    Json* place = add(std::move(empty));
    if (place) open_.push_back(place);
    return place != nullptr;
  }

  bool start_member_of_top(bool is_array) {
    if (!array_wanted_) {
      skipped_at_ = depth_;
      return true;
    }
    if (!is_array) return refuse(key_ + " is not an array");
    array_ = key_;
    if (!contains(found_, array_)) found_.push_back(array_);
    return true;
  }

  bool end() {
    const size_t ended = depth_--;
    if (skipped_at_ > 0) {
      if (skipped_at_ == ended) skipped_at_ = 0;
      return true;
    }
    if (ended < kElement) return true;
    open_.pop_back();
    return ended > kElement || deliver(element_);
  }

  bool in_skipped_member() const { return open_.size() == 1 && !member_wanted_; }

  // Puts a value into the innermost open object or array; null after an error.
  Json* add(Json value) {
    if (++values_ > kMaxValues) {
      refuse("an element of " + array_ + " holds more than 1,000 values");
      return nullptr;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    return &(parent[key_] = std::move(value));
  }

  bool deliver(const Json& element) {
    const Result<void> taken = reader_.element(array_, element);
    if (!taken) error_ = taken.error();
    return taken.ok();
  }

  const std::string_view text_;
  const std::string& source_;
  const JsonItemReader& reader_;
  std::optional<Error> error_;
  std::vector<std::string> found_;

  size_t depth_ = 0;       // objects and arrays that are open
  size_t skipped_at_ = 0;  // the depth of the one that is skipped; 0: none is
  std::string key_, array_;
  bool array_wanted_ = false, member_wanted_ = false;
  Json element_;
  std::vector<Json*> open_;  // inside element_, outermost first; only the last one grows
  size_t values_ = 0;
};

}  // namespace

Result<std::vector<std::string>> read_json_items(std::string_view text, const std::string& source,
                                                 const JsonItemReader& reader) {
  try {
    ItemBuilder builder(text, source, reader);
    const bool whole = Json::sax_parse(text, &builder);
    if (builder.error()) return *builder.error();
    if (!whole) return input_error(source + ": not valid JSON");
    return builder.take_arrays();
  } catch (const std::bad_alloc&) {
    return out_of_memory("cannot read " + source);
  }
}

}  // namespace shrike
