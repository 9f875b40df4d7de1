#include "supervisor/core/seat.hpp"

#include <algorithm>

#include "base/guard.hpp"
#include "supervisor/core/copies.hpp"
#include "supervisor/core/stranger.hpp"

namespace fluxpg::supervisor {

namespace {
constexpr Duration kFirstBackoff = seconds(1);
constexpr Duration kLongestBackoff = seconds(30);
constexpr Duration kMoveAgain = seconds(15);  // after etcd was stopped because its address is no longer ours
constexpr int kEvicted = 0;                   // etcd ends with 0 only after it learned that it was removed
}  // namespace

RunEtcd Seat::base(const World& world) {
  const gossip::NodeInfo& self = world.gossip.self();
  RunEtcd plan;
  plan.name = world.config.name;
  plan.peer_url = world.peer_url(self);
  plan.client_url = world.client_url(self);
  plan.initial_cluster = {{plan.name, plan.peer_url}};
  return plan;
}

void Seat::start(const Now& now, RunEtcd plan, Outbox& out) {
  backoff_ = std::clamp<Duration>(backoff_ * 2, kFirstBackoff, kLongestBackoff);
  next_try_ = now.boot + backoff_;
  out.push(std::move(plan));
}

// What a running etcd tells about our place is remembered, so that the next start knows what we were.
void Seat::note_cluster(const Now& now, const World& world, Persistent& persistent, Outbox& out) const {
  if (!world.view.own_answers(now)) return;
  const etcd::Header& own = world.view.own()->header;
  const bool founder = !persistent.started_token.empty();
  const bool committed = world.view.founded() && world.view.founded()->token == persistent.started_token;
  const bool chosen = persistent.chosen || (founder ? committed : true) || !holds(Guard::kChosenIsCommitted);
  if (!chosen) return;
  if (persistent.cluster && persistent.cluster != own.cluster) return;
  if (persistent.chosen && persistent.cluster == own.cluster && persistent.member == own.member) return;
  persistent.chosen = true;
  persistent.cluster = own.cluster;
  persistent.member = own.member;
  out.push(Persist{persistent});
  out.info("this node is member " + to_text(own.member) + " of etcd cluster " + to_text(own.cluster));
}

void Seat::tick(const Now& now, const World& world, const ProcessesSeen& seen, bool conflict, Persistent& persistent, Outbox& out) {
  doing_.clear();
  problem_.clear();
  const auto state = seen.etcd.state;
  // An etcd that has ended may have answered a second ago: what it said about its place is no longer so.
  if (world.view.own_answers(now) && state == Process::State::kRunning) {
    backoff_ = Duration::zero();
    note_cluster(now, world, persistent, out);
  }
  if (!world.stopping && move(now, seen, out)) return;
  if (state == Process::State::kUnknown || state == Process::State::kRunning || state == Process::State::kStarting || world.stopping) {
    next_try_ = kNever;
    return;
  }
  if (conflict) {
    problem_ = "another living node answers with this node's id: etcd stays down, because two processes with one identity would vote twice";
    return;
  }
  if (!seen.unreadable.empty() && holds(Guard::kUnreadableIsNotFresh)) return;  // told elsewhere
  if (next_try_ != kNever && now.boot < next_try_) {
    doing_.push_back(
        {"starting etcd", "the next try after it ended" +
                              (state == Process::State::kExited ? " with exit code " + std::to_string(seen.etcd.exit_code) : "")});
    return;
  }
  if (!persistent.started_token.empty() && !persistent.chosen) {
    if (!evicted_before_chosen(now, world, seen, persistent)) return found(now, world, persistent, out);
    out.warn("this founder was removed before it saw the founding committed: its data is set aside, and it joins anew");
    persistent.given_up_token = persistent.started_token;  // and so its data is set aside (Founding), also after a crash here
    out.push(Persist{persistent});
    return;
  }
  if (seen.etcd_data) return resume(now, world, seen, persistent, out);
  join(now, world, persistent, out);
}

// etcd listens where it was started: at an address that is no longer ours nobody reaches it. Its data and its id stay.
bool Seat::move(const Now& now, const ProcessesSeen& seen, Outbox& out) {
  if (seen.etcd.state != Process::State::kRunning || !seen.etcd_elsewhere) return false;
  doing_.push_back({"moving etcd to this node's new address", "etcd to stop and start again"});
  if (now.boot < next_move_) return true;
  next_move_ = now.boot + kMoveAgain;
  out.push(StopEtcd{"it listens on an address that this node no longer has"});
  return true;
}

// A founder that was away while its plan was chosen, and for so long that it was evicted.
bool Seat::evicted_before_chosen(const Now& now, const World& world, const ProcessesSeen& seen, const Persistent& persistent) {
  const EtcdView& view = world.view;
  const bool told = seen.etcd.state == Process::State::kExited && seen.etcd.exit_code == kEvicted;
  if (!told || !view.list_is_current(now) || !view.founded() || view.founded()->token != persistent.started_token) return false;
  const etcd::Member* seat = view.find_by_peer_url(base(world).peer_url);
  return seat == nullptr || seat->learner;
}

void Seat::found(const Now& now, const World& world, const Persistent& persistent, Outbox& out) {
  RunEtcd plan = base(world);
  plan.initial_cluster.clear();
  for (const verdict::Founder& founder : persistent.promised->founders) {
    plan.initial_cluster.emplace_back(founder.name, founder.peer_url);
    if (founder.node == world.self()) plan.name = founder.name;  // etcd looks for it in the list; our address may be another since then
  }
  plan.new_cluster = true;
  plan.token = persistent.promised->token;
  start(now, std::move(plan), out);
}

void Seat::resume(const Now& now, const World& world, const ProcessesSeen& seen, Persistent& persistent, Outbox& out) {
  const EtcdView& view = world.view;
  // An etcd whose data is damaged ends before it can learn that it was removed: its starts have then failed for half a minute.
  const bool ended = seen.etcd.state == Process::State::kExited && (seen.etcd.exit_code == kEvicted || backoff_ >= kLongestBackoff);
  if (ended && persistent.member) {
    const bool gone = !holds(Guard::kRemovedIsListed) ||
                      (view.list_is_current(now) && view.list().header.cluster == persistent.cluster && !view.find(persistent.member));
    if (gone) {
      out.warn("etcd member " + to_text(persistent.member) +
               " was removed from the cluster: its data is set aside, and this node joins anew");
      out.push(SetAsideEtcdData{"removed-from-cluster"});
      next_try_ = now.boot + kSetAsideTakes;
      return;
    }
  }
  problem_ = outnumbered(now, world);
  if (!problem_.empty()) return;
  if (holds(Guard::kIdentityWait) && now.boot - world.started < world.config.rules.identity_wait) {
    doing_.push_back({"starting etcd on existing data", "whether another node answers with our id"});
    next_try_ = world.started + world.config.rules.identity_wait;
    return;
  }
  start(now, base(world), out);
}

void Seat::join(const Now& now, const World& world, Persistent& persistent, Outbox& out) {
  const EtcdView& view = world.view;
  const RunEtcd own = base(world);
  next_try_ = kNever;
  if (!view.has_list() || !view.list_is_current(now)) return;
  if (persistent.member && view.list().header.cluster == persistent.cluster && view.find(persistent.member) == nullptr) {
    persistent.member = MemberId{};  // our data is gone and so is our seat: whoever joins now is a newcomer
    persistent.started_token.clear();
    persistent.promised.reset();
    out.push(Persist{persistent});
  }
  const etcd::Member* seat = view.find_by_peer_url(own.peer_url);
  if (seat == nullptr) return;
  // Promised, but the word to start was missed: a founder that never started has forgotten nothing.
  const auto& promised = persistent.promised;
  if (!seat->learner && promised && view.founded() && view.founded()->token == promised->token && persistent.started_token.empty() &&
      !persistent.chosen && (promised->token != persistent.given_up_token || !holds(Guard::kGivenUpForGood))) {
    persistent.started_token = promised->token;
    out.push(Persist{persistent});
    return found(now, world, persistent, out);
  }
  // A seat with a name has run once, with a disk that is not this one.
  if (holds(Guard::kSeatWithoutDisk) && (!seat->learner || !seat->name.empty())) {
    problem_ =
        "etcd still counts this node as member " + to_text(seat->id) + ", but its data is gone: it waits to be evicted and joins anew";
    return;
  }
  RunEtcd plan = own;
  plan.initial_cluster.clear();
  for (const etcd::Member& member : view.list().members) {
    const std::string name = member.id == seat->id ? own.name : member.name.empty() ? to_text(member.id) : member.name;
    for (const std::string& url : member.peer_urls) plan.initial_cluster.emplace_back(name, url);
  }
  if (persistent.member != seat->id || persistent.cluster != view.list().header.cluster || !persistent.chosen) {
    persistent.chosen = true;
    persistent.cluster = view.list().header.cluster;
    persistent.member = seat->id;
    persistent.started_token.clear();
    out.push(Persist{persistent});
  }
  out.info("joining as learner " + to_text(seat->id));
  start(now, std::move(plan), out);
}

std::optional<Endpoint> endpoint_of_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t colon = url.rfind(':');
  if (scheme == std::string::npos || colon <= scheme + 3) return std::nullopt;
  const auto port = number_from_decimal(std::string_view(url).substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return std::nullopt;
  return Endpoint{url.substr(scheme + 3, colon - scheme - 3), static_cast<std::uint16_t>(*port)};
}

bool leads_or_makes_database(const World& world) {
  if (!world.view.founded()) return false;
  if (const auto& kept = world.view.founded()->database) return leads_database(world, *kept);
  const auto by_address = [&world](const verdict::Founder& a, const verdict::Founder& b) {
    return world.address_of(a.node) < world.address_of(b.node);
  };
  const auto& founders = world.view.founded()->founders;
  const auto first = std::min_element(founders.begin(), founders.end(), by_address);
  return first != founders.end() && first->node == world.self();
}

std::vector<Endpoint> patroni_hosts(const World& world) {
  std::vector<Endpoint> hosts;
  if (!world.view.has_list()) return hosts;
  const MemberId own = world.own_member();
  for (const etcd::Member& member : world.view.list().members) {
    if (member.learner || member.client_urls.empty()) continue;
    const auto endpoint = endpoint_of_url(member.client_urls.front());
    if (!endpoint) continue;
    hosts.insert(member.id == own ? hosts.begin() : hosts.end(), *endpoint);
  }
  return hosts;
}

}  // namespace fluxpg::supervisor
