#include "supervisor/runtime/daemon.hpp"

#include <poll.h>

#include <algorithm>

#include "supervisor/runtime/clocks.hpp"
#include "supervisor/runtime/state_file.hpp"
#include "supervisor/runtime/status_answers.hpp"

namespace fluxpg::runtime {

namespace {

constexpr Duration kStopPatience = seconds(2);
constexpr Duration kLastWords = milliseconds(100);  // the announcement of the stop is still on its way out
constexpr std::size_t kMaxInbox = 10'000;
constexpr Duration kDiskRetry = seconds(5);

std::vector<std::string> all_secrets(const Settings& settings) {
  std::vector<std::string> secrets = settings.secrets;
  secrets.push_back(settings.superuser_password);
  secrets.push_back(settings.replication_password);
  return secrets;
}

// Rounded up: woken a little early, the loop would spin until the deadline.
int poll_timeout(Duration wait) {
  const auto ms = std::chrono::ceil<milliseconds>(wait).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, 60'000));
}

}  // namespace

Daemon::Daemon(const Settings& settings)
    : settings_(settings),
      log_(settings.log_level, settings.log_file, all_secrets(settings)),
      // An inbox that full is a flood; what is dropped is repeated by gossip, or answered by the sender's time-out.
      context_{settings_,
               log_,
               http_,
               timers_,
               read_clocks,
               [this](supervisor::Input input) {
                 if (inbox_.size() < kMaxInbox) inbox_.push_back(std::move(input));
               }},
      supervisord_(http_, settings.supervisor_socket),
      address_(
          context_, [this](const AddressFinder::Found& found) { open_node(found); },
          [this](const std::string& sentence) { restart_because(sentence); }),
      disk_(log_, "The disk takes this node's promises again.") {}

int Daemon::run() {
  begin();
  while (!exit_) {
    wait();
    work();
  }
  log_.write(Level::kInfo, "fluxpgd ends.");
  return *exit_;
}

void Daemon::begin() {
  const auto failure = open();
  if (failure && failure->exit != 0) return end(failure->exit, failure->sentence);
  disk_.set(failure ? failure->sentence : "");
  if (failure) return context_.later(kDiskRetry, [this] { begin(); });
  log_.write(Level::kInfo, "fluxpgd " FLUXPG_VERSION " runs for the app " + settings_.app + " as node " + to_text(identity_->id()) + ".");
  address_.look();
}

// What is open already stays open when it is tried again. The promises are written once before anything else happens: a disk that does
// not take them is found out now, and not by ending over and over in the middle of the work.
std::optional<Daemon::Failure> Daemon::open() {
  const auto directory = make_directories(settings_.data_dir, 0700);
  if (!directory) return Failure{kExitBadConfiguration, directory.error()};
  auto lock = Lock::take(settings_.data_dir + "/lock");
  if (!lock && lock.error().held) return Failure{1, lock.error().sentence};
  if (!status_) {
    auto status = StatusSocket::open(settings_.status_socket, [this](const StatusRequest& request) { return answer_status(request); });
    if (!status) return Failure{1, status.error()};
    status_ = std::move(*status);
  }
  if (!lock) return Failure{0, lock.error().sentence};
  auto state = load_state(settings_.data_dir + "/state.json", settings_.app);
  if (!state) return Failure{kExitBadConfiguration, state.error()};
  state_ = std::move(*state);
  if (const auto saved = save_state(settings_.data_dir + "/state.json", state_); !saved) return Failure{0, saved.error()};
  auto identity = net::load_or_create_identity(settings_.data_dir + "/identity.key");
  if (!identity) return Failure{kExitBadConfiguration, identity.error()};
  identity_ = std::move(*identity);
  lock_.emplace(std::move(*lock));
  return std::nullopt;
}

void Daemon::open_node(const AddressFinder::Found& found) {
  auto keys = derive_cluster_keys(settings_);
  if (!keys) return end(1, keys.error());
  auto node = Node::open(context_, supervisord_,
                         {found.address, found.listen, identity_.get(), std::move(*keys), state_, settings_.data_dir + "/state.json"});
  if (!node) return end(1, node.error());
  node_ = std::move(*node);
}

// Everything this node announced carries the old address; supervisord starts us again, and etcd and PostgreSQL run on meanwhile.
void Daemon::restart_because(const std::string& sentence) {
  log_.write(Level::kWarning, sentence + ": fluxpgd starts again with it.");
  stop_requested();
}

void Daemon::end(int exit, const std::string& sentence) {
  log_.write(Level::kError, sentence);
  exit_ = exit;
}

void Daemon::stop_requested() {
  if (stopping_ || !node_) {
    exit_ = 0;  // the second time nobody wants to wait
    return;
  }
  stopping_ = true;
  context_.feed(supervisor::StopRequested{});
  context_.later(kStopPatience, [this] { exit_ = 0; });
}

StatusReply Daemon::answer_status(const StatusRequest& request) {
  if (!node_) {
    if (!disk_.sentence().empty()) return answer_while_starting(request, settings_.app, disk_.sentence());
    const std::string why = address_.trouble().empty() ? "it is finding out its own address." : address_.trouble();
    return answer_while_starting(request, settings_.app, why);
  }
  return answer(request, node_->snapshot(), *identity_, [this](supervisor::OperatorSays says) { context_.feed(std::move(says)); });
}

void Daemon::wait() const {
  if (!inbox_.empty() && node_) return;
  std::vector<pollfd> fds = {{signals_.descriptor(), POLLIN, 0}};
  for (const auto& w : http_.waits()) {
    fds.push_back({w.fd, static_cast<short>((w.readable ? POLLIN : 0) | (w.writable ? POLLOUT : 0)), 0});
  }
  for (const auto& w : status_->waits()) {
    fds.push_back({w.fd, static_cast<short>((w.readable ? POLLIN : 0) | (w.writable ? POLLOUT : 0)), 0});
  }
  TimePoint next = std::min(timers_.next(), status_->next_deadline());
  if (node_) {
    for (const int fd : node_->descriptors()) fds.push_back({fd, POLLIN, 0});
    next = std::min(next, node_->next_deadline());
  }
  const TimePoint now = read_clocks().boot;
  Duration timeout = next == kNever ? Duration(minutes(1)) : next - now;
  if (const auto http = http_.timeout()) timeout = std::min(timeout, *http);
  ::poll(fds.data(), fds.size(), poll_timeout(timeout));
}

void Daemon::work() {
  for (int i = signals_.take(); i > 0; --i) stop_requested();
  http_.drive();
  const TimePoint now = read_clocks().boot;
  timers_.run(now);
  if (node_) node_->drive(inbox_);
  status_->drive(now);
  if (!node_) return;
  if (node_->failed()) exit_ = 1;
  if (stopping_ && node_->stopped() && !std::exchange(ending_, true)) {
    context_.later(kLastWords, [this] { exit_ = 0; });
  }
}

}  // namespace fluxpg::runtime
