#include "tests/etcd-model/pair.hpp"

#include <algorithm>
#include <thread>

#include "base/check.hpp"

namespace fluxpg::differential {

using std::chrono::steady_clock;

namespace {

bool changes_members(const etcd::Call& call) {
  return std::holds_alternative<etcd::AddLearner>(call) || std::holds_alternative<etcd::Promote>(call) ||
         std::holds_alternative<etcd::RemoveMember>(call);
}

bool failed(const etcd::Result& result, etcd::ErrorKind kind) { return !result && result.error().kind == kind; }

}  // namespace

Pair::Pair(std::size_t voters, std::size_t hosts, std::uint64_t seed) : real_(hosts), model_(real_, hosts, seed) {
  std::vector<Host> initial(voters);
  for (Host host = 0; host < voters; ++host) initial[host] = host;
  for (const Host host : initial) {
    real_.start(host, initial, false);
    model_.start(host, initial, false);
    up_.insert(host);
  }
  // Ids are known once the members answer, and without them nobody could tell that both have the same leader.
  for (const Host host : initial) {
    CHECK(test::eventually(seconds(30), [&] { return bool(real_.leader_seen_by(host)); }));
    const auto id = std::get<etcd::Status>(*real_.ask(host, etcd::GetStatus{}, seconds(5))).header.member;
    model_.follow_clock();
    CHECK(test::eventually(seconds(30), [&] { return model_.follow_clock(), model_.running(host); }));
    real_.names.learn(id, next_symbol_);
    model_.names.learn(model_.model().identity(host)->second, next_symbol_++);
  }
  last_change_ = steady_clock::now();
  settle();
}

void Pair::begin(std::uint64_t seed) {
  story_ = {"seed " + std::to_string(seed)};
  difference_.clear();
  for (Side* side : std::initializer_list<Side*>{&real_, &model_}) {
    side->names.forget_leases();
    const etcd::Result range = side->ask(0, etcd::Range{"/none", false, false, 0, false}, seconds(10));
    CHECK(range);
    side->names.count_from(std::get<etcd::RangeResult>(*range).header.revision);
  }
}

void Pair::note(const std::string& what) { story_.push_back(what); }

void Pair::compare(const std::string& what, const std::string& modelled, const std::string& real) {
  story_.push_back(what + "\n    model: " + modelled + "\n    etcd:  " + real);
  if (modelled != real && difference_.empty()) difference_ = story_.back();
}

std::string Pair::story() const {
  std::string all;
  for (const std::string& line : story_) all += line + "\n";
  return all;
}

bool Pair::ask(Host host, const etcd::Call& symbolic, Duration deadline) {
  if (!agree()) return false;
  // A follower's own state may be some milliseconds behind, which is nobody's fault: it catches up by a read through the quorum first.
  const auto* list = std::get_if<etcd::ListMembers>(&symbolic);
  const bool local = std::holds_alternative<etcd::GetStatus>(symbolic) || (list != nullptr && !list->linearizable);
  if (local && has_quorum() && up(host) && !paused(host)) real_.ask(host, etcd::Range{"/none", false, false, 0, false}, seconds(5));
  etcd::Result real = real_.ask(host, real_.names.resolve(symbolic), deadline);
  model_.follow_clock();
  const etcd::Result modelled = model_.ask(host, model_.names.resolve(symbolic), deadline);
  // A leader that has not yet noted a change as applied turns the next one into an empty entry (raft's pendingConfIndex), and nobody
  // answers its caller: on a busy machine that happens to two changes in a row. Nothing was done; asked again it is.
  using Kind = etcd::ErrorKind;
  if (failed(real, Kind::kTimeout) && !failed(modelled, Kind::kTimeout) && changes_members(symbolic)) {
    note("a change was swallowed, and is asked for again");
    real = real_.ask(host, real_.names.resolve(symbolic), deadline);
  }
  // Who was promoted just now takes itself for a learner until it has applied that too: it refused, and did nothing.
  for (int i = 0; i < 20 && failed(real, Kind::kLearner) && !failed(modelled, Kind::kLearner); ++i) {
    std::this_thread::sleep_for(milliseconds(100));
    real = real_.ask(host, real_.names.resolve(symbolic), deadline);
  }
  if (std::holds_alternative<etcd::GrantLease>(symbolic) && real && modelled) {
    real_.names.learn(std::get<etcd::Lease>(*real).id);
    model_.names.learn(std::get<etcd::Lease>(*modelled).id);
  }
  if (const auto* add = std::get_if<etcd::AddLearner>(&symbolic); add != nullptr && real && modelled) {
    real_.names.learn(std::get<etcd::Added>(*real).member.id, next_symbol_);
    model_.names.learn(std::get<etcd::Added>(*modelled).member.id, next_symbol_++);
  }
  compare("e" + std::to_string(host + 1) + ": " + etcd::as_etcdctl(symbolic), model_.names.text(modelled), real_.names.text(real));
  return agree();
}

// ---- processes ----

void Pair::kill(Host host) {
  note("kill e" + std::to_string(host + 1));
  model_.follow_clock();
  real_.kill(host);
  model_.kill(host);
  up_.erase(host);
  paused_.erase(host);
  last_change_ = steady_clock::now();
}

void Pair::restart(Host host) {
  note("restart e" + std::to_string(host + 1));
  model_.follow_clock();
  real_.start(host, {}, true);
  model_.start(host, {}, true);
  up_.insert(host);
  came_back_ = true;
}

void Pair::start_learner(Host host) {
  note("start e" + std::to_string(host + 1) + " as a learner");
  model_.follow_clock();
  std::vector<Host> initial = voters();
  // It asks any of them for the list, and ends with 1 if that one has not applied the addition yet.
  for (const Host voter : initial) {
    if (up(voter) && !paused(voter)) real_.ask(voter, etcd::Range{"/none", false, false, 0, false}, seconds(5));
  }
  if (std::find(initial.begin(), initial.end(), host) == initial.end()) initial.push_back(host);
  real_.start(host, initial, true);
  model_.start(host, initial, true);
  up_.insert(host);
  came_back_ = true;
}

void Pair::pause(Host host) {
  note("pause e" + std::to_string(host + 1));
  model_.follow_clock();
  real_.pause(host);
  model_.pause(host);
  paused_.insert(host);
  last_change_ = steady_clock::now();
}

void Pair::resume(Host host) {
  note("resume e" + std::to_string(host + 1));
  model_.follow_clock();
  real_.resume(host);
  model_.resume(host);
  paused_.erase(host);
  last_change_ = steady_clock::now();
}

// ---- who is there ----

std::vector<Host> Pair::voters() const {
  std::vector<Host> result;
  const auto& cluster = model_.cluster();
  for (Host host = 0; host < 8; ++host) {
    for (const etcd::Member& member : cluster.members) {
      if (!member.learner && member.name == "e" + std::to_string(host + 1)) result.push_back(host);
    }
  }
  return result;
}

std::optional<std::uint64_t> Pair::symbol_of(Host host) const {
  for (const etcd::Member& member : model_.cluster().members) {
    if (member.peer_urls.front() == peer_url(host)) return std::stoull(model_.names.symbol(member.id).substr(1));
  }
  return std::nullopt;
}

std::size_t Pair::working() const {
  const std::vector<Host> all = voters();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [this](Host host) { return up(host) && !paused(host); }));
}

