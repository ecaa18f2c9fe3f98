#include "data/coco_file.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/file.h"
#include "formats/json_items.h"

namespace shrike {

namespace {

const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::optional<int64_t> whole(const Json* value) {
  constexpr double kMost = 9.0e15;  // of what a double holds exactly
  if (!value) return std::nullopt;
  if (value->is_number_unsigned() && value->get<uint64_t>() > uint64_t{INT64_MAX})
    return std::nullopt;
  if (value->is_number_integer()) return value->get<int64_t>();
  if (!value->is_number_float()) return std::nullopt;
  const double number = value->get<double>();
  if (number != std::trunc(number) || std::abs(number) > kMost) return std::nullopt;
  return static_cast<int64_t>(number);
}

std::optional<double> number(const Json* value) {
  if (!value || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

std::string text(const Json* value) {
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

class CocoReader {
 public:
  CocoReader(std::string source, FindingList& findings)
      : source_(std::move(source)), findings_(findings) {}

  Result<CocoFile> read(std::string_view bytes) {
    JsonItemReader reader;
    reader.arrays = {"images", "annotations", "categories"};
    reader.members = {"id",          "file_name", "width", "height",  "image_id",
                      "category_id", "bbox",      "area",  "iscrowd", "name"};
    reader.element = [this](const std::string& array, const Json& element) {
      return take(array, element);
    };
    SHRIKE_ASSIGN(const std::vector<std::string> found, read_json_items(bytes, source_, reader));
    for (const char* needed : {"images", "categories"})
      if (std::find(found.begin(), found.end(), needed) == found.end())
        return input_error(source_ + ": not a COCO data set: no " + needed);
    return std::move(file_);
  }

 private:
  Result<void> take(const std::string& array, const Json& element) {
    if (!element.is_object()) return wrong(array, "no object");
    if (array == "images") return take_image(element);
    if (array == "categories") return take_category(element);
    return take_annotation(element);
  }

  // "images[3]: no id": entries are counted from 0, as JSON tools do.
  Error wrong(const std::string& array, const std::string& why) const {
    const size_t index = array == "images"       ? file_.images.size()
                         : array == "categories" ? file_.categories.size()
                                                 : annotations_;
    return input_error(source_ + ": " + array + "[" + std::to_string(index) + "]: " + why);
  }

  Result<void> take_image(const Json& element) {
    const auto id = whole(member(element, "id"));
    if (!id) return wrong("images", "no id that is a whole number");
    CocoImage image{*id,
                    text(member(element, "file_name")),
                    {number(member(element, "width")).value_or(0),
                     number(member(element, "height")).value_or(0)}};
    if (image.file_name.empty())
      return wrong("images", "image " + std::to_string(*id) + " has no file_name");
    file_.images.push_back(std::move(image));
    return {};
  }

  Result<void> take_category(const Json& element) {
    const auto id = whole(member(element, "id"));
    if (!id) return wrong("categories", "no id that is a whole number");
    const std::string name = text(member(element, "name"));
    if (name.empty())
      return wrong("categories", "category " + std::to_string(*id) + " has no name");
    file_.categories.push_back({*id, name});
    return {};
  }

  Result<void> take_annotation(const Json& element) {
    const auto id = whole(member(element, "id"));
    if (!id) return wrong("annotations", "no id that is a whole number");
    const auto image = whole(member(element, "image_id"));
    const auto category = whole(member(element, "category_id"));
    if (!image || !category)
      return wrong("annotations", "annotation " + std::to_string(*id) +
                                      " has no image_id or category_id that is a whole number");
    ++annotations_;
    Truth truth;
    if (!read_box(member(element, "bbox"), truth)) {
      findings_.add(FindingKind::kMalformedRow, *id,
                    "bbox is no list of x, y, width and height with sides of at least 0");
      return {};
    }
    truth.area = number(member(element, "area")).value_or(truth.width * truth.height);
    const Json* crowd = member(element, "iscrowd");
    truth.crowd =
        crowd && (crowd->is_boolean() ? crowd->get<bool>() : number(crowd).value_or(0) != 0);
    file_.annotations.push_back({*id, *image, *category, truth});
    return {};
  }

  static bool read_box(const Json* box, Truth& truth) {
    if (!box || !box->is_array() || box->size() != 4) return false;
    double* const edges[] = {&truth.x, &truth.y, &truth.width, &truth.height};
    for (size_t i = 0; i < 4; ++i) {
      const auto value = number(&(*box)[i]);
      if (!value) return false;
      *edges[i] = *value;
    }
    return is_box(truth);
  }

  std::string source_;
  FindingList& findings_;
  CocoFile file_;
  size_t annotations_ = 0;  // taken or not
};

}  // namespace

Result<CocoFile> read_coco_file(const std::filesystem::path& json, FindingList& findings) {
  SHRIKE_ASSIGN(const auto file, MappedFile::open(json, ErrorKind::kInput));
  const std::span<const std::byte> bytes = file->bytes();
  return CocoReader(json.string(), findings)
      .read({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace shrike
