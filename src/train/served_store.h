// ServedStore: the store that torchrun's agent serves, of PyTorch 2.1 or newer.
//
// The protocol of c10d's TCPStore changed behind Debian's LibTorch: a client first says a number
// that tells the server what it is, and commands have other codes. Integers are those of the
// machine, strings and values are a count of 8 bytes and that many bytes:
//   0 magic (u32)      once, without an answer      5 n keys            -> u8, 0: all are there
//   1 key value        set                          8 key               -> i64, 1: was there
//   2 key old new      compare and set -> value     7                   -> i64, how many
//   3 key              get             -> value
//   4 key i64          add             -> i64
// (torch/csrc/distributed/c10d/TCPStoreBackend.hpp says the same.) Private to train.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "base/file_descriptor.h"

namespace shrike::train {

// Waits ask again and again, so that no answer is outstanding when one has taken too long; any other
// question that is not answered within seconds is an error, and so is all that comes after it.
// Thread-safe. Throws std::runtime_error.
class ServedStore : public c10d::Store {
 public:
  // Tries until the timeout, which is that of waits, too.
  ServedStore(const std::string& address, int port, std::chrono::milliseconds timeout);

  void set(const std::string& key, const std::vector<uint8_t>& value) override;
  std::vector<uint8_t> compareSet(const std::string& key, const std::vector<uint8_t>& expected,
                                  const std::vector<uint8_t>& desired) override;
  std::vector<uint8_t> get(const std::string& key) override;
  int64_t add(const std::string& key, int64_t value) override;
  bool deleteKey(const std::string& key) override;
  bool check(const std::vector<std::string>& keys) override;
  int64_t getNumKeys() override;
  void wait(const std::vector<std::string>& keys) override;
  void wait(const std::vector<std::string>& keys,
            const std::chrono::milliseconds& timeout) override;

 private:
  class Message;
  void send(const Message& message);
  void receive(void* bytes, size_t count);
  int64_t receive_number();
  std::vector<uint8_t> receive_value();

  std::mutex mutex_;  // of a question and its answer
  FileDescriptor socket_;
};

}  // namespace shrike::train
