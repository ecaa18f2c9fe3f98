#include "data/yolo_settings.h"

#include <optional>

#include "base/excerpt.h"
#include "base/file.h"
#include "data/number.h"
#include "formats/yaml.h"
#include "vision/class_name.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr long long kMostClasses = 10'000;  // where nothing but a number says so

class SettingsReader {
 public:
  SettingsReader(const fs::path& file, const YamlNode& root) : file_(file), root_(root) {}

  Result<YoloSettings> read() const {
    if (root_.kind != YamlNode::Kind::kMap)
      return input_error(file_.string() + ": not the settings of a data set: no keys");
    YoloSettings settings;
    SHRIKE_ASSIGN(settings.base, base_folder());
    SHRIKE_ASSIGN(settings.names, names());
    for (size_t i = 0; i < root_.keys.size(); ++i)
      if (auto entries = texts(root_.items[i])) settings.splits[root_.keys[i]] = *entries;
    for (const char* key : {"path", "names", "nc"}) settings.splits.erase(key);
    // Ultralytics' other name for it.
    if (auto other = settings.splits.extract("validation")) {
      other.key() = "val";
      settings.splits.insert(std::move(other));
    }
    return settings;
  }

 private:
  Error wrong(const YamlNode& node, const std::string& why) const {
    return input_error(file_.string() + ":" + std::to_string(node.line) + ": " + why);
  }

  Result<fs::path> base_folder() const {
    const fs::path own = file_.parent_path();
    const YamlNode* path = root_.find("path");
    if (!path || path->kind == YamlNode::Kind::kNull) return own;
    if (path->kind != YamlNode::Kind::kScalar) return wrong(*path, "path is not one folder");
    std::error_code error;
    const fs::path base = (own / path->scalar).lexically_normal();
    if (fs::is_directory(base, error)) return base;
    if (fs::is_directory(path->scalar, error)) return fs::path(path->scalar);
    return wrong(*path, "path: no such folder: " + shown_path(base));
  }

  // A text, or a list of nothing but texts.
  static std::optional<std::vector<std::string>> texts(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::kScalar) return std::vector{node.scalar};
    if (node.kind != YamlNode::Kind::kList) return std::nullopt;
    std::vector<std::string> all;
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::kScalar) return std::nullopt;
      all.push_back(item.scalar);
    }
    return all;
  }

  Result<std::vector<std::string>> names() const {
    const YamlNode* names = root_.find("names");
    const YamlNode* nc = root_.find("nc");
    std::optional<long long> count;
    if (nc) {
      count = parse_whole(nc->scalar);
      if (!count || *count < 1) return wrong(*nc, "nc is not a number of classes");
    }
    if (!names || names->kind == YamlNode::Kind::kNull) return made_up_names(nc, count);
    std::vector<std::string> list;
    if (names->kind == YamlNode::Kind::kMap) {
      SHRIKE_ASSIGN(list, names_of_map(*names));
    } else {
      const auto all = texts(*names);
      if (names->kind != YamlNode::Kind::kList || !all)
        return wrong(*names, "names is neither a list nor a map of texts");
      list = *all;
    }
    if (list.empty()) return wrong(*names, "names is empty");
    if (count && *count != static_cast<long long>(list.size()))
      return wrong(*nc, "nc is " + std::to_string(*count) + ", but there are " +
                            std::to_string(list.size()) + " names");
    return list;
  }

  Result<std::vector<std::string>> made_up_names(const YamlNode* nc,
                                                 std::optional<long long> count) const {
    if (!count) return input_error(file_.string() + ": neither names nor nc");
    if (*count > kMostClasses) return wrong(*nc, "nc is over " + std::to_string(kMostClasses));
    std::vector<std::string> list;
    for (long long i = 0; i < *count; ++i) list.push_back(class_name({}, static_cast<int>(i)));
    return list;
  }

  Result<std::vector<std::string>> names_of_map(const YamlNode& names) const {
    std::vector<std::string> list(names.items.size());
    std::vector<bool> given(list.size());
    for (size_t i = 0; i < list.size(); ++i) {
      const YamlNode& item = names.items[i];
      const auto id = parse_whole(names.keys[i]);
      if (!id || *id < 0 || item.kind != YamlNode::Kind::kScalar)
        return wrong(item, "names: " + excerpt(names.keys[i]) + " is no class number with a name");
      const auto at = static_cast<size_t>(*id);
      if (at >= list.size())
        return wrong(item, "names: class " + excerpt(names.keys[i]) + ", but there are " +
                               std::to_string(list.size()) + " names: numbers are missing");
      if (given[at])
        return wrong(item, "names: class " + excerpt(names.keys[i]) + " is there twice");
      given[at] = true;
      list[at] = item.scalar;
    }
    return list;
  }

  const fs::path& file_;
  const YamlNode& root_;
};

}  // namespace

Result<YoloSettings> read_yolo_settings(const fs::path& yaml) {
  SHRIKE_ASSIGN(const std::string text, read_text(yaml, ErrorKind::kInput, kMaxYamlBytes));
  SHRIKE_ASSIGN(const YamlNode root, parse_yaml(text, yaml.string()));
  return SettingsReader(yaml, root).read();
}

std::string meant_entry(const YoloSettings& settings, const std::string& entry) {
  constexpr std::string_view kUp = "../";
  std::error_code error;
  if (!entry.starts_with(kUp) || fs::exists(settings.base / entry, error)) return entry;
  std::string inside = entry.substr(kUp.size());
  return fs::exists(settings.base / inside, error) ? inside : entry;
}

}  // namespace shrike
