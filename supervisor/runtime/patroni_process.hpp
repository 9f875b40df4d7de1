// Patroni runs with the configuration last asked for, or not at all; a request while another is under way waits, and only the last counts.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "supervisor/runtime/context.hpp"
#include "supervisor/runtime/node_files.hpp"
#include "supervisor/runtime/process_control.hpp"

namespace fluxpg::runtime {

class PatroniProcess {
 public:
  PatroniProcess(const Context& context, ProcessControl& control, const ClusterKeys& keys, const Self& self)
      : context_(context), control_(control), keys_(keys), self_(self) {}

  void handle(supervisor::RunPatroni run) { want(std::move(run)); }
  void handle(supervisor::StopPatroni stop) { want(std::move(stop)); }

 private:
  using Step = std::variant<supervisor::RunPatroni, supervisor::StopPatroni>;

  void want(Step step);
  void next();
  void finish(const std::string& trouble = "");
  void begin(const supervisor::RunPatroni& run);
  void begin(const supervisor::StopPatroni& stop);
  void start();
  void reload();

  const Context& context_;
  ProcessControl& control_;
  const ClusterKeys& keys_;
  const Self& self_;
  std::optional<Step> waiting_;
  bool busy_ = false;
  bool unread_ = false;  // the file changed since Patroni was started or told to read it again
};

}  // namespace fluxpg::runtime
