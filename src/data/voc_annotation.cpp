#include "data/voc_annotation.h"

#include <algorithm>
#include <limits>

#include "base/excerpt.h"
#include "data/number.h"
#include "formats/xml.h"

namespace shrike {

namespace {

std::string text_of(const XmlElement& parent, std::string_view child) {
  const XmlElement* element = parent.find(child);
  return element ? element->text : std::string();
}

double side(const XmlElement& size, std::string_view name) {
  constexpr long double kMost = std::numeric_limits<double>::max();
  const long double value = parse_number(text_of(size, name)).value_or(0);
  return static_cast<double>(std::clamp(value, -kMost, kMost));
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
    return input_error(source + ":" + std::to_string(root.line) + ": <" + excerpt(root.name) +
                       "> instead of <annotation>");
  VocAnnotation annotation;
  annotation.filename = text_of(root, "filename");
  if (const XmlElement* size = root.find("size")) {
    annotation.size = {side(*size, "width"), side(*size, "height")};
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
