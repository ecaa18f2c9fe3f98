#include "formats/onnx_reader.h"

#include <new>
#include <protozero/exception.hpp>

#include "base/memory.h"
#include "formats/onnx/graph_reader.h"

namespace shrike {

namespace {

Result<Graph> read(std::span<const std::byte> bytes, std::shared_ptr<const MappedFile> file,
                   const std::filesystem::path& folder,
                   std::vector<std::filesystem::path>* external) {
  if (bytes.empty()) return model_error("the file is empty");
  const onnx::ModelProto model =
      onnx::decode_model({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!model.graph) return model_error("holds no ONNX graph: cut short, or another kind of file");
  if (!model.opset) return model_error("does not say which ONNX operator set it uses");
  if (*model.opset < kMinReadOpset || *model.opset > kMaxReadOpset)
    return model_error("uses ONNX operator set " + std::to_string(*model.opset) + "; " +
                       std::to_string(kMinReadOpset) + " to " + std::to_string(kMaxReadOpset) +
                       " are supported");
  onnx::TensorReader tensors(std::move(file), folder);
  onnx::GraphReader reader(*model.graph, static_cast<int>(*model.opset), tensors);
  SHRIKE_ASSIGN(Graph graph, reader.read());
  for (const onnx::Entry& entry : model.metadata)
    graph.metadata[std::string(entry.key)] = entry.value;
  if (external) *external = tensors.external_files();
  return graph;
}

}  // namespace

Result<Graph> read_onnx(std::span<const std::byte> bytes, std::shared_ptr<const MappedFile> file,
                        const std::string& source, const std::filesystem::path& folder,
                        std::vector<std::filesystem::path>* external) {
  try {
    Result<Graph> graph = read(bytes, std::move(file), folder, external);
    if (!graph) return in_context("cannot read " + source, graph.error());
    return graph;
  } catch (const protozero::exception&) {
    return model_error("cannot read " + source + ": not an ONNX file, or a damaged one");
  } catch (const std::bad_alloc&) {
    return out_of_memory("cannot read " + source);
  }
}

Result<Graph> read_onnx(const std::filesystem::path& path,
                        std::vector<std::filesystem::path>* external) {
  SHRIKE_ASSIGN(std::shared_ptr<const MappedFile> file, MappedFile::open(path, ErrorKind::kModel));
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const std::span<const std::byte> bytes = file->bytes();
  return read_onnx(bytes, std::move(file), path.string(), folder, external);
}

}  // namespace shrike
