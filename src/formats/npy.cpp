#include "formats/npy.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/excerpt.h"
#include "base/file.h"

namespace shrike {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;  // of the data, as NumPy pads its header
constexpr size_t kMaxRank = 32;

// NumPy's name of a little-endian element type.
struct Descr {
  std::string_view name;
  DType dtype;
};
constexpr Descr kDescrs[] = {
    {"<f4", DType::kF32}, {"<f8", DType::kF64},  {"<f2", DType::kF16}, {"<i8", DType::kI64},
    {"<i4", DType::kI32}, {"<i2", DType::kI16},  {"|i1", DType::kI8},  {"<u2", DType::kU16},
    {"|u1", DType::kU8},  {"|b1", DType::kBool},
};

struct Header {
  std::string descr;
  bool fortran = false;
  Shape shape;
};

// Reads the header's dict: {'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }. Each step
// takes text from the front; false where it is not as expected.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  std::optional<Header> parse() {
    Header header;
    int keys = 0;
    if (!take("{")) return std::nullopt;
    while (!take("}")) {
      const std::optional<std::string> key = quoted();
      if (!key || !take(":") || ++keys > 3 || !value(*key, header)) return std::nullopt;
      if (!take(",") && !rest_.starts_with("}")) return std::nullopt;
      skip_blanks();
    }
    skip_blanks();
    if (keys != 3 || !rest_.empty() || header.descr.empty()) return std::nullopt;
    return header;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }
  bool take(std::string_view wanted) {
    skip_blanks();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(wanted.size());
    skip_blanks();
    return true;
  }
  std::optional<std::string> quoted() {
    if (!take("'")) return std::nullopt;
    const size_t end = rest_.find('\'');
    if (end == std::string_view::npos) return std::nullopt;
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool value(const std::string& key, Header& header) {
    if (key == "descr") {
      const std::optional<std::string> text = quoted();
      if (text) header.descr = *text;
      return text.has_value();
    }
    if (key == "fortran_order") {
      header.fortran = take("True");
      return header.fortran || take("False");
    }
    return key == "shape" && shape(header.shape);
  }
  bool shape(Shape& out) {
    if (!take("(")) return false;
    std::vector<int64_t> dims;
    while (!take(")")) {
      int64_t dim = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), dim);
      if (error != std::errc{} || dim < 0 || dims.size() == kMaxRank) return false;
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      dims.push_back(dim);
      if (!take(",") && !rest_.starts_with(")")) return false;
    }
    out = Shape(std::move(dims));
    return true;
  }

  std::string_view rest_;
};

// Where the header's text lies in the file; nothing when it is not one.
std::optional<std::string_view> header_text(std::string_view file) {
  if (!file.starts_with(kMagic) || file.size() < 10) return std::nullopt;
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(file[i])); };
  const size_t version = byte(6);
  if (version < 1 || version > 3) return std::nullopt;
  const size_t start = version == 1 ? 10 : 12;
  if (file.size() < start) return std::nullopt;
  size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > file.size() - start) return std::nullopt;
  return file.substr(start, length);
}

DType find_descr(std::string_view name) {
  // "<b1" and "=f4" do not occur in files; one-byte types may come with any order mark.
  for (const Descr& row : kDescrs)
    if (row.name == name ||
        (name.size() == 3 && dtype_size(row.dtype) == 1 && row.name.substr(1) == name.substr(1)))
      return row.dtype;
  return DType::kUndefined;
}

// The program counts on 0 and 1.
bool bad_bools(const Tensor& tensor) {
  return tensor.dtype() == DType::kBool &&
         std::any_of(tensor.bytes().begin(), tensor.bytes().end(),
                     [](std::byte b) { return b > std::byte{1}; });
}

Result<Tensor> read(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::optional<std::string_view> text = header_text(file);
  const std::optional<Header> header = text ? HeaderParser(*text).parse() : std::nullopt;
  if (!header) return input_error("not a NumPy file, or a damaged one");
  const DType dtype = find_descr(header->descr);
  if (dtype == DType::kUndefined)
    return input_error("element type " + in_quotes(header->descr) + " is not supported");
  // Order makes no difference to arrays of fewer than two axes.
  if (header->fortran && header->shape.rank() > 1)
    return input_error("Fortran order is not supported; save numpy.ascontiguousarray(x)");

  const std::span<const std::byte> data =
      bytes.subspan(static_cast<size_t>(text->data() + text->size() - file.data()));
  Result<Tensor> tensor = Tensor::borrow(dtype, header->shape, data, owner);
  if (!tensor) return input_error(tensor.error().message);
  if (bad_bools(*tensor)) return input_error("a bool that is neither 0 nor 1");
  if (owner || tensor->empty()) return tensor;
  SHRIKE_ASSIGN(Tensor copy, Tensor::make(dtype, header->shape));
  std::memcpy(copy.mutable_bytes().data(), data.data(), data.size());
  return copy;
}

}  // namespace

Result<Tensor> read_npy(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                        const std::string& source) {
  Result<Tensor> tensor = read(bytes, std::move(owner));
  if (!tensor) return in_context("cannot read " + source, tensor.error());
  return tensor;
}

Result<Tensor> read_npy(const std::filesystem::path& path) {
  SHRIKE_ASSIGN(std::shared_ptr<const MappedFile> file, MappedFile::open(path, ErrorKind::kInput));
  const std::span<const std::byte> bytes = file->bytes();
  return read_npy(bytes, std::move(file), path.string());
}

std::string write_npy(const Tensor& tensor) {
  std::string_view descr;
  for (const Descr& row : kDescrs)
    if (row.dtype == tensor.dtype()) descr = row.name;
  assert(!descr.empty());
  std::string dict = "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (";
  for (const int64_t dim : tensor.shape()) dict += std::to_string(dim) + ", ";
  if (tensor.shape().rank() > 0) dict.pop_back();
  if (tensor.shape().rank() > 1) dict.pop_back();
  dict += "), }";
  constexpr size_t kPreamble = 10;
  while ((kPreamble + dict.size() + 1) % kAlignment != 0) dict += ' ';
  dict += '\n';

  std::string out(kMagic);
  out += {1, 0, static_cast<char>(dict.size() & 0xFF), static_cast<char>(dict.size() >> 8)};
  out += dict;
  const std::span<const std::byte> bytes = tensor.bytes();
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return out;
}

Result<void> save_npy(const Tensor& tensor, const std::filesystem::path& path) {
  return write_file(path, write_npy(tensor));
}

}  // namespace shrike
