// StoreClient: asks a store that c10d's TCPStore or torchrun's agent serves.
//
// LibTorch's own client waits without end for a store that does not answer, one question holds up
// all others, and threads of it look at a store that is gone again and again, without a pause. And
// the protocol changed in PyTorch 2.1: a client first says a number that tells the server what it
// is, and commands have other codes. Integers are those of the machine, strings and values are a
// count of 8 bytes and that many bytes; commands, in parentheses before 2.1:
//   0 (-) magic (u32)      once, without an answer     5 (4) n keys  -> u8, 0: all are there
//   1 (0) key value        set, without an answer      8 (8) key     -> i64, 1: was there
//   2 (1) key old new      compare and set -> value    7 (6)         -> i64, how many
//   3 (2) key              get             -> value
//   4 (3) key i64          add             -> i64
// (torch/csrc/distributed/c10d/TCPStoreBackend.hpp says the same.) Private to train.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "base/file_descriptor.h"

namespace shrike::train {

// Waits ask again and again, so that no answer is outstanding when one has taken too long; any
// other question that is not answered within seconds is an error, and so is all that comes after
// it. Thread-safe. Throws std::runtime_error.
class StoreClient : public c10d::Store {
 public:
  enum class Protocol { kBefore21, kFrom21 };
  static const Protocol kOfLibTorch;  // that this program is linked to

  // Tries until `end`; `timeout`: of waits.
  StoreClient(const std::string& address, int port, std::chrono::steady_clock::time_point end,
              std::chrono::milliseconds timeout, Protocol protocol);

  // This one: it is thread-safe. Newer LibTorch's stores have it, Debian's does not.
  c10::intrusive_ptr<c10d::Store> clone();

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

  // Waits for what is not there end with an error from now on: whoever would write it is gone.
  void give_up_waits() noexcept { gives_up_ = true; }

 private:
  class Message;
  enum class Command : uint8_t;
  Message message(Command command) const;
  void send(const Message& message);
  // A question, and what `answer` reads of its answer.
  template <typename Answer>
  auto ask(const Message& question, Answer&& answer);
  bool something_comes();
  void receive(void* bytes, size_t count);
  int64_t receive_number();
  std::vector<uint8_t> receive_value();

  const Protocol protocol_;
  std::mutex mutex_;  // of a question and its answer
  FileDescriptor socket_;
  std::chrono::steady_clock::duration waited_{};  // for the answer that is read
  std::atomic<bool> gives_up_ = false;
};

}  // namespace shrike::train
