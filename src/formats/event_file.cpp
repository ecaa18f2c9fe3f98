#include "formats/event_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <protozero/pbf_writer.hpp>

#include "base/excerpt.h"
#include "base/file.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kStart = "events.out.tfevents.", kEnd = ".shrike";
constexpr int64_t kMostSeconds = 9'999'999'999;  // with more digits names are in another order

// Numbers of the messages' fields.
namespace event {
constexpr protozero::pbf_tag_type kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5,
                                  kSessionLog = 7;
}
namespace summary {
constexpr protozero::pbf_tag_type kValue = 1;
}
namespace value {
constexpr protozero::pbf_tag_type kTag = 1, kSimpleValue = 2;
}
namespace session_log {
constexpr protozero::pbf_tag_type kStatus = 1;
constexpr int32_t kStarted = 1;
}  // namespace session_log

constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}

// As records hold it: a CRC of bytes that hold their own CRC would say little.
uint32_t masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

template <typename T>
void append_little_endian(std::string& out, T value) {
  for (size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i));
}

std::string start_of_event(double seconds, int64_t step) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_double(event::kWallTime, seconds);
  writer.add_int64(event::kStep, step);
  return bytes;
}

std::string name_of(int64_t seconds) {
  std::string digits = std::to_string(seconds);
  digits.insert(0, 10 - std::min<size_t>(10, digits.size()), '0');
  return std::string(kStart) + digits + std::string(kEnd);
}

// The seconds in a name that name_of() made.
std::optional<int64_t> seconds_of(std::string_view name) {
  if (!name.starts_with(kStart) || !name.ends_with(kEnd)) return std::nullopt;
  name.remove_prefix(kStart.size());
  name.remove_suffix(std::min(kEnd.size(), name.size()));
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), seconds);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return seconds;
}

// Files are read in the order of their names: the seconds that the new one gets lie behind those of
// all that are there, also where the clock was set back.
int64_t next_seconds(const fs::path& folder, int64_t now) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (const auto seconds = seconds_of(at->path().filename().native());
        seconds && *seconds < kMostSeconds)
      now = std::max(now, *seconds + 1);
  return now;
}

Error cannot_write(const fs::path& path, int error) {
  return runtime_error("cannot write " + shown_path(path) + ": " + errno_text(error));
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = crc_table();
  uint32_t crc = 0xffffffffu;
  for (const char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 255];
  return ~crc;
}

std::string event_record(std::string_view bytes) {
  std::string record;
  append_little_endian(record, uint64_t{bytes.size()});
  append_little_endian(record, masked(crc32c(record)));
  record += bytes;
  append_little_endian(record, masked(crc32c(bytes)));
  return record;
}

Result<EventFile> EventFile::create(const fs::path& folder, int64_t first_step, double seconds) {
  std::string version;
  protozero::pbf_writer version_writer(version);
  version_writer.add_double(event::kWallTime, seconds);
  version_writer.add_string(event::kFileVersion, "brain.Event:2");

  std::string start = start_of_event(seconds, first_step);
  {
    protozero::pbf_writer event(start);
    protozero::pbf_writer log(event, event::kSessionLog);
    log.add_enum(session_log::kStatus, session_log::kStarted);
  }

  for (int64_t second = next_seconds(folder, static_cast<int64_t>(seconds));; ++second) {
    EventFile file(folder / name_of(second));
    const FileDescriptor made(
        ::open(file.path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (made.get() < 0 && errno == EEXIST) continue;
    if (made.get() < 0) return cannot_write(file.path_, errno);
    SHRIKE_TRY(file.append(event_record(version) + event_record(start)));
    return file;
  }
}

Result<void> EventFile::add(int64_t step, double seconds,
                            std::span<const EventScalar> scalars) const {
  std::string bytes = start_of_event(seconds, step);
  {
    protozero::pbf_writer event(bytes);
    protozero::pbf_writer all(event, event::kSummary);
    for (const EventScalar& scalar : scalars) {
      protozero::pbf_writer one(all, summary::kValue);
      one.add_string(value::kTag, scalar.tag);
      one.add_float(value::kSimpleValue, static_cast<float>(scalar.value));
    }
  }
  return append(event_record(bytes));
}

// Opened each time: a run adds a few hundred bytes an epoch.
Result<void> EventFile::append(std::string_view bytes) const {
  FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (file.get() < 0) return cannot_write(path_, errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot_write(path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (!file.close()) return cannot_write(path_, errno);
  return {};
}

}  // namespace shrike
