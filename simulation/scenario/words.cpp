#include "simulation/scenario/words.hpp"

#include "base/check.hpp"

namespace fluxpg::scenario {

std::string to_text(Need need) {
  switch (need) {
    case Need::kProcessControl:
      return "process control";
    case Need::kPacketFilter:
      return "packet filter";
    case Need::kPacketRelay:
      return "packet relay";
    case Need::kFluxMock:
      return "flux mock";
    case Need::kDisk:
      return "disk";
    case Need::kClock:
      return "clock";
    case Need::kEtcdClient:
      return "etcd client";
    case Need::kStatusSocket:
      return "status socket";
    case Need::kAddresses:
      return "addresses";
    case Need::kVirtualTime:
      return "virtual time";
  }
  CHECK(false);
}

std::string to_text(const std::set<Need>& needs) {
  std::vector<std::string> texts;
  for (const Need need : needs) texts.push_back(to_text(need));
  return listed(texts);
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

namespace {

const std::set<Need> kProcess{Need::kProcessControl};
const std::set<Need> kFilter{Need::kPacketFilter};
const std::set<Need> kRelay{Need::kPacketRelay};
const std::set<Need> kMock{Need::kFluxMock};
const std::set<Need> kVirtual{Need::kVirtualTime};

FaultWord of_nodes(const char* name, const char* what, std::set<Need> needs) { return {name, what, std::move(needs)}; }
FaultWord at_once(const char* name, const char* what, std::set<Need> needs) { return {name, what, std::move(needs), true, false, false}; }
FaultWord of_links(const char* name, const char* what) { return {name, what, kFilter, true, true}; }
FaultWord of_all(const char* name, const char* what, std::set<Need> needs) { return {name, what, std::move(needs), false}; }

}  // namespace

// Whatever ends (`for`) ends as its text says; without `for` it stays so.
const std::vector<FaultWord>& fault_words() {
  static const std::vector<FaultWord> kWords = {
      at_once("node-starts", "the container starts with the disk it has, and is listed", kProcess),
      at_once("node-starts-unlisted", "the same, and no backend lists it", kProcess),
      of_nodes("host-vanishes", "power or network is lost; comes back", {Need::kProcessControl, Need::kPacketFilter}),
      of_nodes("container-killed", "its processes die, connections are refused; starts again", kProcess),
      of_nodes("container-recreated", "its writable layer is lost, its volumes are not; starts again",
               {Need::kProcessControl, Need::kDisk}),
      of_nodes("planned-stop", "the container is told to end, and ends; starts again", kProcess),
      of_nodes("daemon-killed", "etcd runs on; starts again", kProcess),
      of_nodes("daemon-crashes-at-action", "between any two actions, also right after it persisted; starts again", kVirtual),
      at_once("etcd-killed", "the daemon runs on", kProcess),
      of_nodes("etcd-keeps-dying", "as soon as anybody starts it", kProcess),
      of_nodes("disk-lost", "container gone with its volumes; a new identity at the same address", {Need::kProcessControl, Need::kDisk}),
      of_nodes("etcd-volume-lost", "container gone with etcd's volume, PostgreSQL's is kept; a new identity at the same address",
               {Need::kProcessControl, Need::kDisk}),
      at_once("postgres-falls-behind", "its PostgreSQL data lacks the latest writes", kVirtual),
      at_once("postgres-data-replaced", "its PostgreSQL data is another database's", kVirtual),
      of_nodes("processes-stopped", "SIGSTOP: accepts connections, answers nothing; goes on", kProcess),
      of_nodes("daemon-hangs", "SIGSTOP of the daemon, etcd runs on; goes on", kProcess),
      of_nodes("etcd-hangs", "SIGSTOP of etcd, the daemon runs on; goes on", kProcess),
      of_nodes("machine-suspended", "the same, and the steady clock stands still; goes on", kVirtual),
      at_once("node-goes-on", "what was stopped or suspended", kProcess),
      at_once("clock-jumps-ahead", "wall clock by an hour", {Need::kClock}),
      at_once("clock-jumps-back", "wall clock by a day", {Need::kClock}),
      of_nodes("address-changes", "stopped, and started at once at another address; old and new are listed, the old one for so long",
               {Need::kProcessControl, Need::kAddresses, Need::kFluxMock}),
      of_links("host-cut-off", "both ways, from everybody or from the nodes of `to`"),
      {"group-cut-off", "the nodes together, from everybody else", kFilter},
      of_links("one-way-cut", "nothing gets from the node to the nodes of `to`"),
      of_links("gossip-cut-off", "both ways, from everybody or from the nodes of `to`; etcd's ports stay open"),
      of_links("gossip-one-way-cut", "no gossip gets from the node to everybody or to the nodes of `to`; etcd's ports stay open"),
      of_nodes("deaf", "sends, hears nobody", kFilter),
      of_nodes("mute", "hears, reaches nobody", kFilter),
      of_all("chain", "everybody hears only the neighbours", kFilter),
      {"links-heal", "all cuts, delays and losses end", kFilter, false, false, false},
      of_nodes("slow-host", "300 to 900 ms one way", kRelay),
      of_nodes("lossy-host", "30 % of its gossip is lost", kFilter),
      of_nodes("doubling-host", "half of its gossip arrives twice", kRelay),
      of_nodes("slow-etcd", "requests to the own etcd take 100 to 1500 ms", kVirtual),
      of_nodes("very-slow-etcd", "requests to the own etcd arrive up to 40 s late", kVirtual),
      of_nodes("lost-answers", "a third of etcd's answers is lost", kVirtual),
      of_nodes("etcd-applies-late", "its etcd shows everything seconds later", kVirtual),
      of_nodes("etcd-falls-behind", "its etcd answers, and gets nothing new", kVirtual),
      of_all("api-down", "no connection", kMock),
      of_all("api-hangs", "no answer", kMock),
      of_all("api-empty", "a well-formed empty list", kMock),
      of_all("api-error", "HTTP 200, status error, no rows", kMock),
      of_all("api-html", "a proxy's page with HTTP 200", kMock),
      of_all("api-502", "HTTP 502", kMock),
      of_all("api-truncated", "two thirds of the good answer", kMock),
      of_all("api-half", "answers hold half of the rows, others each time", kMock),
      {"row-removed", "of all backends, or of one; comes back", kMock, true, false, true, true},
      {"row-appears", "on all backends, or on one; goes again", kMock, true, false, true, true},
      of_nodes("evictions-paused", "by an operator at that node", {Need::kStatusSocket}),
      of_nodes("node-leaves", "an operator types fluxpgctl leave there; taken back", {Need::kStatusSocket}),
      at_once("leave-cancelled", "an operator types fluxpgctl leave --cancel there", {Need::kStatusSocket}),
      at_once("postgres-leads", "PostgreSQL of that node is the primary from now on", kVirtual),
      of_all("patroni-paused", "patronictl pause", {Need::kEtcdClient}),
      {"found-without", "an operator tells the node not to wait for the nodes of `to`", {Need::kStatusSocket}, true, true, false},
      {"recover", "an operator recovers that node, and answers for the nodes of `to`", {Need::kStatusSocket}, true, true, false},
      at_once("rejoin", "an operator lets the node give up its data of a cluster that was recovered elsewhere", {Need::kStatusSocket}),
      at_once("removed-by-hand", "an operator types etcdctl member remove", {Need::kEtcdClient}),
      at_once("record-forged", "somebody writes into etcd that its removal is decided, with votes that nobody signed", {Need::kEtcdClient}),
      of_all("remover-key-overwritten", "somebody writes over the remover key, for a member that is none; deletes it", {Need::kEtcdClient}),
      {"learner-added-by-hand", "an operator types etcdctl member add --learner", {Need::kEtcdClient}, false, false, false},
  };
  return kWords;
}

}  // namespace fluxpg::scenario
