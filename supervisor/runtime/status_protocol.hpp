// One JSON line each way over the status socket: what fluxpgctl asks and what the daemon answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace fluxpg::runtime {

constexpr std::size_t kMaxRequestBytes = 4096;
constexpr std::size_t kMaxReplyBytes = 8 << 20;
constexpr int kUnderWay = 75;  // StatusReply::exit of a leave that goes on: ask again for its progress

struct StatusRequest {
  std::string verb;  // "status", "members", "matrix", "explain", "decisions", "metrics", "evictions", "found", "leave"
  std::vector<std::string> args;
  bool json = false;
  std::size_t width = 100;  // columns of the caller's terminal, 40 to 400
  bool color = false;
  bool operator==(const StatusRequest&) const = default;
};

struct StatusReply {
  int exit = 0;      // of fluxpgctl
  std::string body;  // for its standard output, or its standard error if `exit` is 4 or more
  bool operator==(const StatusReply&) const = default;
};

// Lines end in a newline, which is part of what to_line returns and not of what from_line takes.
std::string to_line(const StatusRequest& request);
std::string to_line(const StatusReply& reply);
std::optional<StatusRequest> request_from_line(const std::string& line);
std::optional<StatusReply> reply_from_line(const std::string& line);

}  // namespace fluxpg::runtime
