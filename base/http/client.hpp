// The one HTTP client: many requests at once on the caller's thread, each with a deadline and a size limit; nothing here blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace fluxpg::http {

struct Tls {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

struct Request {
  std::string method = "GET";
  std::string url;                      // http:// or https:// only
  std::vector<std::string> headers;     // "Name: value"
  std::string body;
  Duration deadline = seconds(3);       // for the whole exchange, connecting included; no request lives longer
  std::size_t max_body = 1 << 20;       // a larger answer is an error as soon as the limit is passed
  std::string unix_socket;              // non-empty: connect there
  std::string resolve_to;               // non-empty: the URL's host name is this address (verified against the certificate by name)
  std::optional<Tls> tls;
};

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case; the last of equal names
  std::string body;
  Duration took{};
};

enum class ErrorKind : std::uint8_t {
  kUnreachable,  // no connection: refused, no route, name not resolved. Nothing was sent.
  kTls,          // the peer's certificate or ours was not accepted. Nothing was sent.
  kTimeout,      // the deadline passed before the answer was complete
  kTooLarge,     // more than max_body
  kBroken,       // the connection ended or the answer was not HTTP
};
struct Error {
  ErrorKind kind = ErrorKind::kUnreachable;
  std::string message;
  Duration took{};
  bool sent = false;  // whether any byte of the request may have left
};

using Result = Expected<Response, Error>;
using Callback = std::function<void(Result)>;
using Ticket = StrongNumber<struct TicketTag>;

// Redirects are never followed (the 3xx response is returned). Connections are kept and reused.
class Client {
 public:
  // max_requests bounds what may be under way; one more is answered kUnreachable at once ("too many requests under way").
  explicit Client(std::size_t max_requests = 256);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The callback runs inside a later drive(), never inside start().
  Ticket start(Request request, Callback callback);
  void cancel(Ticket ticket);  // its callback will not run

  // For a poll loop: which descriptors to wait for, and for how long at most (nullopt: for ever).
  struct Wait {
    int fd = -1;
    bool readable = false;
    bool writable = false;
  };
  std::vector<Wait> waits() const;
  std::optional<Duration> timeout() const;
  // Does whatever can be done now and runs callbacks; call it whenever a descriptor is ready or the timeout has passed.
  void drive();
  // Convenience for tools and tests: drives until nothing is under way.
  void run_until_idle();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fluxpg::http
