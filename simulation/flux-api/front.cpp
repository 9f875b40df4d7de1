#include "simulation/flux-api/front.hpp"

#include <httplib.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/ids.hpp"
#include "simulation/flux-api/holds.hpp"

namespace fluxpg::flux_api {
namespace {

constexpr std::size_t kMaxHeld = 64;             // connections that hang or trickle at once; one more lets the oldest go
constexpr std::size_t kThreads = kMaxHeld + 32;  // one for each held connection, the rest for quick answers
constexpr std::size_t kMaxBody = 16 << 20;       // of a PUT
constexpr std::size_t kHuge = 200'000'000;       // bytes

WallPoint wall_now() { return WallPoint(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())); }

bool write_huge(std::size_t offset, std::size_t length, httplib::DataSink& sink) {
  static const std::string begin = R"({"status":"success","data":[)";
  static const std::string rows = [] {
    std::string text;
    while (text.size() < 65536) text += R"({"name":"huge","ip":"198.18.0.1:16127"},)";
    return text;
  }();
  const std::string& text = offset == 0 ? begin : rows;
  return sink.write(text.data(), std::min(length, text.size()));
}

}  // namespace

class Front::Impl {
 public:
  explicit Impl(Model model) : model_(std::move(model)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    // The library's default shares the port with any other program that asks for it, and both would seem to work.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server_.set_keep_alive_timeout(1);
    server_.set_payload_max_length(kMaxBody);
    routes();
  }

  httplib::Server server_;
  std::atomic<bool> finished_ = false;
  Holds holds_{kMaxHeld, minutes(10)};

 private:
  template <class Work>
  auto locked(Work work) {
    const std::lock_guard lock(mutex_);
    return work();
  }

  void routes() {
    using httplib::Request;
    using httplib::Response;
    server_.Get(R"(/apps/location/([^/]+))", [this](const Request& request, Response& response) {
      deliver(request, response, locked([&] { return model_.location(request.matches[1].str(), wall_now()); }));
    });
    server_.Get(R"(/apps/appspecifications/([^/]+))", [this](const Request& request, Response& response) {
      deliver(request, response, locked([&] { return model_.specification(request.matches[1].str()); }));
    });
    server_.Get("/_mock/health", [](const Request&, Response& response) { response.set_content("ok\n", "text/plain"); });
    server_.Get("/_mock/state", [this](const Request&, Response& response) {
      response.set_content(locked([&] { return model_.state(); }) + "\n", "application/json");
    });
    put("/_mock/state", [this](const Request&, const std::string& body) { return model_.put_state(std::nullopt, body); });
    put("/_mock/fault", [this](const Request&, const std::string& body) { return model_.put_fault(body); });
    put(R"(/_mock/backends/(\d+)/state)", [this](const Request& request, const std::string& body) {
      const auto backend = number_from_decimal(request.matches[1].str());
      return model_.put_state(backend.value_or(kMaxBackends), body);
    });
    server_.set_error_handler([](const Request&, Response& response) {
      if (response.status == 404 && response.body.empty()) response.set_content("No such route; see mock-flux-api --help.\n", "text/plain");
    });
  }

  // The body is read as it comes: for what `curl -d` sends, the library's own reader stops at 8 KB.
  template <class Handle>
  void put(const std::string& pattern, Handle handle) {
    server_.Put(pattern, [this, handle](const httplib::Request& request, httplib::Response& response, const httplib::ContentReader& read) {
      std::string body;
      const bool complete = read([&](const char* data, std::size_t size) {
        body.append(data, size);
        return body.size() <= kMaxBody;
      });
      if (!complete) {
        response.status = 413;
        response.set_content("The body has more than " + std::to_string(kMaxBody) + " bytes, or was cut off.\n", "text/plain");
        return;
      }
      const auto refused = locked([&] { return handle(request, body); });
      response.status = refused ? 400 : 200;
      response.set_content(refused ? *refused + "\n" : "ok\n", "text/plain");
    });
  }

  void deliver(const httplib::Request& request, httplib::Response& response, const Reply& reply) {
    response.status = reply.status;
    response.set_header("FLUXNODE", reply.backend);
    switch (reply.mode) {
      case Mode::kOk:
      case Mode::kError:
      case Mode::kEmpty:
      case Mode::kHtml502:
      case Mode::kTruncated:
        response.set_content(reply.body, reply.content_type);
        return;
      case Mode::kRedirect:
        response.set_redirect(request.target, reply.status);
        return;
      case Mode::kHuge:
        response.set_content_provider(kHuge, reply.content_type, write_huge);
        return;
      case Mode::kSlow:
        response.set_content_provider(
            reply.body.size(), reply.content_type,
            [this, body = reply.body, hold = holds_.begin()](std::size_t offset, std::size_t, httplib::DataSink& sink) {
              return holds_.wait(hold, seconds(1)) && sink.write(&body[offset], 1);
            });
        return;
      case Mode::kHang:
        holds_.wait(holds_.begin(), std::chrono::hours(1));
        response.status = 503;
        response.set_header("Connection", "close");
        return;
    }
  }

  std::mutex mutex_;
  Model model_;
};

Front::Front(Model model) : impl_(std::make_unique<Impl>(std::move(model))) {}
Front::~Front() = default;

Expected<std::uint16_t, std::string> Front::bind(const std::string& host, std::uint16_t port) {
  errno = 0;
  const int bound = port == 0 ? impl_->server_.bind_to_any_port(host) : impl_->server_.bind_to_port(host, port) ? port : -1;
  if (bound > 0) return static_cast<std::uint16_t>(bound);
  return unexpected("Cannot listen on " + host + ":" + std::to_string(port) + (errno != 0 ? std::string(": ") + std::strerror(errno) : "") +
                    ".");
}

void Front::run() {
  impl_->server_.listen_after_bind();
  impl_->finished_ = true;
}

void Front::stop() {
  impl_->holds_.end();
  // The library ignores a stop that comes before its loop has begun.
  while (!impl_->server_.is_running() && !impl_->finished_) std::this_thread::sleep_for(milliseconds(1));
  impl_->server_.stop();
}

}  // namespace fluxpg::flux_api
