#include "formats/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <new>
#include <set>
#include <sstream>

#include "base/excerpt.h"
#include "base/memory.h"
#include "base/utf8.h"

namespace shrike {

namespace {

constexpr size_t kMaxLevels = 32;
constexpr size_t kMaxValues = 100'000;

// Thrown through yaml-cpp to stop it; caught in parse_yaml.
struct Refusal {
  int line;
  std::string why;
};

// Builds the tree, and refuses what is not allowed as it comes.
class TreeBuilder : public YAML::EventHandler {
 public:
  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, "", anchor, YamlNode::Kind::kNull);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*) are not read");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (expects_key()) {
      check(mark, tag, anchor);
      start_entry(mark, value);
    } else {
      add(mark, tag, anchor, YamlNode::Kind::kScalar).scalar = value;
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, add(mark, tag, anchor, YamlNode::Kind::kList));
  }
  void OnSequenceEnd() override { levels_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, add(mark, tag, anchor, YamlNode::Kind::kMap));
  }
  void OnMapEnd() override { levels_.pop_back(); }

 private:
  // A list or map that has not ended. Its node stays where it is: its parent gets no other item
  // meanwhile.
  struct Level {
    YamlNode* node;
    bool expects_key;
    std::set<std::string> keys;
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, const std::string& why) {
    throw Refusal{mark.line + 1, why};
  }

  bool expects_key() const { return !levels_.empty() && levels_.back().expects_key; }

  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors (&) are not read");
    // "?" is what yaml-cpp says of a plain scalar, "!" of a quoted one.
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags (!) are not read");
    if (++values_ > kMaxValues) refuse(mark, "more than 100,000 values");
  }

  void start_entry(const YAML::Mark& mark, const std::string& key) {
    Level& map = levels_.back();
    if (key == "<<") refuse(mark, "merge keys (<<) are not read");
    if (!map.keys.insert(key).second) refuse(mark, "the key " + excerpt(key) + " is there twice");
    map.node->keys.push_back(key);
    map.expects_key = false;
  }

  YamlNode& add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                YamlNode::Kind kind) {
    check(mark, tag, anchor);
    if (expects_key()) refuse(mark, "a key that is no plain text");
    YamlNode* node = &root_;
    if (!levels_.empty()) {
      Level& parent = levels_.back();
      parent.expects_key = parent.node->kind == YamlNode::Kind::kMap;
      node = &parent.node->items.emplace_back();
    }
    node->kind = kind;
    node->line = mark.line + 1;
    return *node;
  }

  void open(const YAML::Mark& mark, YamlNode& node) {
    if (levels_.size() == kMaxLevels) refuse(mark, "more than 32 levels");
    levels_.push_back({&node, node.kind == YamlNode::Kind::kMap, {}});
  }

  YamlNode root_;
  std::vector<Level> levels_;
  size_t values_ = 0;
};

Error yaml_error(const std::string& source, int line, const std::string& why) {
  return input_error(source + ":" + std::to_string(line) + ": " + why);
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key) return &items[i];
  return nullptr;
}

Result<YamlNode> parse_yaml(std::string_view text, const std::string& source) {
  if (text.size() > kMaxYamlBytes)
    return input_error(source + " is larger than " + std::to_string(kMaxYamlBytes) + " bytes");
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos)
    return input_error(source + ": YAML that is not UTF-8 text");
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    parser.HandleNextDocument(builder);
    YamlNode root = builder.take();
    TreeBuilder next;
    if (parser.HandleNextDocument(next))
      return input_error(source + ": more than one YAML document");
    return root;
  } catch (const Refusal& refusal) {
    return yaml_error(source, refusal.line, refusal.why);
  } catch (const std::bad_alloc&) {
    return out_of_memory("cannot read " + source);
  } catch (const YAML::Exception& e) {
    return yaml_error(source, e.mark.line + 1, "not valid YAML: " + excerpt(e.msg));
  }
}

}  // namespace shrike
