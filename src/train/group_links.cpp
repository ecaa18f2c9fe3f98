#include "train/group_links.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "train/meeting.h"
#include "train/served_store.h"
#include "train/store_port.h"

namespace shrike::train {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswer{8'000};  // in which a store answers
constexpr milliseconds kMoment{100};

// This host's own address on the way to `address`; empty where there is no way.
std::string own_address(const std::string& address, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return {};
  std::string own;
  for (const addrinfo* at = found; at && own.empty(); at = at->ai_next) {
    const int socket = ::socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) continue;
    sockaddr_storage name{};
    socklen_t size = sizeof(name);
    char text[NI_MAXHOST];
    // A datagram socket sends nothing when it is connected: it chooses its address.
    if (::connect(socket, at->ai_addr, at->ai_addrlen) == 0 &&
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size) == 0 &&
        ::getnameinfo(reinterpret_cast<sockaddr*>(&name), size, text, sizeof(text), nullptr, 0,
                      NI_NUMERICHOST) == 0)
      own = text;
    ::close(socket);
  }
  ::freeaddrinfo(found);
  return own;
}

// Where this rank's connections end: the interface of GLOO_SOCKET_IFNAME, or the one that leads to
// the store.
std::shared_ptr<gloo::transport::Device> device(const GroupPlace& place) {
  if (const char* name = std::getenv("GLOO_SOCKET_IFNAME"); name && *name)
    return c10d::ProcessGroupGloo::createDeviceForInterface(name);
  const std::string own = own_address(place.address, place.port);
  return own.empty() ? c10d::ProcessGroupGloo::createDefaultDevice()
                     : c10d::ProcessGroupGloo::createDeviceForHostname(own);
}

c10::intrusive_ptr<c10d::Store> open_whole_store(const GroupPlace& place, milliseconds timeout) {
  if (place.store_is_served)
    return c10::make_intrusive<ServedStore>(place.address, place.port, timeout);
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(place.port);
  options.isServer = place.rank == 0;
  options.waitWorkers = false;  // meet() knows who is missing
  options.timeout = timeout;
  return c10::make_intrusive<c10d::TCPStore>(place.address, options);
}

c10::intrusive_ptr<c10d::Store> open_store(const GroupPlace& place, milliseconds timeout) {
  auto store = open_whole_store(place, timeout);
  auto own = c10::make_intrusive<c10d::PrefixStore>("shrike/" + place.attempt, store);
  own->setTimeout(timeout);
  return own;
}

}  // namespace

std::string describe(const GroupPlace& place) {
  return "rank " + std::to_string(place.rank) + " of " + std::to_string(place.size) +
         ", which meet at " + place.address + ":" + std::to_string(place.port);
}

std::vector<uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::string text_of(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

// LibTorch gives its socket the limit of the last wait, for all that follows.
void GroupLinks::limit_waits() { store->wait({"size"}, kAnswer); }

// A thread of LibTorch's client looks at a store that is gone again and again, without a pause: so
// clients go before it.
void GroupLinks::leave(const GroupPlace& place) noexcept {
  try {
    ordered.reset();
    beside.reset();
    store->set("left/" + std::to_string(place.rank), bytes_of("1"));
    if (place.rank != 0 || place.store_is_served) return store.reset();
    silent_ranks(*store, place, "left", kLastWords);
    std::this_thread::sleep_for(kMoment);
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

std::string GroupLinks::missing_ranks(const GroupPlace& place) {
  try {
    limit_waits();  // a get() may have failed, and left its own limit
    store->set("still/" + std::to_string(place.rank), bytes_of("1"));
    const std::vector<int> silent = silent_ranks(*store, place, "still", kLastWords);
    // Others ask the store that this process serves, and may have begun later.
    if (place.rank == 0 && !place.store_is_served) std::this_thread::sleep_for(kLastWords);
    return listed(silent, " is gone", " are gone");
  } catch (const std::exception&) {
    return place.store_is_served ? " (the store is gone)" : " (rank 0 is gone)";
  }
}

Result<GroupLinks> connect(const GroupPlace& place, milliseconds timeout,
                           const std::function<int()>& interrupted) {
  GroupLinks links;
  const auto begin = std::chrono::steady_clock::now();
  const MeetingLimits limits{begin, begin + timeout, interrupted};
  if (place.rank != 0 || place.store_is_served) {
    const std::string why =
        wait_for_listener(place.address, place.port, limits.end, interrupted);
    if (!why.empty())
      return runtime_error(describe(place) + ": nobody listens there" +
                           (place.store_is_served ? "" : ", as rank 0 would") + ": " + why);
  }
  links.store = open_store(place, timeout);
  SHRIKE_ASSIGN(links.ended_by, meet(*links.store, place, limits));
  if (links.ended_by != 0) return links;
  const auto group = [&](const char* name) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(device(place));
    options->threads = 1;
    return c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>(name, links.store), place.rank, place.size, options);
  };
  links.ordered = group("ordered");
  links.beside = group("beside");
  links.limit_waits();
  return links;
}

}  // namespace shrike::train
