// What an agent asks for, done: messages through the network, requests to etcd, files, processes.
#include "simulation/sim/invariants.hpp"

namespace fluxpg::simulation {

namespace {
constexpr unsigned kHostBits = 16;

etcd::Result failure(etcd::ErrorKind kind, std::string message) { return unexpected(etcd::Error{kind, std::move(message)}); }
}  // namespace

std::size_t Simulation::host_at(const std::string& address) const {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (hosts_[i].address == address) return i;
  }
  return hosts_.size();
}

void Simulation::perform(std::size_t index, supervisor::Actions actions) {
  const std::uint64_t life = hosts_[index].life;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    supervisor::Action& action = actions[i];
    if (auto& crash_in = hosts_[index].crash_in; crash_in && (*crash_in)-- == 0) {
      trace(index, "crashes between two actions");
      count("happened: crash between two actions");
      return kill_daemon(index);
    }
    invariants_->saw(index, action);
    std::visit([&](auto& what) { perform(index, what); }, action);
    if (!lives(index, life)) return;
    if (!std::holds_alternative<supervisor::Persist>(action)) continue;
    if (hosts_[index].crash_at_persist) {
      trace(index, "crashes right after it persisted");
      count("happened: crash after Persist");
      return kill_daemon(index);
    }
    if (hosts_[index].disk_delay > Duration::zero()) {
      actions.erase(actions.begin(), actions.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return finish_writing(index, std::move(actions));
    }
  }
}

// The daemon waits for its disk; what it wants to do next comes after that, and what it hears meanwhile lies in its sockets.
void Simulation::finish_writing(std::size_t index, supervisor::Actions rest) {
  Host& host = hosts_[index];
  host.daemon->writes = true;
  queue_.in(host.disk_delay, [this, index, life = host.life, rest = std::move(rest)] {
    if (!lives(index, life)) return;
    count("happened: waited for the disk");
    hosts_[index].daemon->writes = false;
    perform(index, rest);
    if (lives(index, life) && !daemon_stands_still(index)) read_inbox(index);
  });
}

// ---- gossip ----

void Simulation::perform(std::size_t index, supervisor::Send& action) {
  if (const auto* vote = std::get_if<verdict::Vote>(&action.message)) states_.voted(*vote);
  if (const auto* endpoint = std::get_if<Endpoint>(&action.to)) {
    const std::size_t to = host_at(endpoint->address);
    if (to < hosts_.size() && to != index) send(index, to, 0, *endpoint, std::move(action.message));
    return;
  }
  const std::uint64_t route = std::get<gossip::Route>(action.to).value;
  const std::size_t to = (route & ((1U << kHostBits) - 1)) - 1;
  send(index, to, route >> kHostBits, {}, std::move(action.message));
}

// `to_life`: only that life of the daemon has the connection; 0: whoever listens there.
void Simulation::send(std::size_t from, std::size_t to, std::uint64_t to_life, Endpoint endpoint, gossip::Message message) {
  const std::size_t copies = network_.doubles(from, to, random_) ? 2 : 1;
  for (std::size_t i = 0; i < copies; ++i) {
    if (network_.loses(from, to, random_)) continue;
    const std::uint64_t from_life = hosts_[from].life;
    const bool last = i + 1 == copies;
    gossip::Message one = last ? std::move(message) : message;
    queue_.in(network_.delay(from, to, random_), [this, from, from_life, to, to_life, endpoint, message = std::move(one)]() mutable {
      if (!hosts_[to].there || !network_.passes_gossip(from, to)) return;  // silence
      if (!hosts_[to].daemon || (to_life != 0 && hosts_[to].life != to_life)) {
        if (to_life == 0 && network_.passes_gossip(to, from) && hosts_[from].life == from_life) refuse(from, endpoint, milliseconds(1));
        return;
      }
      const gossip::Route back{(from_life << kHostBits) | (from + 1)};
      feed(to, hosts_[to].life, supervisor::MessageReceived{back, std::move(message)});
    });
  }
}

void Simulation::refuse(std::size_t index, const Endpoint& endpoint, Duration after) {
  const std::uint64_t life = hosts_[index].life;
  queue_.in(after, [this, index, life, endpoint] { feed(index, life, supervisor::ConnectionLost{endpoint, true}); });
}

// ---- etcd ----

void Simulation::perform(std::size_t index, const supervisor::AskEtcd& action) {
  const etcd_model::Ticket ticket = ++last_ticket_;
  const std::size_t target = action.target.own ? index : host_at(action.target.endpoint.address);
  if (const auto vote = vote_left(action, hosts_[index].persistent.app)) states_.voted(*vote);
  asked_[ticket] = {index, hosts_[index].life, action.id, target, now() + action.deadline};
  if (const auto* removal = std::get_if<etcd::RemoveMember>(&action.call)) removals_awaited_[removal->id] = now() + action.deadline;
  if (now() + action.deadline < first_time_out_) plan_time_out(now() + action.deadline);
  if (target >= hosts_.size()) return;
  if (!action.target.own && !action.target.host_name.empty() && host_name(hosts_[target].signing->id()) != action.target.host_name) {
    return answer(ticket, failure(etcd::ErrorKind::kUnreachable, "its certificate carries another name"), milliseconds(5));
  }
  Duration delay = target == index ? hosts_[index].etcd_delay + random_.below(milliseconds(3)) : network_.delay(index, target, random_);
  if (std::holds_alternative<etcd::RemoveMember>(action.call)) delay += hosts_[index].removal_delay;
  queue_.in(delay, [this, index, target, ticket, call = action.call] { ask(index, target, ticket, call); });
}

