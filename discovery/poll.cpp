#include "discovery/poll.hpp"

#include <utility>

namespace fluxpg::discovery {
namespace {

// The specification changes rarely, so it is asked for with every tenth poll, and with each until it is known; and at once when more rows
// are listed than ever since it changed, and than it had instances: so does an app look that was scaled up. (It also keeps our questions
// from always meeting the same of two backends that take turns.)
constexpr std::uint64_t kPollsPerSpecification = 10;

Bad fault_of(const http::Error& error, const std::string& base_url) {
  const auto kind = [&] {
    switch (error.kind) {
      case http::ErrorKind::kUnreachable:
        return Fault::kUnreachable;
      case http::ErrorKind::kTls:
        return Fault::kUnreachable;
      case http::ErrorKind::kTimeout:
        return Fault::kTimeout;
      case http::ErrorKind::kTooLarge:
        return Fault::kTooLarge;
      case http::ErrorKind::kBroken:
        return Fault::kCutOff;
    }
    return Fault::kUnreachable;
  };
  return Bad{base_url, kind(), base_url + ": " + error.message};
}

std::string backend_of(const http::Response& response, const std::string& base_url) {
  const auto header = response.headers.find("fluxnode");
  return header == response.headers.end() || header->second.empty() ? base_url : header->second;
}

std::string percent_encoded(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      result += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result;
}

http::Request question(const PollConfig& config, const std::string& base_url, const std::string& route) {
  http::Request request;
  request.url = question_url(base_url, route, config.app);
  request.deadline = config.deadline;
  request.max_body = config.limits.max_bytes;
  return request;
}

}  // namespace

Answer answer_of(const http::Result& result, const std::string& app, const std::string& base_url, const ParseLimits& limits) {
  if (!result) return fault_of(result.error(), base_url);
  return parse_locations(app, backend_of(*result, base_url), result->status, result->body, limits);
}

Expected<std::uint32_t, Bad> instances_of(const http::Result& result, const std::string& app, const std::string& base_url) {
  if (!result) return unexpected(fault_of(result.error(), base_url));
  return parse_instances(app, backend_of(*result, base_url), result->status, result->body);
}

std::string question_url(const std::string& base_url, const std::string& route, const std::string& app) {
  std::string base = base_url;
  while (!base.empty() && base.back() == '/') base.pop_back();
  return base + "/apps/" + route + "/" + percent_encoded(app);
}

Poll::Poll(PollConfig config, std::uint64_t seed, Fetch fetch, OnAnswer on_answer, OnInstances on_instances)
    : config_(std::move(config)),
      schedule_(config_.schedule, config_.base_urls.size(), seed),
      fetch_(std::move(fetch)),
      on_answer_(std::move(on_answer)),
      on_instances_(std::move(on_instances)),
      self_(std::make_shared<Poll*>(this)) {}

void Poll::tick(TimePoint now) {
  if (now < schedule_.next()) return;
  const std::string base_url = config_.base_urls[schedule_.start(now)];
  const auto done = [base_url, weak = std::weak_ptr(self_)](const http::Result& result) {
    const auto alive = weak.lock();
    if (!alive) return;
    Poll& poll = **alive;
    const Answer answer = answer_of(result, poll.config_.app, base_url, poll.config_.limits);
    poll.schedule_.answered(answer);
    if (const auto* good = std::get_if<Good>(&answer)) poll.compare_with_instances(good->rows.size(), base_url);
    poll.on_answer_(answer);
  };
  fetch_(question(config_, base_url, "location"), done);
  if (polls_until_instances_ == 0) {
    ask_instances(base_url);
  } else {
    --polls_until_instances_;
  }
}

void Poll::compare_with_instances(std::size_t rows, const std::string& base_url) {
  if (rows <= instances_ || rows <= most_rows_) return;
  most_rows_ = rows;
  const bool comes_anyway = polls_until_instances_ == 0;  // it is asked for just now, or with the next poll
  if (!comes_anyway) ask_instances(base_url);
}

void Poll::ask_instances(const std::string& base_url) {
  const auto done = [base_url, weak = std::weak_ptr(self_)](const http::Result& result) {
    const auto alive = weak.lock();
    if (!alive) return;
    Poll& poll = **alive;
    const auto instances = instances_of(result, poll.config_.app, base_url);
    if (instances) {
      if (poll.instances_ != *instances) poll.most_rows_ = 0;
      poll.instances_ = *instances;
      poll.polls_until_instances_ = kPollsPerSpecification - 1;
    }
    poll.on_instances_(instances);
  };
  fetch_(question(config_, base_url, "appspecifications"), done);
}

}  // namespace fluxpg::discovery
