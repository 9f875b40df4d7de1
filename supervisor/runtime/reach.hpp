// Can the others' etcd ports be reached from here? Gossip alone does not tell: a host may map one port and have lost another.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "supervisor/runtime/context.hpp"
#include "supervisor/runtime/node_files.hpp"

namespace fluxpg::runtime {

class Reach {
 public:
  struct Peer {
    std::string name;       // for people
    std::string host_name;  // in its certificate
    std::string address;
  };
  // `peers`: who lives and has an etcd, asked for at each round.
  Reach(const Context& context, std::function<std::vector<Peer>()> peers) : context_(context), peers_(std::move(peers)) {}
  void start();
  std::vector<std::string> problems() const;

 private:
  struct Port {
    int failures = 0;  // in a row
    std::string sentence;
  };
  void round();
  void ask(const Peer& peer, const char* what, std::uint16_t port, const char* path);

  const Context& context_;
  std::function<std::vector<Peer>()> peers_;
  std::map<std::string, Port> ports_;  // by "name what"
};

}  // namespace fluxpg::runtime
