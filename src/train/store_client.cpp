#include "train/store_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <torch/csrc/api/include/torch/version.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <thread>

#include "base/file.h"
#include "train/store_port.h"

namespace shrike::train {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr uint32_t kMagicNumber = 0x3C85F7CE;
constexpr milliseconds kAnswer{8'000}, kBetweenQuestions{20}, kBetweenTries{200};
constexpr int kLooks = 8;                           // in the time of an answer
constexpr size_t kBlock = size_t{64} << 10;         // bytes of a long one that have its time
constexpr uint64_t kMostBytes = uint64_t{1} << 30;  // of a value
constexpr const char* kNoStore = "the store gives what it was not asked for";

}  // namespace

// From PyTorch 2.1 on.
enum class StoreClient::Command : uint8_t {
  kMagic = 0,
  kSet = 1,
  kCompareSet = 2,
  kGet = 3,
  kAdd = 4,
  kCheck = 5,
  kCount = 7,
  kDelete = 8
};

class StoreClient::Message {
 public:
  explicit Message(uint8_t code) { add(code); }

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

const StoreClient::Protocol StoreClient::kOfLibTorch =
    TORCH_VERSION_MAJOR * 100 + TORCH_VERSION_MINOR < 201 ? Protocol::kBefore21 : Protocol::kFrom21;

StoreClient::StoreClient(const std::string& address, int port, Clock::time_point end,
                         milliseconds timeout, Protocol protocol)
    : Store(timeout), protocol_(protocol), socket_(-1) {
  while ((socket_ = connect_to_store(address, port).socket).get() < 0) {
    if (Clock::now() > end) throw std::runtime_error("nobody answers there");
    std::this_thread::sleep_for(kBetweenTries);
  }
  const int at_once = 1;  // a question behind a set() would wait for the other side's ACK
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
  if (protocol_ == Protocol::kFrom21) send(message(Command::kMagic).add(kMagicNumber));
}

// kWatch stood before kDelete.
StoreClient::Message StoreClient::message(Command command) const {
  const auto code = static_cast<uint8_t>(command);
  const bool shifted = protocol_ == Protocol::kBefore21 && command != Command::kDelete;
  return Message(static_cast<uint8_t>(shifted ? code - 1 : code));
}

void StoreClient::send(const Message& message) {
  if (socket_.get() < 0) throw std::runtime_error("the store is gone");
  const std::string& bytes = message.bytes();
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw std::runtime_error("the store is gone: " + errno_text(errno));
    sent += static_cast<size_t>(n);
  }
}

template <typename Answer>
auto StoreClient::ask(const Message& question, Answer&& answer) {
  const std::lock_guard lock(mutex_);
  try {
    waited_ = {};
    send(question);
    return answer();
  } catch (...) {
    socket_.close();  // half of a question or of an answer would be taken for the next one
    throw;
  }
}

// Adds up short looks: one in which this process was stopped is no longer than others.
bool StoreClient::something_comes() {
  const milliseconds limit = std::min(kAnswer, getTimeout()), look = limit / kLooks + milliseconds(1);
  while (waited_ < limit) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    const auto begin = Clock::now();
    const int ready = ::poll(&waiting, 1, static_cast<int>(look.count()));
    const bool interrupted = ready < 0 && errno == EINTR;
    waited_ += std::min<Clock::duration>(Clock::now() - begin, look);
    if (ready != 0 && !interrupted) return true;
  }
  return false;
}

void StoreClient::receive(void* bytes, size_t count) {
  for (size_t got = 0, counted = 0; got < count;) {
    const bool comes = something_comes();
    const ssize_t n =
        comes ? ::recv(socket_.get(), static_cast<uint8_t*>(bytes) + got, count - got, 0) : -1;
    if (n < 0 && comes && errno == EINTR) continue;
    if (n > 0) {
      got += static_cast<size_t>(n);
      if (got - counted < kBlock) continue;
      counted = got;
      waited_ = {};
      continue;
    }
    if (comes) throw std::runtime_error("the store is gone");
    throw std::runtime_error(protocol_ == Protocol::kBefore21
                                 ? "the store does not answer"
                                 : "the store does not answer (torchrun is understood from PyTorch "
                                   "2.1 on)");
  }
}

int64_t StoreClient::receive_number() {
  int64_t number = 0;
  receive(&number, sizeof(number));
  return number;
}

std::vector<uint8_t> StoreClient::receive_value() {
  uint64_t size = 0;
  receive(&size, sizeof(size));
  if (size > kMostBytes) throw std::runtime_error(kNoStore);
  std::vector<uint8_t> value(size);
  receive(value.data(), value.size());
  return value;
}

c10::intrusive_ptr<c10d::Store> StoreClient::clone() {
  return c10::intrusive_ptr<c10d::Store>::reclaim_copy(this);
}

void StoreClient::set(const std::string& key, const std::vector<uint8_t>& value) {
  ask(message(Command::kSet).key(key).value(value), [] {});
}

std::vector<uint8_t> StoreClient::compareSet(const std::string& key,
                                             const std::vector<uint8_t>& expected,
                                             const std::vector<uint8_t>& desired) {
  return ask(message(Command::kCompareSet).key(key).value(expected).value(desired),
             [this] { return receive_value(); });
}

std::vector<uint8_t> StoreClient::get(const std::string& key) {
  wait({key});
  return ask(message(Command::kGet).key(key), [this] { return receive_value(); });
}

int64_t StoreClient::add(const std::string& key, int64_t value) {
  return ask(message(Command::kAdd).key(key).add(value), [this] { return receive_number(); });
}

bool StoreClient::deleteKey(const std::string& key) {
  return ask(message(Command::kDelete).key(key), [this] { return receive_number(); }) == 1;
}

bool StoreClient::check(const std::vector<std::string>& keys) {
  Message asked = message(Command::kCheck);
  asked.add(uint64_t{keys.size()});
  for (const std::string& key : keys) asked.key(key);
  return ask(asked, [this] {
    uint8_t missing = 1;
    receive(&missing, sizeof(missing));
    if (missing > 1) throw std::runtime_error(kNoStore);
    return missing == 0;
  });
}

int64_t StoreClient::getNumKeys() {
  return ask(message(Command::kCount), [this] { return receive_number(); });
}

void StoreClient::wait(const std::vector<std::string>& keys) { wait(keys, getTimeout()); }

void StoreClient::wait(const std::vector<std::string>& keys, const milliseconds& timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!check(keys)) {
    if (gives_up_) throw std::runtime_error("the wait is given up");
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error("waited " + std::to_string(timeout.count() / 1000) + " s for " +
                               keys.front());
    std::this_thread::sleep_for(kBetweenQuestions);
  }
}

}  // namespace shrike::train
