// The graph's text form: what `inspect` shows, what tests and bug reports are written in.
//
//   graph "name"
//   meta "stride" "32"
//   input %images: f32[1,3,640,640]
//   input %x: f32["batch",3,?,?]
//   const %w: f32[2] = [0.5, -1]
//   const %k: f16[3] = hex"003c00400042"
//   %y: f32[1,16,320,320] = Conv(%images, %w, _) strides=[2,2] pads=[1,1,1,1] @"/model.0/Conv"
//   %a: f32[1,8], %b: f32[1,8] = Split(%y, _)
//   output %y
//
// One statement a line; # starts a comment. Names outside [A-Za-z0-9_./:-], and those that end in a
// colon, are quoted: %"a b", with \n, \r, \t, \", \\ and, for other control characters, \x1b. `_`
// is an absent optional input or unwanted output; `?` an unknown extent, or an unknown type; a type
// without brackets has an unknown shape. Attributes at their defaults are left out. Floats are
// written so that they read back as the same bits; long or unusual constants as the bytes of their
// elements, little-endian, in hex. parse(print(g)) gives the same graph as g (same_graph).
#pragma once

#include <string>
#include <string_view>

#include "ir/graph.h"

namespace shrike {

struct PrintOptions {
  // Constants over this many elements are written as "..." , which cannot be parsed. -1: all whole.
  int64_t elide_over = -1;
};

std::string print_graph(const Graph& graph, const PrintOptions& options = {});

// Errors (kModel) name `source` and the line. Types and shapes are taken as written, not inferred.
Result<Graph> parse_graph(std::string_view text, const std::string& source);

}  // namespace shrike