// One timer for all that is asked: nearly everything is answered long before its deadline.
void Simulation::plan_time_out(TimePoint at) {
  first_time_out_ = at;
  queue_.set_timer(hosts_.size(), at);
}

void Simulation::time_out_requests() {
  std::vector<etcd_model::Ticket> late;
  TimePoint next = kNever;
  for (const auto& [ticket, asked] : asked_) {
    if (asked.deadline <= now()) {
      late.push_back(ticket);
    } else {
      next = std::min(next, asked.deadline);
    }
  }
  plan_time_out(next);
  for (const etcd_model::Ticket ticket : late) answer(ticket, failure(etcd::ErrorKind::kTimeout, "no answer in time"), Duration::zero());
}

void Simulation::ask(std::size_t index, std::size_t target, etcd_model::Ticket ticket, const etcd::Call& call) {
  if (!hosts_[target].there || !network_.passes(index, target) || !network_.passes(target, index)) return;
  if (!answers(target)) {  // it waits in the socket
    queue_.in(milliseconds(100), [this, index, target, ticket, call] { ask(index, target, ticket, call); });
    return;
  }
  if (!etcd_.running(target)) return answer(ticket, failure(etcd::ErrorKind::kUnreachable, "connection refused"), milliseconds(1));
  etcd_.ask(now(), target, ticket, call);
  take_etcd_answers();
}

void Simulation::take_etcd_answers() {
  for (etcd_model::Answered& answered : etcd_.take_answers()) {
    const auto asked = asked_.find(answered.ticket);
    if (asked == asked_.end()) continue;
    const std::size_t host = asked->second.host;
    const std::size_t target = asked->second.target;
    if (random_.below(1000) < hosts_[host].lost_answers_per_mille) {
      count("happened: lost answer of etcd");
      continue;
    }
    if (host != target && !network_.passes(target, host)) continue;
    const Duration delay = host == target ? milliseconds(1) + random_.below(milliseconds(4)) : network_.delay(target, host, random_);
    answer(answered.ticket, std::move(answered.result), delay);
  }
}

// The first answer counts, and a time-out is one.
void Simulation::answer(etcd_model::Ticket ticket, etcd::Result result, Duration after) {
  auto deliver = [this, ticket, result = std::move(result)]() mutable {
    const auto asked = asked_.find(ticket);
    if (asked == asked_.end()) return;
    const Asked to = asked->second;
    asked_.erase(asked);
    feed(to.host, to.life, supervisor::EtcdReplied{to.request, std::move(result)});
  };
  if (after == Duration::zero()) return deliver();
  queue_.in(after, std::move(deliver));
}

// ---- disk and processes ----

void Simulation::perform(std::size_t index, const supervisor::Persist& action) { hosts_[index].persistent = action.state; }

void Simulation::perform(std::size_t index, const supervisor::RunEtcd& action) {
  trace(index, std::string("starts etcd") + (action.new_cluster ? " as a founder" : etcd_.has_data(index) ? "" : " as a learner"));
  etcd_.start(now(), index, {action.name, action.peer_url, action.client_url, action.initial_cluster, action.new_cluster, action.token});
}

void Simulation::perform(std::size_t index, const supervisor::StopEtcd& action) {
  trace(index, "stops etcd: " + action.why);
  etcd_.stop(index, -1);
}

void Simulation::perform(std::size_t index, const supervisor::SetAsideEtcdData& action) {
  if (etcd_.running(index)) return violate("no-data-touched-under-etcd", hosts_[index].name + " sets data aside under a running etcd");
  trace(index, "sets its etcd data aside: " + action.why);
  etcd_.lose_disk(index);
}

void Simulation::perform(std::size_t index, const supervisor::RestoreEtcd& action) {
  const std::string& token = action.run.token;
  etcd_.stop(index, -1);
  const auto before = etcd_.identity(index);
  if (before && etcd_.clusters().at(before->first).token != token) {  // else an earlier life of the daemon has done it
    trace(index, "restores its copy of cluster " + to_text(before->first) + " as a cluster of its own");
    given_up_[before->first] = etcd_.clusters().at(before->first).log.size();
    const ClusterId made =
        etcd_.restore_snapshot(now(), index, {action.run.name, action.run.peer_url, action.run.client_url, {}, true, token});
    founded_ = &etcd_.clusters().at(made);
    count("happened: recovered by an operator");
  }
  queue_.in(seconds(2), [this, index, life = hosts_[index].life, token, error = std::string(before ? "" : "there is no etcd data")] {
    feed(index, life, supervisor::EtcdRestored{token, error});
  });
}

void Simulation::perform(std::size_t index, const supervisor::AskPostgres& action) {
  const std::size_t target = action.own ? index : host_at(action.endpoint.address);
  const bool answers = target < hosts_.size() && hosts_[target].there && hosts_[target].patroni && !hosts_[target].stopped &&
                       (target == index || linked(index, target));
  std::optional<supervisor::PostgresPlace> place;
  if (answers) place = supervisor::PostgresPlace{"replica", hosts_[target].system_id, hosts_[target].timeline, hosts_[target].lsn};
  queue_.in(answers ? milliseconds(20) : action.deadline, [this, index, life = hosts_[index].life, id = action.id, place] {
    feed(index, life, supervisor::PostgresReplied{id, place});
  });
}

void Simulation::perform(std::size_t index, const supervisor::Say& action) {
  states_.said(index, action.text);
  trace(index, action.text);
  if (!traps_.empty()) spring_traps(index, action.text);
}

}  // namespace fluxpg::simulation
