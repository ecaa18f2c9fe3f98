#include "train/pair_links.h"

#include <ATen/ATen.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "base/excerpt.h"
#include "base/file.h"
#include "train/store_port.h"

namespace shrike::train {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds kAwake{200};  // looking at a socket before a thread sleeps
constexpr milliseconds kLook{100};                // of one that sleeps
constexpr size_t kToken = 16;
constexpr size_t kFewBytes = size_t{64} << 10;     // whose time is that of their messages' way
constexpr uint64_t kMostText = uint64_t{1} << 36;  // the boxes of a val of millions of pictures
constexpr const char* kNoText = "what another rank gives is not what was gathered";

std::string key_of(const PairLinks::Place& place, int rank) {
  return place.name + "/" + std::to_string(rank);
}

std::span<char> bytes_in(const at::Tensor& x) {
  return {static_cast<char*>(x.data_ptr()), x.nbytes()};
}

std::string hex(std::span<const char> bytes) {
  std::string text;
  for (const char byte : bytes)
    for (const int shift : {4, 0}) text += "0123456789abcdef"[(byte >> shift) & 15];
  return text;
}

// False where the text is not that many bytes.
bool unhex(const std::string& text, std::span<char> bytes) {
  if (text.size() != 2 * bytes.size()) return false;
  for (size_t i = 0; i < bytes.size(); ++i) {
    uint8_t byte = 0;
    const char* const begin = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, byte, 16);
    if (error != std::errc() || end != begin + 2) return false;
    bytes[i] = static_cast<char>(byte);
  }
  return true;
}

[[noreturn]] void fail(int rank, const std::string& why) {
  throw std::runtime_error("rank " + std::to_string(rank) + ": " + why);
}

// What gather() has of all ranks, by rank.
std::vector<std::string> texts_in(const std::string& all, int ranks) {
  std::vector<std::string> texts(static_cast<size_t>(ranks));
  for (size_t at = 0; at < all.size();) {
    int32_t rank = 0;
    uint64_t size = 0;
    if (all.size() - at < sizeof(rank) + sizeof(size)) throw std::runtime_error(kNoText);
    std::memcpy(&rank, all.data() + at, sizeof(rank));
    std::memcpy(&size, all.data() + at + sizeof(rank), sizeof(size));
    at += sizeof(rank) + sizeof(size);
    if (rank < 0 || rank >= ranks || size > all.size() - at) throw std::runtime_error(kNoText);
    texts[static_cast<size_t>(rank)] = all.substr(at, size);
    at += size;
  }
  return texts;
}

void send_at_once(const FileDescriptor& socket) {
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

}  // namespace

// What who connects says first.
struct PairLinks::Hello {
  char token[kToken];
  int32_t rank;
};

// Who has connected, and what it has said of its hello.
struct PairLinks::Caller {
  FileDescriptor socket;
  Hello hello;
  size_t heard;

  bool hear(const Listener& listener);
};

// A socket at a free port of this host, and what who connects there has to know.
struct PairLinks::Listener {
  explicit Listener(const std::string& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.c_str(), "0", &hints, &found) != 0)
      throw std::runtime_error(address + " is no address of this host");
    socket = FileDescriptor(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const bool listens = socket.get() >= 0 &&
                         ::bind(socket.get(), found->ai_addr, found->ai_addrlen) == 0 &&
                         ::listen(socket.get(), SOMAXCONN) == 0;
    const std::string why = errno_text(errno);
    ::freeaddrinfo(found);
    if (!listens) throw std::runtime_error("listening at " + address + ": " + why);
    if (::getrandom(token, sizeof(token), 0) != sizeof(token))
      throw std::runtime_error("no random numbers");
    sockaddr_storage name{};
    socklen_t size = sizeof(name);
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size);
    const int port =
        ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(name).sin6_port
                                         : reinterpret_cast<const sockaddr_in&>(name).sin_port);
    announced = address + " " + std::to_string(port) + " " + hex(token);
  }

  FileDescriptor socket{-1};
  char token[kToken];
  std::string announced;  // "ADDRESS PORT TOKEN"
};

PairLinks::PairLinks(c10d::Store& store, Place place)
    : place_(std::move(place)),
      paired_(static_cast<int>(std::bit_floor(static_cast<unsigned>(place_.size)))) {
  std::vector<int> below, above;
  const auto add = [&](int other) {
    if (other < place_.size) (other < place_.rank ? below : above).push_back(other);
  };
  if (place_.rank < paired_) {
    for (int bit = 1; bit < paired_; bit *= 2) add(place_.rank ^ bit);
    add(place_.rank + paired_);
  } else {
    add(place_.rank - paired_);
  }
  const Listener listener(place_.address);
  const std::string& text = listener.announced;
  store.set(key_of(place_, place_.rank), std::vector<uint8_t>(text.begin(), text.end()));
  for (const int rank : below) connect(store, rank);
  accept_all(listener, above);
}

