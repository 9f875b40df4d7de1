// One request under way: its libcurl handle, what was received so far, and what its end means. Internal to base/http.
#pragma once

#include "base/http/client.hpp"

struct curl_slist;

namespace fluxpg::http {

// Why this request cannot be tried at all, or nothing. A line break in a header would smuggle in a second request.
std::optional<std::string> unusable(const Request& request);

class Exchange {
 public:
  Exchange(Request request, Callback callback, TimePoint now);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void* easy() const { return easy_; }  // a CURL*, typed void so that curl's header stays out of ours
  TimePoint deadline() const { return started_ + request_.deadline; }
  Callback take_callback() { return std::move(callback_); }
  Result ended(int curl_code, TimePoint now);
  Result overdue(TimePoint now) const;

 private:
  void set_options();
  void set_body();
  void set_security();
  Error error(ErrorKind kind, std::string message, TimePoint now) const;
  ErrorKind classify(int curl_code) const;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_connected(void* self, char*, char*, int, int);

  Request request_;
  Callback callback_;
  TimePoint started_;
  void* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::string message_;  // libcurl's error text, written by it in place
  Response response_;
  std::size_t header_count_ = 0;
  std::size_t header_bytes_ = 0;
  std::string too_large_;          // which limit was passed
  bool headers_complete_ = false;  // libcurl takes a connection that closes within the headers for a complete answer
  bool sent_ = false;
};

}  // namespace fluxpg::http
