#include "cli/coco_results.h"

#include <cassert>

#include "eval/coco_box.h"
#include "formats/json.h"

namespace shrike {

std::string coco_results(const Dataset& dataset, const Validation& validation) {
  assert(validation.detections.size() == validation.scored.size());
  std::string text = "[";
  for (size_t i = 0; i < validation.scored.size(); ++i)
    for (const Detection& d : validation.detections[i]) {
      const CocoBox box = coco_box(d.box);
      const Json row = {{"image_id", dataset.samples[validation.scored[i]].id},
                        {"category_id", dataset.category_ids[static_cast<size_t>(d.class_id)]},
                        {"bbox", {box.x, box.y, box.width, box.height}},
                        {"score", json_number(d.confidence)}};
      text += (text.size() > 1 ? ",\n" : "\n") + dump_json(row);
    }
  return text + "\n]\n";
}

}  // namespace shrike
