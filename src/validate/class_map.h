// Which class of a data set a model's class is.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace shrike {

// How the model's classes are those of the data set.
enum class ClassMatching {
  kByName,   // names must agree, in any order; a model without names: by index, equal numbers
  kByIndex,  // class i is class i, whatever the names
};

inline constexpr int kNoClass = -1;

struct ClassMap {
  std::vector<int> data_class;  // by the model's class; kNoClass: the data set has no such class
  int dropped = 0;              // classes of the model that the data set does not have

  // The model's classes that the data set has, ascending; empty where that is all of them, as
  // DetectOptions::classes has it.
  std::vector<int> wanted() const;
};

// "3: RBC, WBC, Platelets"; "80: person, bicycle, car, truck, ..."
std::string shown_names(std::span<const std::string> names);

// What a class list says and whether somebody really said it.
struct ClassList {
  std::span<const std::string> names;
  bool known = true;  // false: numbers or COCO's names stand in
};

// Names agree when they are equal; else when letter case, '_', '-' and blanks do not count, or when
// they are COCO's old and new words for one thing (motorbike and motorcycle). The model may have
// more classes than the data set: their detections are no part of the question. It may not have
// fewer: the means over classes would not be of this model's work.
// An error (kInput) shows the class that has no partner, or the numbers, and the start of both
// lists.
Result<ClassMap> match_classes(const ClassList& model, const ClassList& data,
                               ClassMatching matching);

// The classes that both lists have, by name; `model` may lack some of `data`'s, and the other way
// round. Where one list was not said by anybody: by index, if they are as many. An error (kInput)
// where there is none shows both lists.
Result<ClassMap> shared_classes(const ClassList& model, const ClassList& data);

}  // namespace shrike
