// Finds out at which address the peers reach this node, keeps trying until it knows, and notices when it changes.
#pragma once

#include <functional>
#include <string>

#include "discovery/own_address.hpp"
#include "supervisor/runtime/context.hpp"

namespace fluxpg::runtime {

class AddressFinder {
 public:
  struct Found {
    std::string address;
    std::string listen;
  };
  // `found` runs once; `changed`, with a sentence, when another address was seen twice in a row: told by the host, or on the interface
  // that is listened on.
  AddressFinder(const Context& context, std::function<void(const Found&)> found, std::function<void(const std::string&)> changed);

  void look();
  // Why there is no address yet; empty if there is one.
  const std::string& trouble() const { return trouble_.sentence(); }

 private:
  void decide(const discovery::AddressSources& sources);
  void again(Duration wait);
  void watch_interfaces();

  const Context& context_;
  std::function<void(const Found&)> found_;
  std::function<void(const std::string&)> changed_;
  Trouble trouble_;
  std::string address_;
  std::string other_;  // told once instead of address_
  std::string listen_;
  std::string other_listen_;  // seen once instead of listen_
};

}  // namespace fluxpg::runtime
