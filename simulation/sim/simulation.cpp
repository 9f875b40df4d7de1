#include "simulation/sim/simulation.hpp"

#include <algorithm>

#include "simulation/sim/invariants.hpp"

namespace fluxpg::simulation {

namespace {
constexpr Duration kEtcdStep = milliseconds(100);
constexpr const char* kApp = "orders-db";
}  // namespace

Simulation::Simulation(Options options)
    : options_(std::move(options)),
      random_(options_.seed),
      queue_(options_.hosts + 1, [this](std::size_t timer) { return timer < hosts_.size() ? tick(timer) : time_out_requests(); }),
      flux_(kApp, options_.backends),
      hosts_(options_.hosts),
      etcd_(options_.hosts, *this, random_.next()),
      invariants_(std::make_unique<Invariants>(*this, kApp)) {
  CHECK(options_.hosts <= Network::kMostHosts);
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    Host& host = hosts_[i];
    host.address = "198.18.0." + std::to_string(11 + i);
    host.name = "node-" + std::to_string(i);
    host.boot_offset = seconds(100) + random_.below(seconds(1'000'000));
    new_identity(i);
  }
  queue_.in(kEtcdStep, [this] { advance_etcd(); });
}

Simulation::~Simulation() = default;

// ---- time ----

void Simulation::run_for(Duration time) {
  const TimePoint end = now() + time;
  while (queue_.next() <= end) {
    queue_.step();
    ++events_;
    invariants_->check();
  }
  queue_.skip_to(end);
}

bool Simulation::run_until(const std::function<bool()>& holds, Duration limit) {
  const TimePoint end = now() + limit;
  while (!holds()) {
    if (now() >= end) return false;
    run_for(std::min<Duration>(milliseconds(100), end - now()));
  }
  return true;
}

