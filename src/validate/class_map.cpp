#include "validate/class_map.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <unordered_map>

namespace shrike {

namespace {

// The words in which lists of COCO's categories differ, as key() leaves them: those of VOC and of
// Darknet's coco.names, those of the COCO files.
constexpr std::pair<std::string_view, std::string_view> kSynonyms[] = {
    {"motorbike", "motorcycle"}, {"aeroplane", "airplane"}, {"sofa", "couch"}, {"tvmonitor", "tv"}};

// A name without what does not count in it.
std::string key(std::string_view name) {
  std::string result;
  for (const char c : name)
    if (c != ' ' && c != '_' && c != '-')
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& [old_word, new_word] : kSynonyms)
    if (result == old_word) return std::string(new_word);
  return result;
}

std::string shown(const std::string& name) {
  constexpr size_t kLongest = 40;
  return name.size() <= kLongest ? name : name.substr(0, kLongest) + "...";
}

std::string with_lists(const std::string& what, const ClassList& model, const ClassList& data) {
  return what + " (the model has " + shown_names(model.names) + "; the data set " +
         shown_names(data.names) + ")";
}

Error mismatch(const std::string& what, const ClassList& model, const ClassList& data) {
  return input_error(with_lists(what, model, data) +
                     "; --classes-by-index matches them by number");
}

// Of lists of which one was not said by anybody.
std::string as_many(const ClassList& model) {
  return std::string(model.known ? "the data set" : "the model's file") +
         " names no classes, so they must be as many";
}

// Where a list has a name; nothing where it has it nowhere, or more than once.
class Finder {
 public:
  explicit Finder(std::span<const std::string> names) {
    for (size_t i = 0; i < names.size(); ++i) {
      note(exact_, names[i], static_cast<int>(i));
      note(by_key_, key(names[i]), static_cast<int>(i));
    }
  }

  int find(const std::string& name) const {
    const int exact = look_up(exact_, name);
    return exact != kNoClass ? exact : look_up(by_key_, key(name));
  }

 private:
  using Index = std::unordered_map<std::string, int>;
  static void note(Index& index, const std::string& name, int position) {
    const auto [found, is_new] = index.emplace(name, position);
    if (!is_new) found->second = kNoClass;
  }
  static int look_up(const Index& index, const std::string& name) {
    const auto found = index.find(name);
    return found == index.end() ? kNoClass : found->second;
  }
  Index exact_, by_key_;
};

Result<ClassMap> by_index(const ClassList& model, const ClassList& data) {
  ClassMap map;
  if (model.names.size() < data.names.size())
    return input_error(
        with_lists("the model has fewer classes than the data set", model, data));
  for (size_t i = 0; i < model.names.size(); ++i)
    map.data_class.push_back(i < data.names.size() ? static_cast<int>(i) : kNoClass);
  map.dropped = static_cast<int>(model.names.size() - data.names.size());
  return map;
}

Result<ClassMap> by_name(const ClassList& model, const ClassList& data) {
  const Finder finder(model.names);
  ClassMap map{std::vector<int>(model.names.size(), kNoClass), 0};
  for (size_t i = 0; i < data.names.size(); ++i) {
    const int found = finder.find(data.names[i]);
    if (found == kNoClass)
      return mismatch(
          "class \"" + shown(data.names[i]) + "\" of the data set is none of the model's", model,
          data);
    int& partner = map.data_class[static_cast<size_t>(found)];
    if (partner != kNoClass)
      return mismatch("classes \"" + shown(data.names[static_cast<size_t>(partner)]) + "\" and \"" +
                          shown(data.names[i]) + "\" of the data set are one class of the model",
                      model, data);
    partner = static_cast<int>(i);
  }
  map.dropped = static_cast<int>(model.names.size() - data.names.size());
  return map;
}

}  // namespace

std::string shown_names(std::span<const std::string> names) {
  constexpr size_t kShown = 4;
  std::string text = std::to_string(names.size()) + ":";
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += (i ? ", " : " ") + shown(names[i]);
  return text + (names.size() > kShown ? ", ..." : "");
}

std::vector<int> ClassMap::wanted() const {
  std::vector<int> classes;
  if (dropped == 0) return classes;
  for (size_t i = 0; i < data_class.size(); ++i)
    if (data_class[i] != kNoClass) classes.push_back(static_cast<int>(i));
  return classes;
}

Result<ClassMap> match_classes(const ClassList& model, const ClassList& data,
                               ClassMatching matching) {
  if (matching == ClassMatching::kByIndex) return by_index(model, data);
  const bool equal =
      std::equal(model.names.begin(), model.names.end(), data.names.begin(), data.names.end());
  if (equal) return by_index(model, data);
  if (!model.known || !data.known) {
    if (model.names.size() == data.names.size()) return by_index(model, data);
    return mismatch(as_many(model) + " (val --names can name the model's)", model, data);
  }
  return by_name(model, data);
}

Result<ClassMap> shared_classes(const ClassList& model, const ClassList& data) {
  if (!model.known || !data.known) {
    if (model.names.size() == data.names.size()) return by_index(model, data);
    return input_error(with_lists(as_many(model), model, data));
  }
  const Finder finder(model.names);
  ClassMap map{std::vector<int>(model.names.size(), kNoClass),
               static_cast<int>(model.names.size())};
  for (size_t i = 0; i < data.names.size(); ++i) {
    const int found = finder.find(data.names[i]);
    if (found == kNoClass) continue;
    int& partner = map.data_class[static_cast<size_t>(found)];
    if (partner != kNoClass) continue;  // the first of two that are one class of the model
    partner = static_cast<int>(i);
    --map.dropped;
  }
  if (map.dropped == static_cast<int>(model.names.size()))
    return input_error(with_lists("no class of the model is one of the data set", model, data));
  return map;
}

}  // namespace shrike
