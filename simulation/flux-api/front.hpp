// The model on HTTP: delivers its replies, and the faults that are a matter of delivery (hanging, slow, huge, redirecting).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/expected.hpp"
#include "simulation/flux-api/model.hpp"

namespace fluxpg::flux_api {

class Front {
 public:
  explicit Front(Model model);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Takes the port (0: any free one) and returns it, or says in one sentence why not.
  Expected<std::uint16_t, std::string> bind(const std::string& host, std::uint16_t port);
  void run();   // serves until stop(); after bind()
  void stop();  // from another thread, once; releases every held connection

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fluxpg::flux_api
