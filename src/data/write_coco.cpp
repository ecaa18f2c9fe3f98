#include "base/file.h"
#include "data/writers.h"
#include "formats/json.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

Json category_json(int64_t id, const std::string& name) { return {{"id", id}, {"name", name}}; }

Json image_json(const Sample& sample, const std::string& name) {
  return {
      {"id", sample.id}, {"file_name", name}, {"width", sample.width}, {"height", sample.height}};
}

Json annotation_json(int64_t id, int64_t image_id, int64_t category_id, const Truth& t) {
  Json json = {{"id", id},
               {"image_id", image_id},
               {"category_id", category_id},
               {"bbox", {t.x, t.y, t.width, t.height}},
               {"area", t.area},
               {"iscrowd", t.crowd ? 1 : 0}};
  if (t.ignore) json["ignore"] = 1;
  return json;
}

// An array written an element a line, so that no tree of all of them is held.
class ArrayText {
 public:
  void add(const Json& element) { text_ += (text_.empty() ? "\n" : ",\n") + dump_json(element); }
  std::string take() { return "[" + std::move(text_) + "]"; }

 private:
  std::string text_;
};

std::string split_text(const OutputSplit& split, Conversion& conversion) {
  const Dataset& dataset = *split.dataset;
  ArrayText images, annotations, categories;
  int64_t annotation_id = 0;  // from 1: pycocotools takes 0 for no annotation
  for (size_t i = 0; i < dataset.samples.size(); ++i) {
    const Sample& sample = dataset.samples[i];
    images.add(image_json(sample, split.file_names[i]));
    for (const Truth& t : sample.truth) {
      annotations.add(annotation_json(++annotation_id, sample.id,
                                      dataset.category_ids[static_cast<size_t>(t.class_id)], t));
      ++conversion.instances;
      if (t.ignore) ++conversion.ignored_counted;
    }
  }
  for (size_t c = 0; c < dataset.names.size(); ++c)
    categories.add(category_json(dataset.category_ids[c], dataset.names[c]));
  return "{\"images\":" + images.take() + ",\n\"annotations\":" + annotations.take() +
         ",\n\"categories\":" + categories.take() + "}\n";
}

}  // namespace

Result<void> write_coco(std::span<const OutputSplit> splits, const fs::path& folder,
                        Conversion& conversion) {
  const fs::path annotations = folder / "annotations";
  SHRIKE_TRY(make_folders(annotations));
  for (const OutputSplit& split : splits)
    SHRIKE_TRY(write_file(annotations / ("instances_" + split.name + ".json"),
                          split_text(split, conversion)));
  return {};
}

}  // namespace shrike
