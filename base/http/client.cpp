#include "base/http/client.hpp"

#include <curl/curl.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <deque>

#include "base/check.hpp"
#include "base/http/exchange.hpp"

namespace fluxpg::http {
namespace {

TimePoint boot_now() {
  timespec t{};
  CHECK(clock_gettime(CLOCK_BOOTTIME, &t) == 0);
  return TimePoint(seconds(t.tv_sec) + Duration(t.tv_nsec));
}

// -1 waits for ever. Rounded up: waking a moment early would spin.
int poll_ms(std::optional<Duration> timeout) {
  if (!timeout) return -1;
  return static_cast<int>(std::chrono::ceil<milliseconds>(std::min<Duration>(*timeout, minutes(1))).count());
}

}  // namespace

// libcurl's event interface: it tells us through on_socket and on_timer what it waits for, and we tell it what has happened.
class Client::Impl {
 public:
  explicit Impl(std::size_t max_requests) : max_requests_(max_requests) {
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    CHECK(initialised == CURLE_OK);
    std::signal(SIGPIPE, SIG_IGN);
    multi_ = curl_multi_init();
    CHECK(multi_ != nullptr);
    set(CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
    set(CURLMOPT_SOCKETDATA, static_cast<void*>(this));
    set(CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
    set(CURLMOPT_TIMERDATA, static_cast<void*>(this));
    set(CURLMOPT_MAXCONNECTS, static_cast<long>(kMaxIdleConnections));
  }

  ~Impl() {
    while (!under_way_.empty()) release(under_way_.begin());
    curl_multi_cleanup(multi_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Ticket start(Request request, Callback callback) {
    const Ticket ticket{++last_ticket_};
    std::optional<std::string> refusal = unusable(request);
    if (under_way_.size() + finished_.size() >= max_requests_) refusal = "too many requests under way";
    if (refusal) {
      finished_.push_back({ticket, std::move(callback), unexpected(Error{ErrorKind::kUnreachable, *refusal, {}, false})});
      return ticket;
    }
    auto exchange = std::make_unique<Exchange>(std::move(request), std::move(callback), boot_now());
    CHECK(curl_multi_add_handle(multi_, exchange->easy()) == CURLM_OK);
    under_way_.emplace(ticket, std::move(exchange));
    return ticket;
  }

  void cancel(Ticket ticket) {
    if (const auto it = under_way_.find(ticket); it != under_way_.end()) release(it);
    const auto is_it = [&](const Finished& f) { return f.ticket == ticket; };
    std::erase_if(finished_, is_it);
    std::erase_if(running_, is_it);
  }

  std::vector<Wait> waits() const {
    std::vector<Wait> result;
    for (const auto& [fd, wait] : sockets_) result.push_back(wait);
    return result;
  }

  std::optional<Duration> timeout() const {
    if (!finished_.empty()) return Duration::zero();
    TimePoint next = timer_.value_or(kNever);
    for (const auto& [ticket, exchange] : under_way_) next = std::min(next, exchange->deadline());
    if (next == kNever) return std::nullopt;
    return std::max(next - boot_now(), Duration::zero());
  }

  void drive() {
    CHECK(!driving_);
    driving_ = true;
    wait_for_sockets(Duration::zero(), true);
    if (timer_ && *timer_ <= boot_now()) {
      timer_.reset();
      act(CURL_SOCKET_TIMEOUT, 0);
    }
    collect_ended();
    collect_overdue();
    running_.swap(finished_);  // what a callback adds waits for the next drive()
    while (!running_.empty()) {
      Finished next = std::move(running_.front());
      running_.pop_front();
      next.callback(std::move(next.result));
    }
    driving_ = false;
  }

  void run_until_idle() {
    while (!under_way_.empty() || !finished_.empty()) {
      wait_for_sockets(timeout(), false);
      drive();
    }
  }

 private:
  struct Finished {
    Ticket ticket;
    Callback callback;
    Result result;
  };
  using UnderWay = std::map<Ticket, std::unique_ptr<Exchange>>;

  template <class Value>
  void set(CURLMoption option, Value value) {
    CHECK(curl_multi_setopt(multi_, option, value) == CURLM_OK);
  }

  void act(int fd, int events) {
    int still_running = 0;
    CHECK(curl_multi_socket_action(multi_, fd, events, &still_running) == CURLM_OK);
  }

  void wait_for_sockets(std::optional<Duration> timeout, bool and_act) {
    std::vector<pollfd> polls;
    for (const auto& [fd, wait] : sockets_) {
      polls.push_back({fd, static_cast<short>((wait.readable ? POLLIN : 0) | (wait.writable ? POLLOUT : 0)), 0});
    }
    if (poll(polls.data(), polls.size(), poll_ms(timeout)) <= 0 || !and_act) return;
    for (const auto& p : polls) {
      if (p.revents == 0 || sockets_.count(p.fd) == 0) continue;  // closed by the work for an earlier one
      const bool bad = (p.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
      const int events = ((p.revents & POLLIN) != 0 ? CURL_CSELECT_IN : 0) | ((p.revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
      act(p.fd, events | (bad ? CURL_CSELECT_ERR : 0));
    }
  }

  void collect_ended() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* const easy = message->easy_handle;
      const int code = static_cast<int>(message->data.result);
      const auto it = std::find_if(under_way_.begin(), under_way_.end(), [&](const auto& entry) { return entry.second->easy() == easy; });
      CHECK(it != under_way_.end());
      finish(it, it->second->ended(code, boot_now()));
    }
  }

  void collect_overdue() {
    const TimePoint now = boot_now();
    for (auto it = under_way_.begin(); it != under_way_.end();) {
      const auto next = std::next(it);
      if (it->second->deadline() <= now) finish(it, it->second->overdue(now));
      it = next;
    }
  }

  void finish(UnderWay::iterator it, Result result) {
    finished_.push_back({it->first, it->second->take_callback(), std::move(result)});
    release(it);
  }

  void release(UnderWay::iterator it) {
    CHECK(curl_multi_remove_handle(multi_, it->second->easy()) == CURLM_OK);
    under_way_.erase(it);
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    auto& sockets = static_cast<Impl*>(self)->sockets_;
    if (what == CURL_POLL_REMOVE) {
      sockets.erase(fd);
    } else {
      sockets[fd] = Wait{fd, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0};
    }
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* self) {
    auto& timer = static_cast<Impl*>(self)->timer_;
    timer = timeout_ms < 0 ? std::optional<TimePoint>() : boot_now() + milliseconds(timeout_ms);
    return 0;
  }

  const std::size_t max_requests_;
  CURLM* multi_ = nullptr;
  std::uint64_t last_ticket_ = 0;
  UnderWay under_way_;
  std::deque<Finished> finished_;  // answered, callback not yet run
  std::deque<Finished> running_;   // the batch whose callbacks drive() is running: cancel() must reach it too
  std::map<int, Wait> sockets_;
  std::optional<TimePoint> timer_;
  bool driving_ = false;
};

Client::Client(std::size_t max_requests) : impl_(std::make_unique<Impl>(max_requests)) {}
Client::~Client() = default;
Ticket Client::start(Request request, Callback callback) { return impl_->start(std::move(request), std::move(callback)); }
void Client::cancel(Ticket ticket) { impl_->cancel(ticket); }
std::vector<Client::Wait> Client::waits() const { return impl_->waits(); }
std::optional<Duration> Client::timeout() const { return impl_->timeout(); }
void Client::drive() { impl_->drive(); }
void Client::run_until_idle() { impl_->run_until_idle(); }

}  // namespace fluxpg::http
