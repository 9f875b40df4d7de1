#include "tests/etcd-model/sides.hpp"

#include <algorithm>
#include <thread>

#include "base/check.hpp"

namespace fluxpg::differential {

namespace {
constexpr std::uint64_t kNobody = 12345;
constexpr Duration kStep = milliseconds(20);
}  // namespace

// ---- names ----

MemberId Names::member(MemberId symbol) const {
  const auto known = members_.find(symbol.value);
  return known == members_.end() ? MemberId{kNobody} : known->second;
}

etcd::LeaseId Names::lease(etcd::LeaseId symbol) const {
  if (!symbol) return symbol;
  return symbol.value <= leases_.size() ? leases_[symbol.value - 1] : etcd::LeaseId{kNobody};
}

etcd::Call Names::resolve(etcd::Call call) const {
  if (auto* promote = std::get_if<etcd::Promote>(&call)) promote->id = member(promote->id);
  if (auto* remove = std::get_if<etcd::RemoveMember>(&call)) remove->id = member(remove->id);
  if (auto* transfer = std::get_if<etcd::TransferLeadership>(&call)) transfer->to = member(transfer->to);
  if (auto* alive = std::get_if<etcd::KeepAlive>(&call)) alive->lease = lease(alive->lease);
  if (auto* revoke = std::get_if<etcd::RevokeLease>(&call)) revoke->lease = lease(revoke->lease);
  if (auto* txn = std::get_if<etcd::Txn>(&call)) {
    for (etcd::Compare& compare : txn->compares) compare.equals = revision(compare.equals);
    for (etcd::Write& write : txn->writes) {
      if (auto* put = std::get_if<etcd::Put>(&write)) put->lease = lease(put->lease);
    }
  }
  return call;
}

std::string Names::symbol(MemberId id) const {
  if (!id) return "nobody";
  for (const auto& [symbol, real] : members_) {
    if (real == id) return "m" + std::to_string(symbol);
  }
  return "?";
}

std::string Names::list(std::vector<etcd::Member> members) const {
  std::vector<std::string> lines;
  for (const etcd::Member& member : members) {
    std::string line = symbol(member.id) + " " + member.name + (member.learner ? " learner" : "");
    for (const auto& url : member.peer_urls) line += " " + url;
    for (const auto& url : member.client_urls) line += " " + url;
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += "[" + line + "]";
  return all;
}

std::string Names::text(const etcd::Result& result) const {
  if (!result) return "error " + std::string(etcd::to_text(result.error().kind));
  const auto at = [this](std::int64_t revision) { return std::to_string(revision - base_); };
  if (const auto* status = std::get_if<etcd::Status>(&*result)) {
    return symbol(status->header.member) + " leader " + symbol(status->leader) + (status->learner ? " learner" : "") +
           (status->errors.empty() ? "" : " " + status->errors.front());
  }
  if (const auto* members = std::get_if<etcd::MemberList>(&*result)) return symbol(members->header.member) + ": " + list(members->members);
  if (const auto* added = std::get_if<etcd::Added>(&*result)) return "added " + symbol(added->member.id) + " to " + list(added->members);
  if (const auto* changed = std::get_if<etcd::Changed>(&*result)) return "changed to " + list(changed->members);
  if (const auto* txn = std::get_if<etcd::TxnResult>(&*result))
    return (txn->succeeded ? "done at " : "not done at ") + at(txn->header.revision);
  if (const auto* lease = std::get_if<etcd::Lease>(&*result)) return "lease for " + std::to_string(to_ms(lease->ttl) / 1000) + " s";
  if (const auto* range = std::get_if<etcd::RangeResult>(&*result)) {
    std::string text = std::to_string(range->count) + " at " + at(range->header.revision) + ":";
    for (const etcd::KeyValue& kv : range->kvs) {
      const auto lease = std::find(leases_.begin(), leases_.end(), kv.lease);
      const std::string bound = !kv.lease ? "" : lease == leases_.end() ? " l?" : " l" + std::to_string(lease - leases_.begin() + 1);
      text += " (" + kv.key + "=" + kv.value + " " + at(kv.create_revision) + " " + at(kv.mod_revision) + bound + ")";
    }
    return text;
  }
  return std::holds_alternative<etcd::Done>(*result) ? "done" : "some other answer";
}

// ---- real ----

MemberId Side::leader_seen_by(Host host) {
  const etcd::Result result = ask(host, etcd::GetStatus{}, seconds(1));
  const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
  return status == nullptr ? MemberId{} : status->leader;
}

Real::Real(std::size_t hosts) : started_(hosts), killed_(hosts) {
  for (std::size_t i = 0; i < hosts; ++i) members_.push_back(std::make_unique<test::EtcdProcess>(static_cast<int>(i) + 1));
}

etcd::Result Real::ask(Host host, const etcd::Call& call, Duration deadline) {
  std::optional<etcd::Result> result;
  etcd::ask(client_, etcd::Access{members_[host]->client_url(), "", std::nullopt}, call, deadline,
            [&](etcd::Result r) { result = std::move(r); });
  client_.run_until_idle();
  return *result;
}

void Real::start(Host host, const std::vector<Host>& initial, bool existing) {
  std::string all;
  for (const Host each : initial) all += (all.empty() ? "" : ",") + members_[each]->in_initial_cluster();
  killed_[host] = false;
  if (started_[host]) return members_[host]->restart();
  started_[host] = true;
  members_[host]->start(all, existing);
}

void Real::kill(Host host) {
  killed_[host] = true;
  members_[host]->kill();
}

std::optional<int> Real::exit_code(Host host) {
  if (!started_[host] || killed_[host] || members_[host]->running()) return std::nullopt;
  return members_[host]->wait(seconds(1));
}

// ---- modelled ----

Modelled::Modelled(const Real& real, std::size_t hosts, std::uint64_t seed)
    : real_(real),
      model_(hosts, *this, seed, etcd_model::Version::k34),
      launches_(hosts),
      now_(TimePoint{} + seconds(1000)),
      began_(std::chrono::steady_clock::now()) {}

void Modelled::advance_to(TimePoint until) {
  while (now_ < until) {
    now_ = std::min<TimePoint>(now_ + kStep, until);
    model_.advance(now_);
  }
}

void Modelled::follow_clock() {
  const auto elapsed = std::chrono::steady_clock::now() - began_;
  const TimePoint real = TimePoint{} + seconds(1000) + std::chrono::duration_cast<Duration>(elapsed);
  if (now_ > real) std::this_thread::sleep_for(now_ - real);
  advance_to(real);
  model_.advance(now_);
}

etcd::Result Modelled::ask(Host host, const etcd::Call& call, Duration deadline) {
  using etcd::ErrorKind;
  if (!model_.running(host)) return unexpected(etcd::Error{ErrorKind::kUnreachable, "it does not run"});
  const etcd_model::Ticket ticket = ++last_ticket_;
  const TimePoint until = now_ + deadline;
  if (answers(host)) model_.ask(now_, host, ticket, call);
  while (true) {
    for (etcd_model::Answered& answered : model_.take_answers()) {
      if (answered.ticket == ticket) return std::move(answered.result);
    }
    if (now_ >= until) return unexpected(etcd::Error{ErrorKind::kTimeout, "no answer"});
    advance_to(std::min<TimePoint>(now_ + kStep, until));
  }
}

void Modelled::start(Host host, const std::vector<Host>& initial, bool existing) {
  const auto& process = real_.process(host);
  etcd_model::Launch& launch = launches_[host];
  if (launch.name.empty()) {
    launch = {process.name(), process.peer_url(), process.client_url(), {}, !existing, "token"};
    for (const Host each : initial) launch.initial_cluster.emplace_back(real_.process(each).name(), real_.process(each).peer_url());
  }
  model_.start(now_, host, launch);
}

std::optional<int> Modelled::exit_code(Host host) {
  const etcd_model::ProcessState& process = model_.process(host);
  if (process.state != etcd_model::ProcessState::State::kExited) return std::nullopt;
  return process.exit_code;
}

bool Modelled::caught_up(Host host) {
  const etcd::Result result = ask(host, etcd::GetStatus{}, seconds(1));
  const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
  return status != nullptr && status->raft_applied_index == cluster().log.size();
}

}  // namespace fluxpg::differential
