// Starting and stopping etcd and setting its data aside: one step after the other, because each is only safe when the last one is over.
#pragma once

#include <deque>
#include <string>
#include <variant>

#include "supervisor/runtime/context.hpp"
#include "supervisor/runtime/etcd_restore.hpp"
#include "supervisor/runtime/node_files.hpp"
#include "supervisor/runtime/process_control.hpp"

namespace fluxpg::runtime {

class EtcdProcess {
 public:
  EtcdProcess(const Context& context, ProcessControl& control, const Self& self) : context_(context), control_(control), self_(self), restore_(context) {}

  void handle(supervisor::RunEtcd run) { add(std::move(run)); }
  void handle(supervisor::StopEtcd stop) { add(std::move(stop)); }
  void handle(supervisor::SetAsideEtcdData aside) { add(std::move(aside)); }
  void handle(supervisor::RestoreEtcd restore) { add(std::move(restore)); }

 private:
  using Step = std::variant<supervisor::RunEtcd, supervisor::StopEtcd, supervisor::SetAsideEtcdData, supervisor::RestoreEtcd>;

  void add(Step step);
  void next();
  void finish();
  void fail(const std::string& sentence);  // what was to follow is dropped, too: it counted on this step
  void begin(const supervisor::RunEtcd& run);
  void begin(const supervisor::StopEtcd& stop);
  void begin(const supervisor::SetAsideEtcdData& aside);
  void begin(const supervisor::RestoreEtcd& restore);
  void when_stopped(TimePoint give_up, const EtcdRestore::OnDone& then);
  void rename(const std::string& why);

  const Context& context_;
  ProcessControl& control_;
  const Self& self_;
  EtcdRestore restore_;
  std::deque<Step> steps_;
  bool busy_ = false;
};

// From how many on status asks an operator to look through them, and at how many nothing more is set aside.
constexpr std::size_t kAskAboutAside = 5;
constexpr std::size_t kMostAside = 10;
// "data.set-aside-20261123T105000Z-removed-while-away"
std::string aside_name(const std::string& data_dir, WallPoint now, const std::string& why);

}  // namespace fluxpg::runtime
