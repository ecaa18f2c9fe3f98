#include "train/group_links.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "base/excerpt.h"
#include "train/guard.h"
#include "train/meeting.h"
#include "train/store_port.h"

namespace shrike::train {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMoment{100};
constexpr int kBeats = 35;                  // in the time that ranks wait for each other
constexpr milliseconds kLeastBetween{200};  // beats

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

// Of an interface; empty where there is none, or none with an address.
std::string address_of_interface(const std::string& name) {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return {};
  std::string address;
  for (const ifaddrs* at = found; at && address.empty(); at = at->ifa_next) {
    if (name != at->ifa_name || !at->ifa_addr) continue;
    const int family = at->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    char text[NI_MAXHOST];
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (::getnameinfo(at->ifa_addr, size, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0)
      address = text;
  }
  ::freeifaddrs(found);
  return address;
}

// Where this rank's connections end: at the interface of GLOO_SOCKET_IFNAME, or the one that leads
// to the store. Throws where there is none.
std::string address_of_rank(const GroupPlace& place) {
  const char* name = std::getenv("GLOO_SOCKET_IFNAME");
  const bool named = name && *name;
  const std::string address =
      named ? address_of_interface(name) : own_address(place.address, place.port);
  if (address.empty())
    throw std::runtime_error(named ? "GLOO_SOCKET_IFNAME=" + std::string(name) +
                                         ": no interface of that name has an address"
                                   : "no address of this host leads to " + place.address);
  return address;
}

// Throws where the port is in use.
c10::intrusive_ptr<c10d::Store> serve(const GroupPlace& place, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(place.port);
  options.isServer = true;
  options.waitWorkers = false;  // meet() knows who is missing
  options.timeout = timeout;
  return c10::make_intrusive<c10d::TCPStore>(place.address, options);
}

// "MASTER_ADDR 'host0'", where it is from there.
std::string named_by(const std::string& address) {
  const char* variable = std::getenv("MASTER_ADDR");
  return (variable && address == variable ? "MASTER_ADDR " : "") + in_quotes(address);
}

// Throws where nobody serves it by `end`.
void open_store(GroupLinks& links, const GroupPlace& place, milliseconds timeout,
                std::chrono::steady_clock::time_point end) {
  using Protocol = StoreClient::Protocol;
  if (place.rank == 0 && !place.store_is_served) links.server = serve(place, timeout);
  links.client = c10::make_intrusive<StoreClient>(
      place.address, place.port, end, timeout,
      place.store_is_served ? Protocol::kFrom21 : StoreClient::kOfLibTorch);
  links.store = c10::make_intrusive<c10d::PrefixStore>("shrike/" + place.attempt, links.client);
  links.store->setTimeout(timeout);
}

// Throws as LibTorch does.
void connect_all(GroupLinks& links, const GroupPlace& place, milliseconds timeout) {
  links.carriers = {links.store,
                    {place.rank, place.size, address_of_rank(place), timeout,
                     [heart = links.heart.get()] { return heart->somebody_is_gone(); }}};
  links.ordered = std::make_unique<PairLinks>(*links.store, links.carriers.links);
  links.beside = gloo_carrier(links.carriers);
  if (!links.beside) links.beside = pair_carrier(links.carriers);
}

}  // namespace

std::string describe(const GroupPlace& place) {
  return "rank " + std::to_string(place.rank) + " of " + std::to_string(place.size) +
         ", which meet at " + place.address + ":" + std::to_string(place.port);
}

std::vector<uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::string text_of(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

void GroupLinks::leave(const GroupPlace& place) noexcept {
  try {
    gpus.reset();
    beside.reset();
    ordered.reset();
    heart->leave();
    if (!server) return;
    silent_ranks(*store, place, "left", kLastWords);
    std::this_thread::sleep_for(kMoment);
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

Carrier& GroupLinks::on_gpus() {
  if (!gpus) gpus = nccl_carrier(carriers);
  if (!gpus) gpus = carrier_by_cpu(*ordered, *beside);
  return *gpus;
}

Result<GroupLinks> connect(const GroupPlace& place, milliseconds timeout,
                           const std::function<int()>& interrupted,
                           const std::function<void(const std::string&)>& too_late) {
  GroupLinks links;
  const auto begin = std::chrono::steady_clock::now();
  const MeetingLimits limits{begin, begin + timeout, interrupted};
  if (const std::string why = wait_for_name(place.address, limits.end, interrupted); !why.empty())
    return runtime_error(describe(place) + ": " + named_by(place.address) +
                         " is no host that this one can find: " + why);
  if (place.rank != 0 || place.store_is_served) {
    const std::string why = wait_for_listener(place.address, place.port, limits.end, interrupted);
    if (!why.empty())
      return runtime_error(describe(place) + ": nobody listens there" +
                           (place.store_is_served ? "" : ", as rank 0 would") + ": " + why);
  }
  open_store(links, place, timeout, limits.end);
  SHRIKE_TRY(greet(*links.store, place, limits));
  links.heart = std::make_unique<Heartbeat>(
      *links.store, *links.client, place,
      Heartbeat::Limits{std::max<milliseconds>(timeout / kBeats, kLeastBetween), too_late});
  const Heartbeat::Waiting waiting(*links.heart);
  try {
    SHRIKE_ASSIGN(links.ended_by, meet(*links.store, place, limits, *links.heart));
    if (links.ended_by == 0) connect_all(links, place, timeout);
  } catch (const std::exception& error) {
    return runtime_error(describe(place) + ": joining the others: " + first_line(error) +
                         links.heart->who_is_gone());
  }
  return links;
}

}  // namespace shrike::train
