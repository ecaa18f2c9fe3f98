#include "formats/safetensors.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/excerpt.h"
#include "base/file.h"
#include "formats/sorted_json.h"

namespace shrike {

namespace {

constexpr size_t kLengthBytes = 8;
constexpr size_t kMostHeader = 100'000'000;  // what the format allows
constexpr size_t kMaxRank = 32;
constexpr size_t kAlignment = 8;  // of the first tensor
constexpr std::string_view kMetadata = "__metadata__";

struct TypeName {
  std::string_view name;
  DType dtype;
};
constexpr TypeName kTypeNames[] = {
    {"F32", DType::kF32}, {"F64", DType::kF64},   {"F16", DType::kF16}, {"I64", DType::kI64},
    {"I32", DType::kI32}, {"I16", DType::kI16},   {"I8", DType::kI8},   {"U16", DType::kU16},
    {"U8", DType::kU8},   {"BOOL", DType::kBool},
};

std::optional<uint64_t> natural(const SortedJson& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<uint64_t>();
}

// What the header says of one tensor.
struct Entry {
  DType dtype = DType::kUndefined;
  Shape shape;
  uint64_t begin = 0, end = 0;  // behind the header
};

Result<Entry> entry_of(const SortedJson& json) {
  const auto member = [&](const char* name) -> const SortedJson* {
    const auto found = json.find(name);
    return found == json.end() ? nullptr : &*found;
  };
  if (!json.is_object()) return input_error("not an object");
  const SortedJson *dtype = member("dtype"), *shape = member("shape"),
                   *offsets = member("data_offsets");
  if (!dtype || !dtype->is_string() || !shape || !shape->is_array() || !offsets ||
      !offsets->is_array() || offsets->size() != 2)
    return input_error("its type, shape or place is not there");
  Entry entry;
  const auto& name = dtype->get_ref<const std::string&>();
  for (const TypeName& row : kTypeNames)
    if (row.name == name) entry.dtype = row.dtype;
  if (entry.dtype == DType::kUndefined)
    return input_error("element type " + in_quotes(name) + " is not supported");
  if (shape->size() > kMaxRank) return input_error("more than 32 axes");
  std::vector<int64_t> dims;
  for (const SortedJson& dim : *shape) {
    const std::optional<uint64_t> value = natural(dim);
    if (!value || *value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return input_error("a side that is no size");
    dims.push_back(static_cast<int64_t>(*value));
  }
  entry.shape = Shape(std::move(dims));
  const std::optional<uint64_t> begin = natural((*offsets)[0]), end = natural((*offsets)[1]);
  if (!begin || !end || *begin > *end) return input_error("a place that is none");
  entry.begin = *begin;
  entry.end = *end;
  return entry;
}

Result<Tensor> tensor_of(const Entry& entry, std::span<const std::byte> data,
                         const std::shared_ptr<const void>& owner) {
  if (entry.end > data.size()) return input_error("it lies behind the file's end");
  const std::span<const std::byte> bytes = data.subspan(entry.begin, entry.end - entry.begin);
  SHRIKE_ASSIGN(Tensor tensor, Tensor::borrow(entry.dtype, entry.shape, bytes, owner));
  if (entry.dtype == DType::kBool &&
      std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; }))
    return input_error("a bool that is neither 0 nor 1");
  return tensor;
}

Result<std::map<std::string, std::string>> metadata_of(const SortedJson& json) {
  std::map<std::string, std::string> metadata;
  if (!json.is_object()) return input_error("__metadata__ is not an object");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) return input_error("__metadata__ holds what is not text");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

struct Place {
  uint64_t begin, end;
  size_t tensor;
  auto operator<=>(const Place&) const = default;
};

// The format has every byte belong to one tensor. Requires places in order.
bool without_gaps(std::span<const Place> places, size_t size) {
  uint64_t at = 0;
  for (const Place& place : places) {
    if (place.begin != at) return false;
    at = place.end;
  }
  return at == size;
}

Result<Safetensors> read(std::span<const std::byte> bytes,
                         const std::shared_ptr<const void>& owner) {
  if (bytes.size() < kLengthBytes) return input_error("not a safetensors file: it is too short");
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    length |= std::to_integer<uint64_t>(bytes[i]) << (8 * i);
  if (length > std::min<uint64_t>(kMostHeader, bytes.size() - kLengthBytes))
    return input_error("not a safetensors file, or a damaged one: its header is not all there");
  const auto header_bytes = bytes.subspan(kLengthBytes, length);
  const std::string_view text(reinterpret_cast<const char*>(header_bytes.data()),
                              header_bytes.size());
  SHRIKE_ASSIGN(const SortedJson header, parse_sorted_json(text, "header"));
  if (!header.is_object()) return input_error("its header is not an object");
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + length);
  Safetensors file;
  std::vector<NamedTensor> found;
  std::vector<Place> places;
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadata) {
      SHRIKE_ASSIGN(file.metadata, metadata_of(value));
      continue;
    }
    const Result<Entry> entry = entry_of(value);
    if (!entry) return in_context(in_quotes(name), entry.error());
    Result<Tensor> tensor = tensor_of(*entry, data, owner);
    if (!tensor) return Error{ErrorKind::kInput, in_quotes(name) + ": " + tensor.error().message};
    places.push_back({entry->begin, entry->end, places.size()});
    found.push_back({name, *std::move(tensor)});
  }
  std::sort(places.begin(), places.end());
  if (!without_gaps(places, data.size()))
    return input_error("its tensors overlap, or leave bytes that belong to none");
  for (const Place& place : places) file.tensors.push_back(std::move(found[place.tensor]));
  return file;
}

}  // namespace

Result<Safetensors> read_safetensors(std::span<const std::byte> bytes,
                                     std::shared_ptr<const void> owner, const std::string& source) {
  Result<Safetensors> file = read(bytes, owner);
  if (!file) return in_context("cannot read " + source, file.error());
  return file;
}

Result<Safetensors> read_safetensors(const std::filesystem::path& path) {
  SHRIKE_ASSIGN(std::shared_ptr<const MappedFile> file, MappedFile::open(path, ErrorKind::kInput));
  const std::span<const std::byte> bytes = file->bytes();
  return read_safetensors(bytes, std::move(file), shown_path(path));
}

std::string safetensors_header(std::span<const NamedTensor> tensors,
                               const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header[std::string(kMetadata)] = metadata;
  uint64_t at = 0;
  for (const NamedTensor& item : tensors) {
    std::string_view type;
    for (const TypeName& row : kTypeNames)
      if (row.dtype == item.tensor.dtype()) type = row.name;
    assert(!type.empty() && item.name != kMetadata && !header.contains(item.name));
    std::vector<int64_t> dims(item.tensor.shape().begin(), item.tensor.shape().end());
    const uint64_t end = at + item.tensor.byte_size();
    header[item.name] = {{"dtype", type}, {"shape", dims}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = dump_json(header);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  std::string out(kLengthBytes, '\0');
  for (size_t i = 0; i < kLengthBytes; ++i) out[i] = static_cast<char>(text.size() >> (8 * i));
  return out + text;
}

}  // namespace shrike