bool Pair::has_quorum() const { return working() >= etcd_model::majority(voters().size()); }

// A learner shows little before it has all that its leader has.
bool Pair::caught_up(Host host) {
  const auto applied = [this](Host asked) {
    const etcd::Result result = real_.ask(asked, etcd::GetStatus{}, seconds(1));
    const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
    return status == nullptr ? 0 : status->raft_applied_index;
  };
  std::uint64_t most = 0;
  for (const Host each : up_) {
    if (!paused(each) && symbol_of(each)) most = std::max(most, applied(each));
  }
  return !has_quorum() || (applied(host) == most && model_.caught_up(host));
}

bool Pair::settled() {
  model_.follow_clock();
  std::set<std::string> real;
  std::set<std::string> modelled;
  for (auto it = up_.begin(); it != up_.end();) {
    const Host host = *it;
    if (real_.exit_code(host) && model_.exit_code(host)) {
      compare("e" + std::to_string(host + 1) + " exits", std::to_string(*model_.exit_code(host)), std::to_string(*real_.exit_code(host)));
      if (!agree()) note(real_.process(host).log().substr(std::max<std::size_t>(real_.process(host).log().size(), 3000) - 3000));
      it = up_.erase(it);
      continue;
    }
    ++it;
    if (paused(host)) continue;
    if (real_.exit_code(host) || model_.exit_code(host)) return false;
    if (!real_.running(host) || !model_.running(host)) return false;
    if (!symbol_of(host)) return false;  // it will end; asked for its status meanwhile etcd 3.4 panics
    if (!caught_up(host)) return false;
    real.insert(real_.names.symbol(real_.leader_seen_by(host)));
    modelled.insert(model_.names.symbol(model_.leader_seen_by(host)));
  }
  if (real.size() != 1 || modelled.size() != 1) return false;
  if (!has_quorum()) return *real.begin() == "nobody" && *modelled.begin() == "nobody";
  if (*real.begin() == "nobody" || *modelled.begin() == "nobody" || real.count("?") > 0) return false;
  if (*real.begin() == *modelled.begin()) return true;
  // Elections are won by chance: the real leader is asked to hand over to the model's.
  const std::uint64_t symbol = std::stoull(modelled.begin()->substr(1));
  for (const Host host : voters()) {
    if (symbol_of(host) && "m" + std::to_string(*symbol_of(host)) == *real.begin()) {
      real_.ask(host, real_.names.resolve(etcd::TransferLeadership{MemberId{symbol}}), seconds(5));
    }
  }
  return false;
}

// For the story: who runs, ended or names whom as leader.
std::string Pair::standing(Side& side) {
  std::string text;
  for (const Host host : up_) {
    const auto code = side.exit_code(host);
    text += " e" + std::to_string(host + 1) + " " +
            (paused(host) ? "paused"
             : code       ? "ended with " + std::to_string(*code)
                          : side.names.symbol(side.leader_seen_by(host)));
  }
  return text;
}

void Pair::settle() {
  if (!agree()) return;
  const bool came_back = std::exchange(came_back_, false);
  const auto end = steady_clock::now() + seconds(40);
  while (agree() && !settled()) {
    if (steady_clock::now() >= end) return compare("both settle", "after 40 s: " + standing(model_), "not: " + standing(real_));
    std::this_thread::sleep_for(milliseconds(20));
  }
  if (came_back) last_change_ = steady_clock::now();
}

void Pair::keep_away_from_health_interval() {
  const auto age = steady_clock::now() - last_change_;
  if (age > milliseconds(2500)) wait_for_health_interval();
}

void Pair::wait_for_health_interval() {
  std::this_thread::sleep_until(last_change_ + milliseconds(6500));
  model_.follow_clock();
}

}  // namespace fluxpg::differential
