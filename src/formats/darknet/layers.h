// One function per kind of section.
#pragma once

#include <span>
#include <string_view>

#include "formats/darknet/builder.h"

namespace shrike::darknet {

// Adds the section's layer and returns its output; kNoValue for [yolo], which adds to
// Builder::scales instead.
using AddLayer = Result<ValueId> (*)(const Section&, Builder&);

struct LayerKind {
  std::string_view name;
  AddLayer add;
};

// Every kind that is supported.
std::span<const LayerKind> layer_kinds();

}  // namespace shrike::darknet
