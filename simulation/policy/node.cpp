#include "simulation/policy/node.hpp"

#include <algorithm>

namespace fluxpg::policy {

namespace {
constexpr std::uint16_t kClientPort = 2379;
constexpr Duration kLook = seconds(3);
constexpr Duration kCall = seconds(5);
constexpr Duration kAgain = seconds(10);
}  // namespace

std::string peer_url(const std::string& address) { return "http://" + address + ":2380"; }
std::string client_url(const std::string& address) { return "http://" + address + ":" + std::to_string(kClientPort); }

std::string Node::address_of(const etcd::Member& member) {
  const std::string& url = member.peer_urls.front();
  const std::size_t begin = url.find("://") + 3;
  return url.substr(begin, url.rfind(':') - begin);
}

bool Node::listed(const etcd::Member& member) const { return rows_ && rows_->count(address_of(member)) > 0; }
bool Node::is_own(const etcd::Member& member) const { return member.peer_urls.front() == peer_url(config_.address); }

supervisor::Actions Node::handle(const Now& now, const supervisor::Input& input) {
  if (const auto* listing = std::get_if<supervisor::ListingAnswered>(&input)) {
    rows_.reset();
    polled_once_ = true;
    if (const auto* good = std::get_if<discovery::Good>(&listing->answer)) {
      rows_.emplace();
      for (const discovery::Row& row : good->rows) rows_->insert(row.address);
      if (started_) polled(now);
    }
  } else if (const auto* seen = std::get_if<supervisor::ProcessesSeen>(&input)) {
    seen_ = *seen;
  } else if (const auto* replied = std::get_if<supervisor::EtcdReplied>(&input)) {
    if (auto found = asked_.extract(replied->id)) found.mapped()(now, replied->result);
  }
  if (now.boot >= next_second_) {
    next_second_ = now.boot + seconds(1);
    keep_etcd(now);
  }
  return std::exchange(out_, {});
}

void Node::ask(const std::string& address, etcd::Call call, Duration deadline, Reply reply) {
  const supervisor::RequestId id{++last_request_};
  asked_[id] = std::move(reply);
  supervisor::EtcdTarget target;
  if (!address.empty()) target = {false, {address, kClientPort}, ""};
  out_.push_back(supervisor::AskEtcd{id, target, std::move(call), deadline});
}

void Node::list_own(std::function<void(const Now&, const etcd::MemberList&)> then) {
  ask_own(etcd::ListMembers{false}, kLook, [then = std::move(then)](const Now& now, const etcd::Result& result) {
    if (const auto* list = result ? std::get_if<etcd::MemberList>(&*result) : nullptr) then(now, *list);
  });
}

// Said like the agent says it, so that faults that wait for the moment find it here too.
void Node::remove(const Now&, const etcd::Member& member, const std::string& why) {
  const etcd::RemoveMember call{member.id};
  using Level = supervisor::Say::Level;
  out_.push_back(supervisor::Say{Level::kInfo, "decided: " + etcd::as_etcdctl(call) + " (" + why + ")"});
  out_.push_back(supervisor::Say{Level::kInfo, "calling: " + etcd::as_etcdctl(call)});
  ask_own(call, kCall, [](const Now&, const etcd::Result&) {});
}

void Node::run_etcd(const std::vector<std::pair<std::string, std::string>>& initial, bool new_cluster) {
  out_.push_back(
      supervisor::RunEtcd{config_.name, peer_url(config_.address), client_url(config_.address), initial, new_cluster, "pg-cluster"});
}

void Node::set_aside(const std::string& why) {
  out_.push_back(supervisor::StopEtcd{why});
  out_.push_back(supervisor::SetAsideEtcdData{why});
  started_ = votes_ = false;
}

void Node::keep_etcd(const Now& now) {
  using State = supervisor::Process::State;
  switch (seen_.etcd.state) {
    case State::kUnknown:
    case State::kStarting:
      return;
    case State::kRunning:
      busy_ = false;
      if (!std::exchange(started_, true)) started(now);
      if (!votes_) ask_for_vote(now);
      return second(now);
    case State::kStopped:
    case State::kExited:
      break;
  }
  if (busy_ || now.boot < retry_at_) return;
  started_ = votes_ = false;
  if (!seen_.etcd_data) return polled_once_ ? join(now) : void();
  retry_at_ = now.boot + seconds(5);
  if (seen_.etcd.state == State::kExited && seen_.etcd.exit_code == 0) return set_aside("this member has been removed");
  run_etcd({}, false);
}

// ---- joining: as a learner, asked of anybody who answers; gentler than the plain voter that the shell updater adds ----

void Node::join(const Now& now) {
  busy_ = true;
  to_ask_.clear();
  for (const std::string& address : rows_.value_or(std::set<std::string>{})) {
    if (address != config_.address) to_ask_.push_back(address);
  }
  join_next(now);
}

void Node::join_next(const Now& now) {
  if (to_ask_.empty()) return found_no_cluster(now);
  const std::string address = to_ask_.back();
  to_ask_.pop_back();
  ask(address, etcd::ListMembers{true}, kLook, [this, address](const Now& then, const etcd::Result& result) {
    const auto* list = result ? std::get_if<etcd::MemberList>(&*result) : nullptr;
    return list == nullptr ? join_next(then) : took_list(then, address, *list);
  });
}

void Node::took_list(const Now& now, const std::string& asked, const etcd::MemberList& list) {
  const auto own = std::find_if(list.members.begin(), list.members.end(), [this](const etcd::Member& m) { return is_own(m); });
  if (own != list.members.end()) return found_own_entry(now, asked, list, *own);
  ask(asked, etcd::AddLearner{peer_url(config_.address)}, kCall, [this](const Now& then, const etcd::Result& result) {
    if (!result && result.error().kind == etcd::ErrorKind::kTooManyLearners)
      return try_again(then, kAgain);  // the plain way has no such limit
    const auto* added = result ? std::get_if<etcd::Added>(&*result) : nullptr;
    if (added == nullptr) return join_next(then);
    std::vector<std::pair<std::string, std::string>> initial;
    for (const etcd::Member& member : added->members) {
      initial.emplace_back(is_own(member) ? config_.name : member.name, member.peer_urls.front());
    }
    run_etcd(initial, false);
    try_again(then, seconds(5));
  });
}

void Node::found_no_cluster(const Now& now) { try_again(now, kAgain); }

void Node::found_own_entry(const Now& now, const std::string& asked, const etcd::MemberList& list, const etcd::Member& own) {
  if (own.name.empty()) {  // added, never started: an earlier try of ours
    std::vector<std::pair<std::string, std::string>> initial;
    for (const etcd::Member& member : list.members)
      initial.emplace_back(is_own(member) ? config_.name : member.name, member.peer_urls.front());
    run_etcd(initial, false);
    return try_again(now, seconds(5));
  }
  ask(asked, etcd::RemoveMember{own.id}, kCall, [this](const Now& then, const etcd::Result&) { try_again(then, seconds(5)); });
}

void Node::ask_for_vote(const Now& now) {
  if (now.boot - vote_asked_ < seconds(2)) return;
  vote_asked_ = now.boot;
  ask_own(etcd::GetStatus{}, kLook, [this](const Now&, const etcd::Result& result) {
    const auto* status = result ? std::get_if<etcd::Status>(&*result) : nullptr;
    if (status == nullptr) return;
    votes_ = !status->learner;
    if (votes_) return;
    for (const std::string& address : rows_.value_or(std::set<std::string>{})) {
      if (address != config_.address) ask(address, etcd::Promote{status->header.member}, kCall, [](const Now&, const etcd::Result&) {});
    }
  });
}

}  // namespace fluxpg::policy
