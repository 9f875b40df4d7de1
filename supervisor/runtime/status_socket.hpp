// The unix socket on which fluxpgctl asks. Strange, slow or many clients cost a bounded amount of memory and never a wait.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "base/time.hpp"
#include "supervisor/runtime/status_protocol.hpp"

namespace fluxpg::runtime {

struct Wait {
  int fd = -1;
  bool readable = false;
  bool writable = false;
};

class StatusSocket {
 public:
  using Handler = std::function<StatusReply(const StatusRequest&)>;

  static constexpr std::size_t kMaxClients = 16;           // one more closes the oldest
  static constexpr Duration kClientDeadline = seconds(5);  // from connecting to the last byte of the answer

  // A file left by a dead daemon is replaced; where a live one answers, the error says so.
  static Expected<std::unique_ptr<StatusSocket>, std::string> open(const std::string& path, Handler handler);
  ~StatusSocket();
  StatusSocket(const StatusSocket&) = delete;
  StatusSocket& operator=(const StatusSocket&) = delete;

  std::vector<Wait> waits() const;
  TimePoint next_deadline() const;
  // Accepts, reads, answers and writes whatever is possible now.
  void drive(TimePoint now);
  std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    TimePoint deadline;
    std::string in;
    std::string out;
    std::size_t written = 0;
    bool answered = false;
  };
  StatusSocket(int fd, std::string path, Handler handler) : fd_(fd), path_(std::move(path)), handler_(std::move(handler)) {}
  void accept_all(TimePoint now);
  bool progress(int fd, Client& client);  // false: it is over
  bool read_some(int fd, Client& client);
  bool write_some(int fd, Client& client);
  void close_oldest();

  int fd_;
  std::string path_;
  Handler handler_;
  std::map<int, Client> clients_;
};

}  // namespace fluxpg::runtime
