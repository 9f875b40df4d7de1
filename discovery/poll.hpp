// Asks the Flux API, one question at a time, and hands on checked answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/http/client.hpp"
#include "discovery/parse.hpp"
#include "discovery/schedule.hpp"

namespace fluxpg::discovery {

struct PollConfig {
  std::vector<std::string> base_urls = {"https://api.runonflux.io"};  // FLUX_API_URL
  std::string app;
  Duration deadline = seconds(8);  // for one question; below the schedule's retry
  ParseLimits limits;
  ScheduleConfig schedule;
};

// How an exchange ended, as an answer: the transport's errors become faults.
Answer answer_of(const http::Result& result, const std::string& app, const std::string& base_url, const ParseLimits& limits);
Expected<std::uint32_t, Bad> instances_of(const http::Result& result, const std::string& app, const std::string& base_url);
// {base}/apps/{route}/{app}, with the app's name percent-encoded.
std::string question_url(const std::string& base_url, const std::string& route, const std::string& app);

class Poll {
 public:
  // http::Client::start, or a stand-in. The callback may come long after the Poll is gone: it is then ignored.
  using Fetch = std::function<void(http::Request, http::Callback)>;
  using OnAnswer = std::function<void(const Answer&)>;
  using OnInstances = std::function<void(const Expected<std::uint32_t, Bad>&)>;

  Poll(PollConfig config, std::uint64_t seed, Fetch fetch, OnAnswer on_answer, OnInstances on_instances);

  // Starts a poll if one is due. Call it again whenever the HTTP client has run: the deadline may have moved.
  void tick(TimePoint now);
  TimePoint next_deadline() const { return schedule_.next(); }
  void set_urgent(bool urgent) { schedule_.set_urgent(urgent); }

 private:
  void compare_with_instances(std::size_t rows, const std::string& base_url);
  void ask_instances(const std::string& base_url);

  PollConfig config_;
  Schedule schedule_;
  Fetch fetch_;
  OnAnswer on_answer_;
  OnInstances on_instances_;
  std::uint64_t polls_until_instances_ = 0;
  std::uint32_t instances_ = 0;  // as last told
  std::size_t most_rows_ = 0;    // for which it was asked since it changed: a dead row beside its replacement is asked for once
  std::shared_ptr<Poll*> self_;  // callbacks hold it weakly
};

}  // namespace fluxpg::discovery
