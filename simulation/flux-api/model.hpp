// A Flux API that lies on command: several backends, each with its own rows and its own fault. Pure; front.hpp puts it on HTTP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "simulation/flux-api/state.hpp"

namespace fluxpg::flux_api {

// What the front sends. For kHang, kSlow, kHuge and kRedirect the delivery is the fault, and `body` the good answer.
struct Reply {
  Mode mode = Mode::kOk;
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::string body;
  std::string backend;  // header FLUXNODE
};

constexpr std::size_t kMaxBackends = 100;

class Model {
 public:
  explicit Model(std::size_t backends);  // 1 … kMaxBackends

  // Requests are dealt to the backends in turn. Unknown apps: location answers success without rows, specification an error.
  Reply location(std::string_view app, WallPoint now);
  Reply specification(std::string_view app);

  // The bodies of PUT /_mock/…: one clear sentence if refused, and then nothing has changed. No backend: all of them.
  std::optional<std::string> put_state(std::optional<std::size_t> backend, std::string_view json);
  std::optional<std::string> put_fault(std::string_view json);
  // {"apps":{… of backend 0 …},"backends":[{"name","apps","fault","requests"},…]}
  std::string state() const;

  std::size_t backends() const { return backends_.size(); }

 private:
  struct Backend {
    std::string name;
    Apps apps;
    Fault fault;
    std::uint64_t requests = 0;
  };

  Backend& next_backend();
  static Mode mode_of_next_request(Fault& fault);
  static Reply reply(Backend& backend, std::string good_body);

  std::vector<Backend> backends_;
  std::size_t next_ = 0;
};

}  // namespace fluxpg::flux_api
