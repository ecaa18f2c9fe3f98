#include "data/yolo_labels.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/excerpt.h"
#include "data/number.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSpace = " \t\r\f\v";
constexpr size_t kBoxWords = 5, kLeastPolygonWords = 7;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(kSpace); at != std::string_view::npos;
       at = line.find_first_not_of(kSpace, at)) {
    const size_t end = std::min(line.find_first_of(kSpace, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

// Of any size: 64 bits do not hold every class that somebody writes.
bool is_whole(std::string_view word) {
  const std::string_view digits = word.substr(word.starts_with('-') || word.starts_with('+') ? 1 : 0);
  if (!digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos)
    return true;
  const auto value = parse_number(word);
  return value && *value == std::trunc(*value);
}

Truth box_in_pixels(const std::vector<long double>& v, PictureSize size) {
  Truth truth;
  truth.x = yolo_edge(v[0], v[2], size.width);
  truth.y = yolo_edge(v[1], v[3], size.height);
  truth.width = static_cast<double>(v[2] * size.width);
  truth.height = static_cast<double>(v[3] * size.height);
  return truth;
}

Truth polygon_in_pixels(const std::vector<long double>& v, PictureSize size) {
  long double left = v[0], right = v[0], top = v[1], bottom = v[1];
  for (size_t i = 2; i < v.size(); i += 2) {
    left = std::min(left, v[i]);
    right = std::max(right, v[i]);
    top = std::min(top, v[i + 1]);
    bottom = std::max(bottom, v[i + 1]);
  }
  Truth truth;
  truth.x = static_cast<double>(left * size.width);
  truth.y = static_cast<double>(top * size.height);
  truth.width = static_cast<double>((right - left) * size.width);
  truth.height = static_cast<double>((bottom - top) * size.height);
  return truth;
}

class RowParser {
 public:
  RowParser(PictureSize size, size_t classes, FindingList& findings)
      : size_(size), classes_(classes), findings_(findings) {}

  std::optional<Truth> parse(std::string_view line, int64_t row) {
    const std::vector<std::string_view> words = words_of(line);
    const bool polygon = words.size() >= kLeastPolygonWords && words.size() % 2 == 1;
    if (words.size() != kBoxWords && !polygon)
      return refuse(FindingKind::kMalformedRow, row,
                    std::to_string(words.size()) + " values instead of 5");
    if (!is_whole(words[0]))
      return refuse(FindingKind::kMalformedRow, row, "the class is no whole number");
    std::vector<long double> values;
    for (size_t i = 1; i < words.size(); ++i) {
      const auto value = parse_number(words[i]);
      if (!value)
        return refuse(FindingKind::kMalformedRow, row,
                      "value " + std::to_string(i + 1) + " is no number");
      values.push_back(*value);
    }
    const auto id = parse_whole(words[0]);
    if (!id || *id < 0 || static_cast<size_t>(*id) >= classes_)
      return refuse(FindingKind::kUnknownClass, row,
                    "class " + (id ? std::to_string(*id) : excerpt(words[0])) +
                        ", but there are " + std::to_string(classes_));
    // As Ultralytics: beyond that they are pixels, or of another picture.
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    if (*least < -0.01L || *most > 1.01L)
      return refuse(FindingKind::kOutOfRange, row, "values that are no fractions of the sides");
    if (!polygon && (values[2] < 0 || values[3] < 0))
      return refuse(FindingKind::kOutOfRange, row, "a negative width or height");
    Truth truth = polygon ? polygon_in_pixels(values, size_) : box_in_pixels(values, size_);
    truth.area = truth.width * truth.height;
    truth.class_id = static_cast<int>(*id);
    return truth;
  }

 private:
  std::optional<Truth> refuse(FindingKind kind, int64_t row, std::string why) {
    findings_.add(kind, row, std::move(why));
    return std::nullopt;
  }

  PictureSize size_;
  size_t classes_;
  FindingList& findings_;
};

}  // namespace

fs::path yolo_label_path(const fs::path& picture) {
  std::vector<fs::path> parts(picture.begin(), picture.end());
  const auto last = std::find(parts.rbegin() + 1, parts.rend(), fs::path("images"));
  if (parts.size() > 1 && last != parts.rend()) *last = "labels";
  fs::path label;
  for (const fs::path& part : parts) label /= part;
  return label.replace_extension(".txt");
}

double yolo_edge(long double centre, long double extent, int side) {
  return static_cast<double>((centre - extent / 2) * side);
}

std::vector<TruthRow> parse_yolo_labels(std::string_view text, PictureSize size, size_t classes,
                                        FindingList& findings) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  RowParser parser(size, classes, findings);
  std::vector<TruthRow> rows;
  for (int64_t row = 1; !text.empty(); ++row) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(kSpace) == std::string_view::npos) continue;
    if (const auto truth = parser.parse(line, row)) rows.push_back({*truth, row});
  }
  return rows;
}

}  // namespace shrike
