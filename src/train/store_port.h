// The port of the store in which ranks meet, before its protocol is spoken there. Private to train.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/file_descriptor.h"

namespace shrike::train {

// A connection; where there is none, why.
struct StoreSocket {
  FileDescriptor socket{-1};
  std::string why;
};
StoreSocket connect_to_store(const std::string& address, int port);

// Tries until the host has an address, which a name may get when its host starts; otherwise as
// wait_for_listener().
std::string wait_for_name(const std::string& address, std::chrono::steady_clock::time_point end,
                          const std::function<int()>& interrupted);

// Tries until somebody listens, the time has come, or `interrupted` (may be empty) gives another
// number than 0. Why nobody does, or nothing.
std::string wait_for_listener(const std::string& address, int port,
                              std::chrono::steady_clock::time_point end,
                              const std::function<int()>& interrupted);

}  // namespace shrike::train
