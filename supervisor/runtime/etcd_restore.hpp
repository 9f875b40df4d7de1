// The files of a recovery: a snapshot of our own etcd, restored beside the data directory, which is then set aside and replaced by it.
//
// Every name carries the token, so that whoever comes after a crash sees how far it went: the data directory is replaced only when the
// restored one is complete, and old data that was set aside under this token means that it has been.
#pragma once

#include <functional>
#include <string>

#include "supervisor/runtime/context.hpp"
#include "supervisor/runtime/files.hpp"

namespace fluxpg::runtime {

class EtcdRestore {
 public:
  using OnDone = std::function<void(Done)>;
  explicit EtcdRestore(const Context& context) : context_(context) {}

  // `stop` stops etcd and calls back when it has ended; the data is not touched before.
  void run(const supervisor::RestoreEtcd& order, std::function<void(OnDone)> stop, OnDone done);

 private:
  void snapshot();
  void copy_stopped();
  void restore(bool hash_check);
  void give_to_etcd(const std::string& made);
  void swap();
  std::string data() const { return context_.settings.etcd_data_dir; }
  std::string ready() const { return data() + ".restored-" + order_.run.token; }
  std::string snapshot_file() const { return context_.settings.data_dir + "/snapshot-" + order_.run.token + ".db"; }
  std::string output() const { return context_.settings.data_dir + "/recover.log"; }
  std::string aside_mark() const { return order_.why + "-" + order_.run.token.substr(0, 8); }
  bool is_swapped() const;
  void child(const std::vector<std::string>& command, Duration deadline, std::function<void()> next);
  void fail(const std::string& sentence);

  const Context& context_;
  supervisor::RestoreEtcd order_;
  std::function<void(OnDone)> stop_;
  OnDone done_;
};

}  // namespace fluxpg::runtime
