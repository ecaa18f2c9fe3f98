// Harnesses of the files that data sets consist of, and their seeds.
#include "data/coco_file.h"
#include "data/voc_annotation.h"
#include "data/yolo_labels.h"
#include "data/yolo_settings.h"
#include "formats/yaml.h"
#include "harness.h"
#include "memory_file.h"
#include "seeds.h"

namespace shrike::fuzz {

namespace {

// A hundred, and the number of more of each kind.
constexpr size_t kMostFindings = 100 + static_cast<size_t>(FindingKind::kOrphanLabel) + 1;
constexpr const char* kFindingsAreBounded = "findings are a hundred, and a number for each kind";

}  // namespace

void run_data_yaml(Bytes input) {
  (void)has_value(parse_yaml(as_text(input), "fuzz.yaml"));
  (void)has_value(read_yolo_settings(MemoryFile(as_text(input)).path()));
}

std::vector<std::string> data_yaml_seeds() {
  return {
      "path: .\ntrain: images/train\nval: [images/val, more.txt]\nnames:\n  0: cat\n  1: \"dog\"\n",
      "train: a\nval: b\nnc: 2\nnames: ['cat', 'dog'] # two\n",
      "# comment\nval: >-\n  folded\n  text\nnc: 3\nextra: {a: [1, 2], b: ~}\n"};
}

void run_coco(Bytes input) {
  FindingList findings("fuzz.json");
  (void)has_value(read_coco_file(MemoryFile(as_text(input)).path(), findings));
  require(findings.take().size() <= kMostFindings, kFindingsAreBounded);
}

std::vector<std::string> coco_seeds() {
  return {R"({"info": {"year": 2017}, "licenses": [],
"images": [{"id": 7, "file_name": "a.jpg", "width": 64, "height": 48}],
"annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [1.5, 2, 30, 4e1], "area": 60,
"iscrowd": 0, "segmentation": [[1, 2, 3, 4, 5, 6]]},
{"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 5, 5], "iscrowd": 1,
"segmentation": {"counts": [0, 25], "size": [5, 5]}}],
"categories": [{"id": 3, "name": "cat", "supercategory": "animal"}]})",
          R"({"images":[{"id":1,"file_name":"b","width":null,"height":-1e400}],"annotations":[
{"id":3,"image_id":1,"category_id":1,"bbox":[0,0,-0.0,1],"iscrowd":true,"area":false}],"categories":[]})",
          R"({"images":[],"annotations":[],"categories":[{"id":1,"name":"\u00e9\ud83d\ude00"}]})"};
}

void run_voc(Bytes input) {
  FindingList findings("fuzz.xml");
  const auto annotation = parse_voc_annotation(as_text(input), "fuzz.xml", findings);
  if (!has_value(annotation)) return;
  for (const VocObject& object : annotation->objects)
    require(is_box(object.box.truth), "objects that are read have boxes");
}

std::vector<std::string> voc_seeds() {
  return {R"(<annotation><folder>VOC</folder><filename>a.jpg</filename>
<size><width>64</width><height>48</height><depth>3</depth></size>
<object><name>cat</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult>
<bndbox><xmin>3</xmin><ymin>4.5</ymin><xmax>30</xmax><ymax>40</ymax></bndbox>
<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>
</object></annotation>)",
          "<!DOCTYPE annotation [<!ENTITY a \"b\">]><annotation><![CDATA[x]]>&a;</annotation>",
          "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotation><!-- none -->"
          "<object><name>a&amp;b&#233;</name></object></annotation>"};
}

void run_yolo_labels(Bytes input) {
  FindingList findings("fuzz.txt");
  for (const TruthRow& row : parse_yolo_labels(as_text(input), {64, 48}, 3, findings))
    require(is_box(row.truth), "rows that are read are boxes");
  require(findings.take().size() <= kMostFindings, kFindingsAreBounded);
}

std::vector<std::string> yolo_labels_seeds() {
  return {"0 0.5 0.5 0.25 0.125\n1 0.1 0.2 0.1 0.1\r\n\n2 0.1 0.1 0.5 0.1 0.5 0.9\n",
          "2.0 5e-1 .5 1 1\n2 0.5 0.5 1 1\n7 0.5 0.5 1 1\n0 nan 0 0 0\n"};
}

}  // namespace shrike::fuzz
