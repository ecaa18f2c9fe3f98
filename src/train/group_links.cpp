#include "train/group_links.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

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

// Where this rank's connections end: the interface of GLOO_SOCKET_IFNAME, or the one that leads to
// the store.
std::shared_ptr<gloo::transport::Device> device(const GroupPlace& place) {
  if (const char* name = std::getenv("GLOO_SOCKET_IFNAME"); name && *name)
    return c10d::ProcessGroupGloo::createDeviceForInterface(name);
  const std::string own = own_address(place.address, place.port);
  return own.empty() ? c10d::ProcessGroupGloo::createDefaultDevice()
                     : c10d::ProcessGroupGloo::createDeviceForHostname(own);
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

void open_store(GroupLinks& links, const GroupPlace& place, milliseconds timeout) {
  using Protocol = StoreClient::Protocol;
  if (place.rank == 0 && !place.store_is_served) links.server = serve(place, timeout);
  links.client = c10::make_intrusive<StoreClient>(
      place.address, place.port, timeout,
      place.store_is_served ? Protocol::kFrom21 : StoreClient::kOfLibTorch);
  links.store = c10::make_intrusive<c10d::PrefixStore>("shrike/" + place.attempt, links.client);
  links.store->setTimeout(timeout);
}

// Throws as LibTorch does.
void connect_all(GroupLinks& links, const GroupPlace& place, milliseconds timeout) {
  const auto group = [&](const char* name) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    options->devices.push_back(device(place));
    options->threads = 1;
    return c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>(name, links.store), place.rank, place.size, options);
  };
  links.ordered = group("ordered");
  links.beside = group("beside");
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
    ordered.reset();
    beside.reset();
    heart->leave();
    if (!server) return;
    silent_ranks(*store, place, "left", kLastWords);
    std::this_thread::sleep_for(kMoment);
  } catch (const std::exception&) {
    // There is nobody left to tell.
  }
}

Result<GroupLinks> connect(const GroupPlace& place, milliseconds timeout,
                           const std::function<int()>& interrupted,
                           const std::function<void(const std::string&)>& too_late) {
  GroupLinks links;
  const auto begin = std::chrono::steady_clock::now();
  const MeetingLimits limits{begin, begin + timeout, interrupted};
  if (place.rank != 0 || place.store_is_served) {
    const std::string why = wait_for_listener(place.address, place.port, limits.end, interrupted);
    if (!why.empty())
      return runtime_error(describe(place) + ": nobody listens there" +
                           (place.store_is_served ? "" : ", as rank 0 would") + ": " + why);
  }
  open_store(links, place, timeout);
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
