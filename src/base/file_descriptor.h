// FileDescriptor: an open file, closed when the object goes.
#pragma once

#include <unistd.h>

#include <utility>

namespace shrike {

class FileDescriptor {
 public:
  // What open() gives: -1 is no file.
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { close(); }

  int get() const { return fd_; }
  // Closes and says whether that succeeded: a full disk may only show here. True where there is
  // nothing to close.
  bool close() {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0;
  }

 private:
  int fd_;
};

}  // namespace shrike
