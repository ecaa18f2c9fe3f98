#include "train/served_store.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <thread>

#include "base/file.h"
#include "train/store_port.h"

namespace shrike::train {

namespace {

using std::chrono::milliseconds;

enum class Command : uint8_t {
  kMagic = 0,
  kSet = 1,
  kCompareSet = 2,
  kGet = 3,
  kAdd = 4,
  kCheck = 5,
  kCount = 7,
  kDelete = 8
};

constexpr uint32_t kMagicNumber = 0x3C85F7CE;
constexpr milliseconds kAnswer{8'000}, kBetweenQuestions{20}, kBetweenTries{200};
constexpr uint64_t kMostBytes = uint64_t{1} << 30;  // of a value
constexpr const char* kNoStore = "the store gives what it was not asked for";

}  // namespace

class ServedStore::Message {
 public:
  explicit Message(Command command) { add(command); }

  template <typename Number>
  Message& add(Number number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number));
    return *this;
  }
  Message& value(const std::vector<uint8_t>& value) {
    add(uint64_t{value.size()});
    bytes_.append(value.begin(), value.end());
    return *this;
  }
  // As c10d's own clients write it.
  Message& key(const std::string& key) {
    add(uint64_t{key.size() + 1});
    bytes_ += '/';
    bytes_ += key;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

ServedStore::ServedStore(const std::string& address, int port, milliseconds timeout)
    : Store(timeout), socket_(-1) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while ((socket_ = connect_to_store(address, port).socket).get() < 0) {
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error("nobody answers there");
    std::this_thread::sleep_for(kBetweenTries);
  }
  send(Message(Command::kMagic).add(kMagicNumber));
}

void ServedStore::send(const Message& message) {
  const std::string& bytes = message.bytes();
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw std::runtime_error("the store is gone: " + errno_text(errno));
    sent += static_cast<size_t>(n);
  }
}

void ServedStore::receive(void* bytes, size_t count) {
  for (size_t got = 0; got < count;) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::min(kAnswer, getTimeout()).count()));
    if (ready < 0 && errno == EINTR) continue;
    const ssize_t n =
        ready > 0 ? ::recv(socket_.get(), static_cast<uint8_t*>(bytes) + got, count - got, 0) : -1;
    if (n < 0 && ready > 0 && errno == EINTR) continue;
    if (n > 0) {
      got += static_cast<size_t>(n);
      continue;
    }
    socket_.close();
    throw std::runtime_error(ready == 0 ? "the store does not answer (torchrun is understood from "
                                          "PyTorch 2.1 on)"
                                        : "the store is gone");
  }
}

int64_t ServedStore::receive_number() {
  int64_t number = 0;
  receive(&number, sizeof(number));
  return number;
}

std::vector<uint8_t> ServedStore::receive_value() {
  uint64_t size = 0;
  receive(&size, sizeof(size));
  if (size > kMostBytes) throw std::runtime_error(kNoStore);
  std::vector<uint8_t> value(size);
  receive(value.data(), value.size());
  return value;
}

void ServedStore::set(const std::string& key, const std::vector<uint8_t>& value) {
  const std::lock_guard lock(mutex_);
  send(Message(Command::kSet).key(key).value(value));
}

std::vector<uint8_t> ServedStore::compareSet(const std::string& key,
                                             const std::vector<uint8_t>& expected,
                                             const std::vector<uint8_t>& desired) {
  const std::lock_guard lock(mutex_);
  send(Message(Command::kCompareSet).key(key).value(expected).value(desired));
  return receive_value();
}

std::vector<uint8_t> ServedStore::get(const std::string& key) {
  wait({key});
  const std::lock_guard lock(mutex_);
  send(Message(Command::kGet).key(key));
  return receive_value();
}

int64_t ServedStore::add(const std::string& key, int64_t value) {
  const std::lock_guard lock(mutex_);
  send(Message(Command::kAdd).key(key).add(value));
  return receive_number();
}

bool ServedStore::deleteKey(const std::string& key) {
  const std::lock_guard lock(mutex_);
  send(Message(Command::kDelete).key(key));
  return receive_number() == 1;
}

bool ServedStore::check(const std::vector<std::string>& keys) {
  const std::lock_guard lock(mutex_);
  Message message(Command::kCheck);
  message.add(uint64_t{keys.size()});
  for (const std::string& key : keys) message.key(key);
  send(message);
  uint8_t missing = 1;
  receive(&missing, sizeof(missing));
  if (missing > 1) throw std::runtime_error(kNoStore);
  return missing == 0;
}

int64_t ServedStore::getNumKeys() {
  const std::lock_guard lock(mutex_);
  send(Message(Command::kCount));
  return receive_number();
}

void ServedStore::wait(const std::vector<std::string>& keys) { wait(keys, getTimeout()); }

void ServedStore::wait(const std::vector<std::string>& keys, const milliseconds& timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!check(keys)) {
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error("waited " + std::to_string(timeout.count() / 1000) + " s for " +
                               keys.front());
    std::this_thread::sleep_for(kBetweenQuestions);
  }
}

}  // namespace shrike::train
