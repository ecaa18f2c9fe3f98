// TensorBoard's event files: numbers by name, a step and a time, added to while a run goes on.
//
// A file is a row of records, each of them
//   length u64 | masked CRC of these 8 bytes u32 | bytes | masked CRC of the bytes u32
// in little-endian order (tensorflow.org/tutorials/load_data/tfrecord, "TFRecord format details"),
// whose bytes are an Event message (github.com/tensorflow/tensorboard,
// tensorboard/compat/proto/event.proto). The first says "brain.Event:2". Then one says that the
// program starts at a step: what older files of the folder have from that step on does not count.
// A file that ends in the middle of a record is read up to there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shrike {

struct EventScalar {
  std::string tag;
  double value = 0;  // stored as a float
};

// CRC-32C (Castagnoli): polynomial 0x1EDC6F41, reflected, as RFC 3720 has it.
uint32_t crc32c(std::string_view bytes);

// A record of an event file.
std::string event_record(std::string_view bytes);

class EventFile {
 public:
  // A new file in a folder that is there, events.out.tfevents.SECONDS.shrike, sorted behind those
  // that are there, whatever the clock says. `seconds`: since 1970. Errors (kRuntime) name it, here and below.
  static Result<EventFile> create(const std::filesystem::path& folder, int64_t first_step,
                                  double seconds);

  // With the system when it returns: a process that is killed afterwards loses nothing.
  Result<void> add(int64_t step, double seconds, std::span<const EventScalar> scalars) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit EventFile(std::filesystem::path path) : path_(std::move(path)) {}
  Result<void> append(std::string_view bytes) const;

  std::filesystem::path path_;
};

}  // namespace shrike
