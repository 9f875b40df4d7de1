// The faults that scenarios can name, and what each needs of whoever carries it out.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace fluxpg::scenario {

enum class Need : std::uint8_t {
  kProcessControl,
  kPacketFilter,
  kPacketRelay,
  kFluxMock,
  kDisk,
  kClock,
  kEtcdClient,
  kStatusSocket,
  kAddresses,
  kVirtualTime,
};
std::string to_text(Need need);
std::string to_text(const std::set<Need>& needs);

struct FaultWord {
  std::string name;
  std::string what;
  std::set<Need> needs;
  bool on_nodes = true;     // `on` is wanted; else refused
  bool to_nodes = false;    // `to` is allowed
  bool ends = true;         // `for` is allowed
  bool on_backend = false;  // `backend` is allowed
  bool only_virtual() const { return needs.count(Need::kVirtualTime) > 0; }
};

const std::vector<FaultWord>& fault_words();

// "a, b, c"
std::string listed(const std::vector<std::string>& names);

}  // namespace fluxpg::scenario
