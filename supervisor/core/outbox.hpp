// Actions in the making, and who asked etcd for what: the answer finds its way back by its purpose.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "supervisor/core/io.hpp"

namespace fluxpg::supervisor {

// Which part asked; `step` is that part's own enumeration, `tag` its own reference (a ballot, or zero).
struct Purpose {
  enum class Part : std::uint8_t {
    kView,
    kLease,
    kChange,
    kVoter,
    kFounding,
    kOperator,
    kLearner,
    kEvidence,
    kRestoration,
    kSuccessor,
    kJanitor,
    kPost,
    kSilent
  } part = Part::kView;
  std::uint32_t step = 0;
  Nonce tag;
};

class Outbox {
 public:
  template <class Each>
  void push(Each&& action) {
    if (actions_.empty()) actions_.reserve(kMostly);
    actions_.emplace_back(std::forward<Each>(action));
  }
  void say(Say::Level level, std::string text) { push(Say{level, std::move(text)}); }
  void info(std::string text) { say(Say::Level::kInfo, std::move(text)); }
  void warn(std::string text) { say(Say::Level::kWarning, std::move(text)); }

  void ask(Purpose purpose, EtcdTarget target, etcd::Call call, Duration deadline) {
    const RequestId id = number();
    pending_.emplace(id, purpose);
    push(AskEtcd{id, std::move(target), std::move(call), deadline});
  }
  void ask_own(Purpose purpose, etcd::Call call, Duration deadline) { ask(purpose, EtcdTarget{}, std::move(call), deadline); }

  RequestId number() { return RequestId{++last_id_}; }
  // Nobody waits for any answer any more.
  void forget() { pending_.clear(); }

  // The purpose of an answered request; nullopt for an answer that nobody waits for.
  std::optional<Purpose> answered(RequestId id) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return std::nullopt;
    const Purpose purpose = found->second;
    pending_.erase(found);
    return purpose;
  }

  Actions take() { return std::exchange(actions_, {}); }

 private:
  static constexpr std::size_t kMostly = 4;  // actions of one step; more is possible
  Actions actions_;
  std::map<RequestId, Purpose> pending_;
  std::uint64_t last_id_ = 0;
};

}  // namespace fluxpg::supervisor