Now Simulation::clocks(std::size_t index) const {
  const Host& host = hosts_[index];
  const Duration boot = now().time_since_epoch() + host.boot_offset;
  const Duration since_1970 = seconds(1'800'000'000) + now().time_since_epoch() + host.wall_offset;
  return {TimePoint(boot), SteadyPoint(boot - host.asleep), WallPoint(since_1970)};
}

void Simulation::advance_etcd() {
  etcd_.advance(now());
  take_etcd_answers();
  queue_.in(kEtcdStep, [this] { advance_etcd(); });
}

// ---- machines and processes ----

void Simulation::new_identity(std::size_t index) {
  Host& host = hosts_[index];
  NodeId id;
  Random bytes(options_.seed * 1000 + index * 37 + ++host.identities);
  for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(bytes.next());
  host.signing = std::make_unique<Signer>(id);
  host.persistent = {};
  host.persistent.app = kApp;
}

void Simulation::start(std::size_t host) {
  if (hosts_[host].held) return;
  flux_.list(hosts_[host].address);
  start_unlisted(host);
}

void Simulation::start_unlisted(std::size_t host) {
  if (hosts_[host].held) return;
  ++version_;
  hosts_[host].there = true;
  start_daemon(host);
}

void Simulation::halt_processes(std::size_t index) {
  Host& host = hosts_[index];
  resume(index);
  kill_daemon(index);
  etcd_.stop(index, -1);
  host.patroni = false;
}

void Simulation::vanish(std::size_t index) {
  trace(index, "vanishes");
  ++version_;
  hosts_[index].there = false;
  halt_processes(index);
}

void Simulation::stop_container(std::size_t index) {
  trace(index, "its container is killed");
  halt_processes(index);
}

void Simulation::kill_daemon(std::size_t index) {
  Host& host = hosts_[index];
  if (!host.daemon) return;
  trace(index, "daemon ends");
  ++version_;
  host.daemon.reset();
  queue_.set_timer(index, kNever);
  ++host.life;
  host.crash_in.reset();
  host.crash_at_persist = false;
  host.daemon_hangs = false;
  std::erase_if(asked_, [index](const auto& entry) { return entry.second.host == index; });
  if (!host.there) return;
  for (std::size_t peer = 0; peer < hosts_.size(); ++peer) {
    if (peer != index && network_.passes(index, peer)) refuse(peer, {host.address, 7946}, milliseconds(1));
  }
}

void Simulation::kill_etcd(std::size_t index) {
  trace(index, "etcd is killed");
  ++version_;
  hosts_[index].etcd_hangs = false;
  etcd_.stop(index, 137);
}

void Simulation::start_daemon(std::size_t index) {
  Host& host = hosts_[index];
  if (host.daemon || !host.there || host.held) return;
  trace(index, "daemon starts");
  boot_daemon(index);
}

void Simulation::lose_disk(std::size_t index) {
  CHECK(!hosts_[index].daemon && !etcd_.running(index));
  trace(index, "its disk is lost");
  etcd_.lose_disk(index);
  hosts_[index].system_id.clear();
  hosts_[index].timeline = 0, hosts_[index].lsn = 0;
  new_identity(index);
}

void Simulation::lose_etcd(std::size_t index) {
  CHECK(!hosts_[index].daemon && !etcd_.running(index));
  trace(index, "its etcd volume is lost");
  etcd_.lose_disk(index);
  new_identity(index);
  const etcd_model::Cluster* lost = cluster();
  for (std::size_t i = 0; i < hosts_.size() && lost != nullptr; ++i) {
    if (const auto identity = etcd_.identity(i); identity && identity->first == lost->id) lost = nullptr;
  }
  if (lost == nullptr) return;
  trace(hosts_.size(), "nobody has etcd's data any more");
  given_up_[lost->id] = lost->log.size();
  founded_ = nullptr;
  postgres_leader_.reset();
  invariants_->begin_anew();
}

void Simulation::stop_clock(std::size_t index, bool suspended) {
  Host& host = hosts_[index];
  if (host.stopped || !host.there) return;
  trace(index, suspended ? "is suspended" : "its processes are stopped");
  ++version_;
  host.stopped = true;
  host.suspended = suspended;
  host.stopped_at = now();
}

void Simulation::pause(std::size_t index) { stop_clock(index, false); }
void Simulation::suspend(std::size_t index) { stop_clock(index, true); }

void Simulation::pause_daemon(std::size_t index) {
  if (!hosts_[index].daemon || hosts_[index].daemon_hangs) return;
  trace(index, "its daemon is stopped, etcd runs on");
  ++version_;
  hosts_[index].daemon_hangs = true;
}

void Simulation::pause_etcd(std::size_t index) {
  if (!etcd_.running(index) || hosts_[index].etcd_hangs) return;
  trace(index, "its etcd is stopped, the daemon runs on");
  ++version_;
  hosts_[index].etcd_hangs = true;
}

// What waited in the sockets is read first or the timers are, as the event loop happens to come round.
void Simulation::resume(std::size_t index) {
  Host& host = hosts_[index];
  if (!host.stopped && !host.daemon_hangs && !host.etcd_hangs) return;
  trace(index, "goes on");
  ++version_;
  if (host.stopped && host.suspended) host.asleep += now() - host.stopped_at;
  if (host.daemon && host.stopped && now() - host.stopped_at >= seconds(3)) invariants_->disturbed(index);
  const bool daemon_stood_still = host.stopped || host.daemon_hangs;
  host.stopped = host.daemon_hangs = host.etcd_hangs = false;
  if (daemon_stood_still) read_inbox(index);
}

void Simulation::read_inbox(std::size_t index) {
  Host& host = hosts_[index];
  if (!host.daemon) return;
  std::deque<supervisor::Input> waiting = std::exchange(host.daemon->inbox, {});
  if (random_.below(2) == 0) {
    waiting.push_front(supervisor::Tick{});
  } else {
    waiting.push_back(supervisor::Tick{});
  }
  const std::uint64_t life = host.life;
  for (const supervisor::Input& input : waiting) {
    if (lives(index, life)) feed(index, life, input);
  }
}

void Simulation::change_address(std::size_t index) {
  Host& host = hosts_[index];
  CHECK(!host.daemon);
  host.address = "198.18." + std::to_string(++host.moves) + "." + std::to_string(11 + index);
  trace(index, "has the address " + host.address + " from now on");
}

Simulation::DiskCopy Simulation::copy_disk(std::size_t index) const {
  return {hosts_[index].identities, hosts_[index].persistent, etcd_.copy_disk(index)};
}

bool Simulation::restore_disk(std::size_t index, const DiskCopy& copy) {
  Host& host = hosts_[index];
  CHECK(!host.daemon && !etcd_.running(index));
  if (copy.identities != host.identities || !copy.etcd) return false;
  trace(index, "its disk is an older copy now");
  host.persistent = copy.persistent;
  etcd_.restore_disk(index, *copy.etcd);
  return true;
}

void Simulation::isolate(std::size_t index) {
  trace(index, "is cut off from everybody");
  for (std::size_t peer = 0; peer < hosts_.size(); ++peer) {
    if (peer != index) network_.cut_both(index, peer);
  }
}

bool Simulation::linked(std::size_t a, std::size_t b) const {
  return answers(a) && answers(b) && network_.passes(a, b) && network_.passes(b, a);
}

// ---- what is so ----

const etcd_model::Cluster* Simulation::cluster() const {
  if (founded_ != nullptr) return founded_;  // a founding is never undone, and the clusters lie in a map
  if (looked_at_ == etcd_.commits()) return nullptr;
  looked_at_ = etcd_.commits();
  for (const auto& [id, cluster] : etcd_.clusters()) {
    if (given_up_.count(id) == 0 && cluster.keys.count(record::founded_key(kApp)) > 0) founded_ = &cluster;
  }
  return founded_;
}

bool Simulation::is_member(std::size_t host) const {
  const auto identity = etcd_.identity(host);
  return identity && cluster() != nullptr && identity->first == cluster()->id && cluster()->find(identity->second) != nullptr;
}

bool Simulation::is_voter(std::size_t host) const { return is_member(host) && !cluster()->find(etcd_.identity(host)->second)->learner; }

std::size_t Simulation::leader_host() const {
  if (cluster() == nullptr || !cluster()->leader) return hosts_.size();
  return etcd_.host_of(cluster()->id, cluster()->leader).value_or(hosts_.size());
}

bool Simulation::works(std::size_t host) const {
  return answers(host) && hosts_[host].daemon != nullptr && !hosts_[host].daemon_hangs && etcd_.running(host) && etcd_.serves(host);
}

std::vector<record::Record> Simulation::history() const {
  std::vector<std::pair<std::int64_t, record::Record>> found;
  if (cluster() == nullptr) return {};
  for (const auto& [key, kv] : cluster()->keys) {
    if (key.rfind(record::history_prefix(kApp), 0) != 0) continue;
    if (auto entry = record::record_from_json(kv.value)) found.emplace_back(kv.create_revision, std::move(*entry));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<record::Record> result;
  for (auto& [revision, entry] : found) result.push_back(std::move(entry));
  return result;
}

std::size_t Simulation::evictions() const {
  const std::vector<record::Record> all = history();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const record::Record& entry) {
    return entry.change.kind == record::Kind::kRemove && entry.change.rule != "ghost-learner" && entry.outcome == "done";
  }));
}