void PairLinks::connect(c10d::Store& store, int rank) {
  const std::vector<uint8_t> announced = store.get(key_of(place_, rank));
  std::istringstream words(std::string(announced.begin(), announced.end()));
  std::string address, token;
  int port = 0;
  Hello hello{{}, place_.rank};
  if (!(words >> address >> port >> token) || !unhex(token, hello.token))
    fail(rank, "where it listens makes no sense: " + excerpt(words.str()));
  StoreSocket connected = connect_to_store(address, port);
  // Of a host whose own name leads to itself, as Debian's /etc/hosts has it.
  const bool of_its_own = address.starts_with("127.") || address == "::1";
  if (connected.socket.get() < 0)
    fail(rank, address + ": " + connected.why +
                   (of_its_own ? "; where that is another host, name its interface by "
                                 "GLOO_SOCKET_IFNAME there"
                               : ""));
  send_at_once(connected.socket);
  partners_.push_back({rank, std::move(connected.socket)});
  move(rank, {reinterpret_cast<const char*>(&hello), sizeof(hello)}, {});
}

// Reads what has come of it; false where that is not its word.
bool PairLinks::Caller::hear(const Listener& listener) {
  char* const bytes = reinterpret_cast<char*>(&hello);
  const ssize_t got = ::recv(socket.get(), bytes + heard, sizeof(hello) - heard, MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  heard += static_cast<size_t>(got);
  return got > 0 && (heard < sizeof(hello) ||
                     std::memcmp(hello.token, listener.token, sizeof(hello.token)) == 0);
}

// Who does not know the token is not of the group, and who says nothing holds nobody up.
void PairLinks::accept_all(const Listener& listener, std::vector<int> missing) {
  milliseconds waited{0};  // by looks, as in move()
  std::vector<Caller> callers;
  while (!missing.empty()) {
    if (waited >= place_.timeout) fail(missing.front(), "it does not connect");
    if (place_.given_up()) fail(missing.front(), "the wait is given up");
    std::vector<pollfd> waiting{{listener.socket.get(), POLLIN, 0}};
    for (const Caller& caller : callers) waiting.push_back({caller.socket.get(), POLLIN, 0});
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(kLook.count()));
    if (ready == 0) waited += kLook;
    if (ready <= 0) continue;
    for (size_t i = callers.size(); i-- > 0;) {
      if (waiting[i + 1].revents == 0) continue;
      Caller& caller = callers[i];
      const bool knows = caller.hear(listener);
      if (knows && caller.heard < sizeof(Hello)) continue;
      const auto rank = std::find(missing.begin(), missing.end(), caller.hello.rank);
      if (knows && rank != missing.end()) {
        send_at_once(caller.socket);
        partners_.push_back({*rank, std::move(caller.socket)});
        missing.erase(rank);
      }
      callers.erase(callers.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waiting[0].revents == 0) continue;
    FileDescriptor socket(::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.get() >= 0)
      callers.push_back({std::move(socket), {}, 0});
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
      throw std::runtime_error("taking connections: " + errno_text(errno));
  }
}

const PairLinks::Partner& PairLinks::partner(int rank) const {
  return *std::find_if(partners_.begin(), partners_.end(),
                       [&](const Partner& partner) { return partner.rank == rank; });
}

void PairLinks::reduce(const at::Tensor& x, const Add& add) {
  const int rank = place_.rank;
  const at::Tensor flat = x.view({-1});
  if (rank >= paired_) {
    give(rank - paired_, bytes_in(flat));
    take(rank - paired_, bytes_in(flat));
    return;
  }
  const at::Tensor theirs = at::empty_like(flat);
  if (has_one_beyond()) {
    take(rank + paired_, bytes_in(theirs));
    add(flat, theirs);
  }
  if (flat.nbytes() > kFewBytes)
    reduce_halves(flat, theirs, add);
  else
    reduce_whole(flat, theirs, add);
  if (has_one_beyond()) give(rank + paired_, bytes_in(flat));
}

void PairLinks::reduce_whole(const at::Tensor& x, const at::Tensor& theirs, const Add& add) {
  for (int bit = 1; bit < paired_; bit *= 2) {
    swap(place_.rank ^ bit, bytes_in(x), bytes_in(theirs));
    add(x, theirs);
  }
}

void PairLinks::reduce_halves(const at::Tensor& x, const at::Tensor& theirs, const Add& add) {
  struct Halves {
    at::Tensor mine, other;
  };
  std::vector<Halves> rounds;
  at::Tensor part = x;
  for (int bit = 1; bit < paired_; bit *= 2) {
    const int64_t middle = part.numel() / 2;
    Halves halves{part.slice(0, 0, middle), part.slice(0, middle)};
    if ((place_.rank & bit) != 0) std::swap(halves.mine, halves.other);
    const at::Tensor coming = theirs.slice(0, 0, halves.mine.numel());
    swap(place_.rank ^ bit, bytes_in(halves.other), bytes_in(coming));
    add(halves.mine, coming);
    part = halves.mine;
    rounds.push_back(std::move(halves));
  }
  for (int bit = paired_ / 2; bit > 0; bit /= 2) {
    swap(place_.rank ^ bit, bytes_in(rounds.back().mine), bytes_in(rounds.back().other));
    rounds.pop_back();
  }
}

// Who has it doubles from round to round.
void PairLinks::broadcast(const at::Tensor& x) {
  const int rank = place_.rank;
  if (rank >= paired_) return take(rank - paired_, bytes_in(x));
  for (int bit = 1; bit < paired_; bit *= 2) {
    if (rank < bit)
      give(rank + bit, bytes_in(x));
    else if (rank < 2 * bit)
      take(rank - bit, bytes_in(x));
  }
  if (has_one_beyond()) give(rank + paired_, bytes_in(x));
}

// The same tree the other way: each hands on what it was given behind its own.
std::vector<std::string> PairLinks::gather(const std::string& text) {
  const int32_t rank = place_.rank;
  const uint64_t size = text.size();
  std::string all(reinterpret_cast<const char*>(&rank), sizeof(rank));
  all.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(text);
  if (rank >= paired_) {
    give(rank - paired_, all);
    return {};
  }
  if (has_one_beyond()) all += take_text(rank + paired_);
  for (int bit = 1; bit < paired_; bit *= 2) {
    if ((rank & bit) != 0) {
      give(rank ^ bit, all);
      return {};
    }
    all += take_text(rank ^ bit);
  }
  return texts_in(all, place_.size);
}

void PairLinks::pack(std::span<const char> bytes) {
  const uint64_t size = bytes.size();
  out_.resize(sizeof(size) + size);
  std::memcpy(out_.data(), &size, sizeof(size));
  std::copy(bytes.begin(), bytes.end(), out_.begin() + sizeof(size));
}

void PairLinks::unpack(int from, std::span<char> bytes) const {
  uint64_t size = 0;
  std::memcpy(&size, in_.data(), sizeof(size));
  if (size != bytes.size())
    fail(from, "adds up " + std::to_string(size) + " bytes where this adds up " +
                   std::to_string(bytes.size()));
  std::copy_n(in_.begin() + sizeof(size), size, bytes.begin());
}

void PairLinks::give(int to, std::span<const char> bytes) {
  pack(bytes);
  move(to, out_, {});
}

void PairLinks::take(int from, std::span<char> bytes) {
  in_.resize(sizeof(uint64_t) + bytes.size());
  move(from, {}, in_);
  unpack(from, bytes);
}

void PairLinks::swap(int with, std::span<const char> out, std::span<char> in) {
  pack(out);
  in_.resize(sizeof(uint64_t) + in.size());
  move(with, out_, in_);
  unpack(with, in);
}

std::string PairLinks::take_text(int from) {
  uint64_t size = 0;
  move(from, {}, {reinterpret_cast<char*>(&size), sizeof(size)});
  if (size > kMostText) fail(from, "gives a text of " + std::to_string(size) + " bytes");
  std::string text(size, '\0');
  move(from, {}, text);
  return text;
}

// Sends and receives at once: neither waits until the other has taken what it gives.
void PairLinks::move(int other, std::span<const char> out, std::span<char> in) const {
  const int socket = partner(other).socket.get();
  auto since = Clock::now();
  milliseconds waited{
      0};  // by looks: a process that was stopped has waited for no longer than others
  while (!out.empty() || !in.empty()) {
    const ssize_t sent =
        out.empty() ? 0 : ::send(socket, out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) fail(other, errno_text(errno));
    const ssize_t got = in.empty() ? 0 : ::recv(socket, in.data(), in.size(), MSG_DONTWAIT);
    if (got < 0 && errno != EAGAIN && errno != EINTR) fail(other, errno_text(errno));
    if (got == 0 && !in.empty()) fail(other, "its connection is closed");
    if (sent > 0) out = out.subspan(static_cast<size_t>(sent));
    if (got > 0) in = in.subspan(static_cast<size_t>(got));
    if (sent > 0 || got > 0) {
      since = Clock::now();
      waited = {};
      continue;
    }
    if (place_.looks && Clock::now() - since < kAwake) continue;
    if (place_.given_up()) fail(other, "the wait is given up");
    if (waited >= place_.timeout)
      fail(other, "says nothing for " + std::to_string(waited.count() / 1000) + " s");
    pollfd waiting{socket,
                   static_cast<short>((in.empty() ? 0 : POLLIN) | (out.empty() ? 0 : POLLOUT)), 0};
    if (::poll(&waiting, 1, static_cast<int>(kLook.count())) == 0) waited += kLook;
  }
}

}  // namespace shrike::train
