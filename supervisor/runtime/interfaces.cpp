#include "supervisor/runtime/interfaces.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace fluxpg::runtime {

namespace {

bool is_loopback(const std::string& address) { return address.rfind("127.", 0) == 0; }

}  // namespace

std::vector<std::string> interface_addresses() {
  std::vector<std::string> addresses;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_UP) == 0) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(i->ifa_addr)->sin_addr, text.data(), text.size());
    addresses.emplace_back(text.data());
  }
  ::freeifaddrs(list);
  std::stable_partition(addresses.begin(), addresses.end(), [](const std::string& a) { return !is_loopback(a); });
  return addresses;
}

Expected<std::string, std::string> listen_address(const std::string& configured, const std::string& advertised,
                                                  const std::vector<std::string>& interfaces) {
  if (!configured.empty()) return configured;
  // Every 127.x.y.z can be listened on, although the interface only shows 127.0.0.1.
  if (is_loopback(advertised) || std::find(interfaces.begin(), interfaces.end(), advertised) != interfaces.end()) return advertised;
  if (!interfaces.empty() && !is_loopback(interfaces.front())) return interfaces.front();
  return unexpected(
      std::string("No network interface has an IPv4 address other than loopback: set listen_address in the configuration file."));
}

}  // namespace fluxpg::runtime