supervisor::Snapshot Simulation::snapshot(std::size_t host) const {
  CHECK(hosts_[host].daemon);
  return hosts_[host].daemon->agent.snapshot(clocks(host));
}

bool Simulation::has_problem(std::size_t host, const std::string& part) const {
  const supervisor::Snapshot seen = snapshot(host);
  return std::any_of(seen.problems.begin(), seen.problems.end(),
                     [&part](const std::string& problem) { return problem.find(part) != std::string::npos; });
}

// ---- telling ----

bool Simulation::over() const { return invariants_->over(); }

void Simulation::violate(const std::string& invariant, const std::string& what) {
  if (violations_.size() >= 100 || options_.policy != "ours") return;
  violations_.push_back({now(), invariant, what});
  trace(hosts_.size(), "VIOLATION of " + invariant + ": " + what);
}

void Simulation::when_said(std::string prefix, Duration within, std::function<void(std::size_t)> then) {
  traps_.push_back({std::move(prefix), now() + within, std::move(then)});
}

void Simulation::spring_traps(std::size_t host, const std::string& said) {
  for (std::size_t i = 0; i < traps_.size();) {
    const bool over = now() > traps_[i].until;
    const bool sprung = !over && said.rfind(traps_[i].prefix, 0) == 0;
    if (sprung) queue_.in(Duration::zero(), [then = std::move(traps_[i].then), host] { then(host); });
    if (over || sprung) {
      traps_.erase(traps_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

void Simulation::trace(std::size_t host, const std::string& text) {
  const auto mix = [this](std::uint64_t value) { hash_ = (hash_ ^ value) * 1099511628211ULL; };
  mix(static_cast<std::uint64_t>(now().time_since_epoch().count()));
  mix(host);
  for (const char c : text) mix(static_cast<std::uint8_t>(c));
  if (!options_.trace) return;
  const std::int64_t ms = to_ms(now().time_since_epoch());
  std::string time = std::to_string(ms / 1000) + "." + std::to_string(1000 + ms % 1000).substr(1);
  time.insert(0, time.size() < 10 ? 10 - time.size() : 0, ' ');
  options_.trace(time + "  " + (host < hosts_.size() ? hosts_[host].name : "------") + "  " + text);
}

}  // namespace fluxpg::simulation
