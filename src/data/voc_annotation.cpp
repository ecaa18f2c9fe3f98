#include "data/voc_annotation.h"

#include "data/number.h"
#include "formats/xml.h"

namespace shrike {

namespace {

std::string text_of(const XmlElement& parent, std::string_view child) {
  const XmlElement* element = parent.find(child);
  return element ? element->text : std::string();
}

int side(const XmlElement& size, std::string_view name) {
  constexpr long long kMost = 1'000'000;
  const auto value = parse_whole(text_of(size, name));
  return value && *value > 0 && *value < kMost ? static_cast<int>(*value) : 0;
}

std::optional<Truth> box_of(const XmlElement& object, FindingList& findings) {
  const XmlElement* box = object.find("bndbox");
  const auto refuse = [&](std::string why) {
    findings.add(FindingKind::kMalformedRow, object.line, std::move(why));
    return std::nullopt;
  };
  if (!box) return refuse("an object without a bndbox");
  long double edges[4] = {};
  constexpr std::string_view kNames[] = {"xmin", "ymin", "xmax", "ymax"};
  for (size_t i = 0; i < 4; ++i) {
    const auto value = parse_number(text_of(*box, kNames[i]));
    if (!value) return refuse(std::string(kNames[i]) + " is no number");
    edges[i] = *value;
  }
  Truth truth;
  truth.x = static_cast<double>(edges[0] - 1);
  truth.y = static_cast<double>(edges[1] - 1);
  truth.width = static_cast<double>(edges[2] - edges[0] + 1);
  truth.height = static_cast<double>(edges[3] - edges[1] + 1);
  if (!is_box(truth)) return refuse("xmax or ymax lies before xmin or ymin, or far away");
  truth.area = truth.width * truth.height;
  const auto difficult = parse_whole(text_of(object, "difficult"));
  truth.ignore = difficult && *difficult != 0;
  return truth;
}

}  // namespace

Result<VocAnnotation> parse_voc_annotation(std::string_view text, const std::string& source,
                                           FindingList& findings) {
  SHRIKE_ASSIGN(const XmlElement root, parse_xml(text, source));
  if (root.name != "annotation")
    return input_error(source + ":" + std::to_string(root.line) + ": <" + root.name +
                       "> instead of <annotation>");
  VocAnnotation annotation;
  annotation.filename = text_of(root, "filename");
  if (const XmlElement* size = root.find("size")) {
    annotation.width = side(*size, "width");
    annotation.height = side(*size, "height");
  }
  for (const XmlElement& object : root.children) {
    if (object.name != "object") continue;
    const std::string name = text_of(object, "name");
    if (name.empty()) {
      findings.add(FindingKind::kMalformedRow, object.line, "an object without a name");
      continue;
    }
    if (const auto truth = box_of(object, findings))
      annotation.objects.push_back({name, {*truth, object.line}});
  }
  return annotation;
}

}  // namespace shrike
