// What every part of the runtime needs: the settings, the log, the clock, the HTTP client, things to do later, and the way to the agent.
#pragma once

#include <functional>
#include <string>

#include "base/http/client.hpp"
#include "supervisor/core/io.hpp"
#include "supervisor/runtime/config.hpp"
#include "supervisor/runtime/log.hpp"
#include "supervisor/runtime/timers.hpp"

namespace fluxpg::runtime {

struct Context {
  const Settings& settings;
  Log& log;
  http::Client& http;
  Timers& timers;
  std::function<Now()> now;
  std::function<void(supervisor::Input)> feed;  // queued; the agent handles it after the current callback

  void later(Duration wait, std::function<void()> what) const { timers.at(now().boot + wait, std::move(what)); }
};

// Says a trouble once, when it begins or changes, and once when it is over.
class Trouble {
 public:
  Trouble(Log& log, std::string over) : log_(log), over_(std::move(over)) {}
  void set(const std::string& sentence) {  // "": all is well
    if (sentence == sentence_) return;
    log_.write(sentence.empty() ? Level::kInfo : Level::kWarning, sentence.empty() ? over_ : sentence);
    sentence_ = sentence;
  }
  const std::string& sentence() const { return sentence_; }

 private:
  Log& log_;
  std::string over_;
  std::string sentence_;
};

}  // namespace fluxpg::runtime
