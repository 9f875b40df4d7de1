#include "supervisor/runtime/node.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "gossip/wire/codec.hpp"
#include "supervisor/runtime/state_file.hpp"

namespace fluxpg::runtime {

namespace {

constexpr std::size_t kMaxPatroniAnswer = 256 * 1024;

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

std::string name_of(const std::string& address) {
  std::string name = "node-" + address;
  std::replace(name.begin(), name.end(), '.', '-');
  return name;
}

// The transport keeps reasons as views, so their texts live as long as the codec.
net::Codec codec() {
  const auto reasons = std::make_shared<std::set<std::string>>();
  return {[](const gossip::Message& message) { return wire::encode(message); },
          [reasons](std::string_view frame) -> Expected<gossip::Message, std::string_view> {
            auto message = wire::decode(frame);
            if (!message) return unexpected(std::string_view(*reasons->insert(wire::to_text(message.error())).first));
            return std::move(*message);
          }};
}

Level level_of(supervisor::Say::Level level) {
  switch (level) {
    case supervisor::Say::Level::kInfo:
      return Level::kInfo;
    case supervisor::Say::Level::kWarning:
      return Level::kWarning;
    case supervisor::Say::Level::kError:
      return Level::kError;
  }
  return Level::kInfo;
}

}  // namespace

Expected<std::unique_ptr<Node>, std::string> Node::open(const Context& context, ProcessControl& control, Parts parts) {
  std::unique_ptr<Node> node(new Node(context, control, std::move(parts)));
  const auto error = node->open_all();
  if (!error.empty()) return unexpected(error);
  return node;
}

Node::Node(const Context& context, ProcessControl& control, Parts parts)
    : context_(context),
      parts_(std::move(parts)),
      self_{host_name(parts_.identity->id()), name_of(parts_.address), parts_.address, parts_.listen},
      etcd_(context, control, self_),
      patroni_(context, control, parts_.keys, self_),
      probes_(context, control, self_.listen),
      switchover_(context, parts_.keys, self_),
      reach_(context, [this] { return reachable_peers(); }),
      hosts_trouble_(context.log, context.settings.hosts_file + " can be written again.") {}

std::string Node::open_all() {
  const Now now = context_.now();
  const auto certificates = write_certificates(context_.settings, parts_.keys, self_, now.wall, random_seed());
  if (!certificates) return certificates.error();

  net::TransportConfig config;
  config.listen = {self_.listen, context_.settings.ports.gossip};
  config.keys = parts_.keys.curve;
  config.codec = codec();
  auto transport = net::Transport::open(
      std::move(config),
      [this](gossip::Route route, gossip::Message message) {
        context_.feed(supervisor::MessageReceived{route, std::move(message)});
      },
      [this](const Endpoint& endpoint, bool refused) {
        context_.feed(supervisor::ConnectionLost{endpoint, refused});
      });
  if (!transport) return transport.error();
  transport_ = std::move(*transport);

  agent_.emplace(agent_config(random_seed()), *parts_.identity, parts_.state, now);
  open_poll(random_seed());
  probes_.start();
  reach_.start();
  return "";
}

supervisor::AgentConfig Node::agent_config(std::uint64_t seed) const {
  const Settings& s = context_.settings;
  supervisor::AgentConfig config;
  config.app = s.app;
  config.version = FLUXPG_VERSION;
  config.name = self_.name;
  config.address = self_.address;
  config.local_address = self_.listen;
  config.ports = s.host_ports;
  config.shadow = s.evictions == "shadow";
  config.runs_patroni = s.patroni_manage;
  config.etcd_quota = std::int64_t{s.etcd_quota_mb} << 20;
  config.rules = s.rules;
  config.gossip = s.gossip;
  config.listing = s.listing;
  config.seed = seed;
  return config;
}

discovery::PollConfig Node::poll_config() const {
  const Settings& s = context_.settings;
  discovery::PollConfig config;
  config.base_urls = s.flux_urls;
  config.app = s.app;
  config.schedule.period = s.flux_poll_period;
  config.schedule.retry = std::min(config.schedule.retry, s.flux_poll_period);
  config.schedule.hurry = std::min(config.schedule.hurry, s.flux_poll_period);
  config.schedule.urgent = std::min(config.schedule.urgent, s.flux_poll_period);
  config.schedule.hurry_for = s.listing.absence_window + seconds(15);
  config.deadline = std::min(s.flux_deadline, config.schedule.retry * 9 / 10);  // the schedule wants it below `retry`
  return config;
}

void Node::open_poll(std::uint64_t seed) {
  const std::uint32_t expected = context_.settings.rules.expected_nodes;
  if (expected != 0) context_.feed(supervisor::InstancesKnown{expected});
  poll_.emplace(
      poll_config(), seed, [this](http::Request request, http::Callback done) { context_.http.start(std::move(request), std::move(done)); },
      [this](const discovery::Answer& answer) { context_.feed(supervisor::ListingAnswered{answer}); },
      [this, expected](const Expected<std::uint32_t, discovery::Bad>& instances) {
        if (instances && expected == 0) context_.feed(supervisor::InstancesKnown{*instances});
      });
}

void Node::drive(Inbox& inbox) {
  const TimePoint now = context_.now().boot;
  transport_->drive(now);
  poll_->set_urgent(agent_->misses_a_voter());
  poll_->tick(now);
  do {
    for (; !inbox.empty() && !failed_; inbox.pop_front()) handle(inbox.front());
    if (!failed_ && agent_->next_deadline() <= context_.now().boot) handle(supervisor::Tick{});
    if (!std::exchange(sent_, false)) break;
    transport_->drive(context_.now().boot);  // sending swallows ZeroMQ's edge: look for what came meanwhile
  } while (!inbox.empty());
}

TimePoint Node::next_deadline() const {
  return std::min({agent_->next_deadline(), poll_->next_deadline(), context_.now().boot + transport_->wait_at_most()});
}

void Node::handle(const supervisor::Input& input) {
  for (const auto& action : agent_->handle(context_.now(), input)) {
    std::visit([this](const auto& a) { perform(a); }, action);
    if (failed_) return;
  }
}

void Node::perform(const supervisor::Send& send) {
  transport_->send(send.to, send.message);
  sent_ = true;
}

etcd::Access Node::access(const supervisor::EtcdTarget& target) const {
  const Settings& s = context_.settings;
  if (target.own) return {"http://" + s.etcd_local_address + ":" + std::to_string(s.ports.etcd_client), "", std::nullopt};
  const render::TlsFiles tls = etcd_tls(s);
  return {"https://" + target.host_name + ":" + std::to_string(target.endpoint.port), target.endpoint.address,
          http::Tls{tls.ca, tls.client_certificate, tls.client_key}};
}

void Node::perform(const supervisor::AskEtcd& ask) {
  etcd::ask(context_.http, access(ask.target), ask.call, ask.deadline, [this, id = ask.id](etcd::Result result) {
    context_.feed(supervisor::EtcdReplied{id, std::move(result)});
  });
}

void Node::perform(const supervisor::AskPostgres& ask) {
  const Settings& s = context_.settings;
  const Endpoint at = ask.own ? Endpoint{s.etcd_local_address, s.ports.patroni} : ask.endpoint;
  http::Request request;
  request.url = "http://" + to_text(at) + "/patroni";
  request.deadline = ask.deadline;
  request.max_body = kMaxPatroniAnswer;
  context_.http.start(std::move(request), [this, id = ask.id](const http::Result& result) {
    context_.feed(supervisor::PostgresReplied{id, result ? place_from_patroni(result->body) : std::nullopt});
  });
}

void Node::perform(const supervisor::Persist& persist) {
  const auto saved = save_state(parts_.state_file, persist.state);
  if (saved) return;
  context_.log.write(Level::kError, "A promise cannot be kept on disk, so nothing is done after it: " + saved.error());
  failed_ = true;
}

void Node::perform(const supervisor::WriteHosts& hosts) {
  const auto written = write_hosts(context_.settings, hosts.hosts);
  hosts_trouble_.set(written ? "" : written.error());
}

void Node::perform(const supervisor::Say& say) { context_.log.write(level_of(say.level), say.text); }

std::vector<Reach::Peer> Node::reachable_peers() const {
  std::vector<Reach::Peer> peers;
  const auto snapshot = agent_->snapshot(context_.now());
  for (const auto& member : snapshot.members) {
    const bool serves = member.role == "voter" && member.gossip == "alive" && member.node && member.node != snapshot.self;
    if (serves) peers.push_back({member.name, host_name(member.node), member.endpoint.substr(0, member.endpoint.rfind(':'))});
  }
  return peers;
}

supervisor::Snapshot Node::snapshot() const {
  auto snapshot = agent_->snapshot(context_.now());
  for (const auto& trouble : {probes_.trouble(), probes_.aside_trouble(), hosts_trouble_.sentence()}) {
    if (trouble.empty()) continue;
    snapshot.problems.push_back(trouble);
    if (snapshot.health == supervisor::Health::kHealthy) snapshot.health = supervisor::Health::kDegraded;
  }
  for (const std::string& problem : reach_.problems()) {
    snapshot.problems.push_back(problem);
    if (snapshot.health == supervisor::Health::kHealthy) snapshot.health = supervisor::Health::kDegraded;
  }
  const net::Counters& c = transport_->counters();
  auto& counters = snapshot.counters;
  counters["gossip_sent"] = c.sent;
  counters["gossip_received"] = c.received;
  counters["gossip_bytes_sent"] = c.bytes_sent;
  counters["gossip_bytes_received"] = c.bytes_received;
  counters["gossip_send_dropped"] = c.send_dropped;
  counters["gossip_stale_route"] = c.stale_route;
  counters["gossip_auth_refused"] = c.auth_refused;
  counters["gossip_handshake_failed"] = c.handshake_failed;
  for (const auto& [reason, count] : c.malformed) counters["gossip_malformed." + reason] = count;
  return snapshot;
}

}  // namespace fluxpg::runtime
