// Graphs for tests: every operator that ONNX has, attributes away from their defaults.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "formats/onnx/test_graph_texts.h"
#include "ir/infer.h"
#include "ir/text.h"

namespace shrike::onnx {

// The graph's text form with the types of node outputs left out: "%y = Relu(%x)".
inline Graph graph_of(const std::string& text) {
  std::istringstream lines(text);
  std::string full = "graph \"g\"\n";
  for (std::string line; std::getline(lines, line);) {
    const size_t outputs = line.starts_with('%') ? line.find(" = ") : 0;
    for (size_t i = 0; i < line.size(); ++i) {
      if (i == outputs && i > 0) full += ": ?";
      if (i < outputs && line[i] == ',') full += ": ?";
      full += line[i];
    }
    full += '\n';
  }
  Result<Graph> graph = parse_graph(full, "test");
  if (!graph) {
    ADD_FAILURE() << graph.error().message;
    return {};
  }
  const Result<void> status = infer_shapes(*graph);
  EXPECT_TRUE(status) << status.error().message;
  return *std::move(graph);
}

}  // namespace shrike::onnx
