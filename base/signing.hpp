// Signing as a value that is passed in: libsodium in the daemon, a fast stand-in in the simulator.
#pragma once

#include <string_view>

#include "base/ids.hpp"

namespace fluxpg {

class Signing {
 public:
  virtual ~Signing() = default;
  virtual NodeId id() const = 0;
  virtual Signature sign(std::string_view bytes) const = 0;
  virtual bool verify(const NodeId& signer, std::string_view bytes, const Signature& signature) const = 0;
};

}  // namespace fluxpg
