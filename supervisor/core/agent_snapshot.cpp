// What the agent tells about itself: every sentence here is read by somebody at 3 am.
#include <algorithm>

#include "supervisor/core/agent_impl.hpp"

namespace fluxpg::supervisor {

using gossip::State;

namespace {

std::string in_seconds(double s) { return std::to_string(static_cast<long long>(s)) + " s"; }

std::string gossip_text(State state) {
  switch (state) {
    case State::kAlive:
      return "alive";
    case State::kSuspect:
      return "suspect";
    case State::kDead:
      return "dead";
    case State::kLeft:
      return "left";
  }
  CHECK(false);
}

std::string presence_text(discovery::Presence presence) {
  switch (presence) {
    case discovery::Presence::kUnknown:
      return "unknown";
    case discovery::Presence::kListed:
      return "listed";
    case discovery::Presence::kUnlisted:
      return "unlisted";
  }
  CHECK(false);
}

bool alive_and_leaving(const NodeId& node, const World& facts) {
  const gossip::NodeInfo* info = node ? facts.info(node) : nullptr;
  return info != nullptr && info->leaving && facts.alive(node);
}

}  // namespace

MemberRow Agent::Impl::row(const Now& now, const World& facts, const NodeId& node, const etcd::Member* member) const {
  MemberRow out;
  out.node = node;
  out.role = "none";
  out.gossip = "unknown";
  out.postgres = "unknown";
  if (const gossip::NodeInfo* info = node ? facts.info(node) : nullptr; info != nullptr) {
    out.name = info->name;
    out.endpoint = to_text(info->gossip_endpoint());
    out.incarnation = info->incarnation;
    out.version = info->version;
    out.gossip = "alive";
    out.postgres = info->postgres_role.empty() ? "unknown" : info->postgres_role;
    out.gossip_for_seconds = to_seconds(now.boot - started_);
  }
  if (const gossip::MemberView* heard = node ? facts.heard(node) : nullptr; heard != nullptr) {
    out.gossip = gossip_text(heard->state);
    out.gossip_for_seconds = to_seconds(now.boot - heard->since);
    if (heard->state == State::kDead || heard->state == State::kLeft) out.postgres = "unknown";
    if (heard->info.stopping && heard->state != State::kAlive)
      out.note = "announced a planned stop " + in_seconds(out.gossip_for_seconds) + " ago";
  }
  if (member != nullptr) {
    out.member = member->id;
    out.role = member->learner ? "learner" : "voter";
    out.leader = view_.own() && view_.own()->leader == member->id;
    if (out.name.empty()) out.name = facts.name_of(member->id);
    if (alive_and_leaving(node, facts)) out.note = "leaves for good: it consents to its removal";
    if (!node) out.note = "no key is bound to this member id: nobody can vote for it or speak for it";
  }
  if (member == nullptr && alive_and_leaving(node, facts)) out.note = "has left the cluster";
  const discovery::Presence presence = node ? facts.presence(now, node) : discovery::Presence::kUnknown;
  out.listed = presence_text(presence);
  const bool alive = node && facts.alive(node);
  if (alive && presence == discovery::Presence::kUnlisted) {
    out.note = "live but unlisted: " + listing_.describe(now, facts.address_of(node)) + "; a live member is never removed";
  }
  return out;
}

void Agent::Impl::tell_members(const Now& now, const World& facts, Snapshot& out) const {
  std::set<NodeId> told;
  std::vector<etcd::Member> seats;
  if (view_.has_list()) {
    for (const etcd::Member& member : view_.list().members) seats.push_back(member);
  } else {
    for (const KnownVoter& voter : persistent_.voters) seats.push_back({voter.member, voter.name, {}, {}, false});
  }
  for (const etcd::Member& member : seats) {
    NodeId node = facts.node_of(member.id);
    for (const KnownVoter& voter : persistent_.voters) {
      if (!node && voter.member == member.id) node = voter.node;  // the keys cannot be read without a majority
    }
    out.members.push_back(row(now, facts, node, &member));
    if (node) told.insert(node);
  }
  std::vector<NodeId> others{signing_.id()};
  for (const auto& [id, member] : gossip_.members()) {
    // The dead that hold no seat are history, not members.
    if (member.state == State::kAlive || member.state == State::kSuspect) others.push_back(id);
  }
  for (const NodeId& id : others) {
    if (told.count(id) == 0) out.members.push_back(row(now, facts, id, nullptr));
  }
  std::sort(out.members.begin(), out.members.end(), [](const MemberRow& a, const MemberRow& b) { return a.name < b.name; });
}

void Agent::Impl::tell_links(Snapshot& out) const {
  out.nodes.push_back(signing_.id());
  for (const auto& [id, member] : gossip_.members()) {
    if (member.state == State::kAlive || member.state == State::kSuspect) out.nodes.push_back(id);
  }
  std::sort(out.nodes.begin(), out.nodes.end());
  for (const auto& [from, row] : gossip_.links()) {
    for (const auto& [to, link] : row.to) {
      const bool known =
          std::binary_search(out.nodes.begin(), out.nodes.end(), from) && std::binary_search(out.nodes.begin(), out.nodes.end(), to);
      if (known) out.links.push_back({from, to, link.state, link.rtt_ms});
    }
  }
}

// A node without a vote is told what its seat waits for, as this node itself sees it: the remover may know more.
void Agent::Impl::tell_seat(const Now& now, const World& facts, Snapshot& out) const {
  if (!view_.has_list() || !view_.founded() || !persistent_.started_token.empty()) return;
  const etcd::Member* seat = view_.find_by_peer_url(facts.peer_url(gossip_.self()));
  if (seat != nullptr && !seat->learner) return;
  const PlanInput input = gather(now, facts, learner_, collector_);
  const std::size_t wanted = wanted_voters(config_.rules.target_voters, input.instances);
  Doing own{seat == nullptr ? "joining the cluster" : "becoming a voter", "the remover"};
  const auto& history = view_.history();
  const auto last = std::find_if(history.begin(), history.end(), [this](const auto& entry) { return entry.change.node == signing_.id(); });
  const Plan seen = plan(input, config_.rules);
  const auto about_us = [this](const Doing& doing) { return doing.what == "joining of " + config_.name; };
  const auto wait = std::find_if(seen.waiting.begin(), seen.waiting.end(), about_us);
  if (wait != seen.waiting.end()) {
    own.waits_for = wait->waits_for;
  } else if (input.voters.size() >= wanted && (seat != nullptr || !wants_spare(wanted, input.instances))) {
    own.waits_for = "one of the " + std::to_string(wanted) + " seats to become free; meanwhile this node's database uses the voters' etcd";
  } else if (seat == nullptr && !input.learners.empty()) {
    own.waits_for = "the one learner slot, which " + input.learners.front().name + " has";
  } else if (last != history.end() && last->outcome == "refused") {
    own.waits_for = "the remover to try again; etcd refused: " + last->detail;
  }
  out.doing.push_back(std::move(own));
}

void Agent::Impl::tell_doing(const Now& now, const World& facts, Snapshot& out) const {
  if (!listing_.last_fault().empty()) out.doing.push_back({"asking the Flux API again", listing_.last_fault()});
  for (const Doing& doing : founding_.doing()) out.doing.push_back(doing);
  for (const Doing& doing : Restoration::doing(persistent_)) out.doing.push_back(doing);
  for (const Doing& doing : successor_.doing()) out.doing.push_back(doing);
  for (const Doing& doing : seat_.doing()) out.doing.push_back(doing);
  out.leave = leave_.view(persistent_);
  if (persistent_.leave && !persistent_.left())
    out.doing.push_back({"leaving the cluster for good, " + out.leave->state, out.leave->detail});
  tell_seat(now, facts, out);
  const auto& founded = view_.founded();
  if (config_.runs_patroni && founded && founded->database && !view_.patroni_initialized() && view_.list_is_current(now)) {
    const bool own = founded->database->node == signing_.id();
    out.doing.push_back({"keeping database " + founded->database->system_id,
                         (own ? "this node" : facts.name_of(founded->database->node)) +
                             ", whose copy goes furthest, to lead it; PostgreSQL of the others starts after that"});
  }
  if (const std::string size = Janitor::doing(facts); !size.empty()) {
    out.doing.push_back({"etcd's database here has " + size, "the remover to compact and defragment it"});
  }
  if (pause_wish_) out.doing.push_back({pause_wish_->paused ? "pausing evictions" : "resuming evictions", "etcd to take it"});
  if (view_.record() && view_.record()->open()) out.doing.push_back({"carrying out: " + view_.record()->command, change_.waits_for()});
  if (lease_.held()) {
    for (const Doing& doing : plan_.waiting) out.doing.push_back(doing);
    if (plan_.change && !change_.busy() && !(view_.record() && view_.record()->open())) {
      const bool voting = collector_.busy() && collector_.decides();
      out.doing.push_back({std::string(record::to_text(plan_.change->kind)) + " " + plan_.change->name + " (" + plan_.change->reason + ")",
                           voting ? "the votes of the other voters" : "its next try"});
    }
  } else if (view_.own_has_leader(now)) {
    const std::string bar = RemoverLease::ineligible(now, facts, voter_.under_ballot(now));
    if (!bar.empty()) out.doing.push_back({"not a candidate for remover", bar});
  }
}

// Of a key that nobody can be holding: whoever is remover holds it under a lease of its own, and is a member.
void Agent::Impl::tell_remover_key(const Now& now, Snapshot& out) const {
  const std::string until_deleted =
      "; while it stands nobody is evicted, added or promoted. If it stays, delete it: etcdctl del " + record::remover_key(config_.app);
  if (view_.remover() && view_.remover()->member && view_.find(view_.remover()->member) == nullptr && view_.has_list()) {
    out.problems.push_back("the remover key is held for member " + to_text(view_.remover()->member) +
                           ", which is no member of this cluster" + until_deleted);
  }
  if (view_.remover() && !lease_.held() && view_.remover()->node == signing_.id() && now.boot - started_ > seconds(15)) {
    out.problems.push_back("the remover key in etcd names this node, but it is not under this node's lease: somebody else wrote it" +
                           until_deleted);
  }
}

void Agent::Impl::tell_problems(const Now& now, const World& facts, Snapshot& out) const {
  for (const std::string& problem : identities_.problems(now.boot)) out.problems.push_back(problem);
  for (const std::string& problem : one_way_.problems(now.boot, gossip_)) out.problems.push_back(problem);
  if (!seen_.unreadable.empty())
    out.problems.push_back(seen_.unreadable + " Nothing is started on it, and nobody takes this node for empty.");
  for (const std::string* problem : {&successor_.problem(), &restoration_.problem()}) {
    if (!problem->empty()) out.problems.push_back(*problem);
  }
  if (!recover_refused_.empty() && now.boot - recover_refused_at_ < minutes(1)) out.problems.push_back(recover_refused_);
  if (!seat_.problem().empty()) out.problems.push_back(seat_.problem());
  if (!view_.problem().empty()) out.problems.push_back(view_.problem());
  if (!change_.flaw().empty()) out.problems.push_back("the open decision in etcd is not carried out: " + change_.flaw());
  tell_remover_key(now, out);
  if (const std::string space = Janitor::problem(facts); !space.empty()) out.problems.push_back(space);
  if (!postgres_.system_id.empty() && !view_.database().empty() && postgres_.system_id != view_.database()) {
    out.problems.push_back("the PostgreSQL data here has the system identifier " + postgres_.system_id + ", the cluster's is " +
                           view_.database() + ": Patroni is not started, and nothing is changed");
  }
  if (!facts.unwell.empty()) out.problems.push_back("this node abstains from votes: " + facts.unwell);
  // Killed now, it would not know after its restart that it was ever a member.
  if (!persistent_.chosen && view_.own_answers(now) && view_.own_is_voter()) {
    out.problems.push_back("this node has not noted yet that it is a member of its cluster, which takes a moment after etcd's start");
  }
  if (persistent_.left()) {
    out.problems.push_back("this node has left the cluster; `fluxpgctl leave --cancel` lets it join again");
  } else if (persistent_.chosen && !view_.own_answers(now) && (seen_.etcd_data || view_.find(persistent_.member) != nullptr)) {
    // Not of a guest that had a seat once: its old data was set aside.
    out.problems.push_back("this node's own etcd does not answer" + (view_.own_error().empty() ? "" : ": " + view_.own_error()));
  }
  using Runs = Process::State;
  const bool patroni_asked_for = config_.runs_patroni && !patroni_.etcd_hosts.empty() && !persistent_.left() && !stopping_;
  if (patroni_asked_for && seen_.patroni.state != Runs::kRunning && seen_.patroni.state != Runs::kUnknown) {
    out.problems.push_back("Patroni does not run on this node; it is started again and again");
  }
  for (const MemberRow& member : out.members) {
    const bool voter = member.role == "voter";
    const bool gone = member.gossip == "dead" || member.gossip == "left" || member.gossip == "unknown";
    if (voter && gone && member.node && facts.only_gossip_misses(now, member.node)) {
      out.problems.push_back(
          "gossip does not reach voter " + member.name + " (" + member.endpoint +
          "), but its etcd answers: does its daemon run, and is its gossip port open? If it runs, its votes travel through etcd");
    } else if (voter && gone) {
      out.problems.push_back("voter " + member.name + " is " +
                             (member.gossip == "unknown" ? "silent: no daemon speaks for it" : member.gossip) +
                             (member.gossip == "unknown" ? "" : " for " + in_seconds(member.gossip_for_seconds)));
    }
    if (member.note.rfind("live but unlisted", 0) == 0) out.problems.push_back(member.name + " is " + member.note);
  }
  if (collector_.state() == Collector::State::kNotEnough || collector_.state() == Collector::State::kVetoed) {
    // Evicted meanwhile, or back among the living: then it is settled.
    const record::Change& asked = collector_.change();
    const bool open =
        view_.find(asked.member) != nullptr && (!facts.alive(asked.node) || asked.rule == "consent" || asked.rule == verdict::kLeaveRule);
    if (open && now.boot - collector_.closed_at() < minutes(1)) {
      out.problems.push_back("the ballot about " + collector_.change().name +
                             " did not agree: " + verdict::describe(collector_.tally(), facts.names()));
    }
  }
  const TimePoint good = listing_.has_good_answer() ? listing_.last_good() : started_;
  if (now.boot - good > minutes(3)) {
    out.problems.push_back("no good answer of the Flux API for " + in_seconds(to_seconds(now.boot - good)) + ": " + listing_.last_fault());
  }
}

void Agent::Impl::tell_counters(Snapshot& out) const {
  for (const auto& [fault, count] : listing_.faults()) out.counters["discovery.bad." + std::string(discovery::to_text(fault))] = count;
  out.counters["discovery.good"] = listing_.good_answers();
  for (const auto* counters : {&collector_.counters(), &post_.counters()}) {
    for (const auto& [name, count] : *counters) out.counters[name] = count;
  }
  out.counters["verdict.malformed_referendums"] = view_.malformed_referendums();
  out.counters["gossip.ill_health"] = static_cast<std::uint64_t>(gossip_.ill_health());
}

Snapshot Agent::Impl::snapshot(const Now& now) const {
  const World facts = world(now);
  Snapshot out;
  out.app = config_.app;
  out.version = config_.version;
  out.self = signing_.id();
  out.self_name = config_.name;
  out.epoch = view_.record_revision();
  if (view_.remover() && view_.remover()->node) out.remover = view_.remover()->node;
  if (view_.record() && view_.record()->open()) out.open_decision = view_.record();
  out.evictions = config_.shadow ? "shadow" : view_.paused() || view_.patroni_paused() ? "paused" : "enforce";
  out.history = view_.history();
  out.ballot = collector_.view(now, facts);
  tell_members(now, facts, out);
  tell_links(out);
  for (const MemberRow& member : out.members) {
    if (member.role != "voter") continue;
    ++out.voters;
    const bool self = member.node == signing_.id();
    const bool lives = member.node && (speaks_for_seat(facts, member.node) || facts.only_gossip_misses(now, member.node));
    if (self ? view_.own_answers(now) : lives) ++out.voters_live;
  }
  out.cluster = view_.has_list() ? view_.list().header.cluster : persistent_.voters.empty() ? ClusterId{} : persistent_.cluster;
  out.failures_survivable = out.voters == 0 ? 0 : std::max(0, failures_survivable(out.voters, out.voters_live));
  tell_problems(now, facts, out);
  tell_doing(now, facts, out);
  tell_counters(out);
  const std::uint32_t instances = config_.rules.expected_nodes != 0 ? config_.rules.expected_nodes : instances_;
  const std::size_t wanted = wanted_voters(config_.rules.target_voters, instances);
  if (majority_lost(now, facts)) {
    tell_loss(now, facts, out);
  } else if (out.voters == 0) {
    out.problems.insert(out.problems.begin(), persistent_.chosen
                                                  ? "nobody has told yet who is a member of cluster " + to_text(persistent_.cluster)
                                                  : std::string("there is no cluster yet"));
    out.health = Health::kDegraded;
  } else {
    if (out.voters < wanted && instances != 0) {
      out.problems.push_back("only " + std::to_string(out.voters) + " of " + std::to_string(wanted) + " wanted voters");
    }
    out.health = out.problems.empty() && out.voters_live == out.voters ? Health::kHealthy : Health::kDegraded;
  }
  return out;
}

}  // namespace fluxpg::supervisor
