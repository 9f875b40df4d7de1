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
  std::string url;                   // http:// or https:// only
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  Duration deadline = seconds(3);  // for the whole exchange, connecting included; no request lives longer
  std::size_t max_body = 1 << 20;  // a larger answer is an error as soon as the limit is passed
  std::string unix_socket;         // non-empty: connect there
  std::string resolve_to;          // non-empty: connect to this IPv4 address; Host and certificate are still the URL's name
  std::optional<Tls> tls;          // absent, or no CA file: the system's CAs
};

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case; the last of equal names
  std::string body;
  Duration took{};
};

enum class ErrorKind : std::uint8_t {
  kUnreachable,  // no connection: refused, no route, name not resolved. Nothing was sent.
  kTls,          // the peer's certificate or ours was not accepted. A TLS 1.3 peer may say so only after we began to send.
  kTimeout,      // the deadline passed before the answer was complete
  kTooLarge,     // more than max_body, or more than kMaxHeaders or kMaxHeaderBytes
  kBroken,       // the connection ended or the answer was not HTTP
};
struct Error {
  ErrorKind kind = ErrorKind::kUnreachable;
  std::string message;
  Duration took{};
  bool sent = false;  // whether any byte of the request may have left: false is certain
};

using Result = Expected<Response, Error>;
using Callback = std::function<void(Result)>;
using Ticket = StrongNumber<struct TicketTag>;

constexpr std::size_t kMaxHeaders = 64;
constexpr std::size_t kMaxHeaderBytes = 8 << 10;
constexpr std::size_t kMaxIdleConnections = 64;

// Redirects are never followed (the 3xx response is returned), proxies never used. Connections are kept and reused, but no request is
// ever sent twice: libcurl would repeat one whose reused connection dies. Deadlines run on boottime: a suspended machine's requests are
// dead when it wakes. Ignores SIGPIPE for the process (OpenSSL writes without MSG_NOSIGNAL).
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
  // Round up when converting to milliseconds, or the loop spins during the last one.
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
