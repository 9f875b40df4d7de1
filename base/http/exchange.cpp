#include "base/http/exchange.hpp"

#include <curl/curl.h>

#include <algorithm>

#include "base/check.hpp"
#include "base/endpoint.hpp"

namespace fluxpg::http {
namespace {

template <class Value>
void set(void* easy, CURLoption option, Value value) {
  CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

struct curl_slist* append(struct curl_slist* list, const std::string& text) {
  struct curl_slist* longer = curl_slist_append(list, text.c_str());
  CHECK(longer != nullptr);
  return longer;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 127; });
}

bool is_tls_failure(CURLcode code) {
  switch (static_cast<int>(code)) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return true;
    default:  // every other code of a foreign, growing enum
      return false;
  }
}

}  // namespace

std::optional<std::string> unusable(const Request& request) {
  if (request.method.empty() || has_control(request.method) || request.method.find(' ') != std::string::npos)
    return "the method is not a word";
  if (has_control(request.url)) return "the URL contains a control character";
  if (!request.resolve_to.empty() && !is_ipv4(request.resolve_to)) return "\"" + request.resolve_to + "\" is not an IPv4 address";
  for (const auto& header : request.headers) {
    if (has_control(header) || header.find(':') == std::string::npos) return "a header is not of the form \"Name: value\"";
  }
  return std::nullopt;
}

Exchange::Exchange(Request request, Callback callback, TimePoint now)
    : request_(std::move(request)),
      callback_(std::move(callback)),
      started_(now),
      easy_(curl_easy_init()),
      message_(CURL_ERROR_SIZE, '\0') {
  CHECK(easy_ != nullptr && request_.deadline > Duration::zero() && request_.deadline <= std::chrono::hours(24));
  set_options();
  set_body();
  set_security();
}

Exchange::~Exchange() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
  curl_slist_free_all(connect_to_);
}

void Exchange::set_options() {
  set(easy_, CURLOPT_PRIVATE, static_cast<void*>(this));
  set(easy_, CURLOPT_ERRORBUFFER, message_.data());
  set(easy_, CURLOPT_URL, request_.url.c_str());
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy_, CURLOPT_PROXY, "");  // http_proxy in the environment must not see, or answer, what is meant for etcd
  set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_QUICK_EXIT, 1L);  // giving up a request must not wait for its resolver thread
  set(easy_, CURLOPT_TCP_NODELAY, 1L);
  set(easy_, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.max_body));
  set(easy_, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  set(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy_, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
  set(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(easy_, CURLOPT_PREREQFUNCTION, &Exchange::on_connected);
  set(easy_, CURLOPT_PREREQDATA, static_cast<void*>(this));
  if (!request_.unix_socket.empty()) {
    set(easy_, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
  } else {
    set(easy_, CURLOPT_IPRESOLVE, static_cast<long>(CURL_IPRESOLVE_V4));  // Flux has no other; it also rules out unix sockets
  }
  if (!request_.resolve_to.empty()) {
    // Not CURLOPT_RESOLVE: its entries outlive the request in a shared cache, and a kept connection to the old address would be reused.
    connect_to_ = append(nullptr, "::" + request_.resolve_to + ":");
    set(easy_, CURLOPT_CONNECT_TO, connect_to_);
  }
}

void Exchange::set_body() {
  const bool is_post = request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
  if (!request_.body.empty() || is_post) {
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(easy_, CURLOPT_POSTFIELDS, request_.body.data());
  } else if (request_.method == "HEAD") {
    set(easy_, CURLOPT_NOBODY, 1L);
  }
  set(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  headers_ = append(headers_, "Expect:");  // no "100-continue": it costs a second against servers that do not know it
  bool typed = false;
  for (const auto& header : request_.headers) {
    headers_ = append(headers_, header);
    typed = typed || lower(header).starts_with("content-type:");
  }
  if (!typed) headers_ = append(headers_, "Content-Type:");  // else libcurl claims that every body is a web form
  set(easy_, CURLOPT_HTTPHEADER, headers_);
}

void Exchange::set_security() {
  set(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!request_.tls) return;
  if (!request_.tls->ca_file.empty()) {
    set(easy_, CURLOPT_CAINFO, request_.tls->ca_file.c_str());
    set(easy_, CURLOPT_CAPATH, static_cast<char*>(nullptr));  // our CA instead of the system's, not beside them
  }
  if (!request_.tls->certificate_file.empty()) {
    set(easy_, CURLOPT_SSLCERT, request_.tls->certificate_file.c_str());
    set(easy_, CURLOPT_SSLKEY, request_.tls->key_file.c_str());
  }
}

// libcurl calls this when connected (TLS included), just before the first byte of the request leaves. A second time means that it is
// about to repeat the request on a new connection, because a reused one died: a change must not be made twice.
int Exchange::on_connected(void* self, char*, char*, int, int) {
  auto& exchange = *static_cast<Exchange*>(self);
  if (exchange.sent_) return CURL_PREREQFUNC_ABORT;
  exchange.sent_ = true;
  return CURL_PREREQFUNC_OK;
}

std::size_t Exchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  const std::string_view line(data, size * count);
  exchange.header_bytes_ += line.size();
  if (exchange.header_bytes_ > kMaxHeaderBytes || ++exchange.header_count_ > kMaxHeaders + 2) {  // + status line and empty line
    exchange.too_large_ = "more than " + std::to_string(kMaxHeaders) + " headers or " + std::to_string(kMaxHeaderBytes) + " bytes of them";
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    exchange.response_.headers.clear();  // what came with an interim answer (1xx) is not the answer's
    exchange.headers_complete_ = false;
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    exchange.response_.headers[lower(trim(line.substr(0, colon)))] = trim(line.substr(colon + 1));
  } else if (trim(line).empty()) {
    exchange.headers_complete_ = true;
  }
  return line.size();
}

std::size_t Exchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  const std::size_t bytes = size * count;
  std::string& body = exchange.response_.body;
  if (bytes > exchange.request_.max_body - body.size()) {
    exchange.too_large_ = "a body of more than " + std::to_string(exchange.request_.max_body) + " bytes";
    return 0;
  }
  body.append(data, bytes);
  return bytes;
}

Error Exchange::error(ErrorKind kind, std::string message, TimePoint now) const {
  return Error{kind, std::move(message), now - started_, sent_};
}

Result Exchange::ended(int curl_code, TimePoint now) {
  const auto code = static_cast<CURLcode>(curl_code);
  if (code == CURLE_OK && !headers_complete_) return unexpected(error(ErrorKind::kBroken, "the answer ended within its headers", now));
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    response_.took = now - started_;
    return std::move(response_);
  }
  if (!too_large_.empty()) return unexpected(error(ErrorKind::kTooLarge, too_large_, now));
  if (code == CURLE_FILESIZE_EXCEEDED) {
    return unexpected(error(ErrorKind::kTooLarge, "a body of more than " + std::to_string(request_.max_body) + " bytes", now));
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) return unexpected(error(ErrorKind::kBroken, "the kept connection died under the request", now));
  const std::string detail = message_.c_str();
  return unexpected(error(classify(curl_code), detail.empty() ? curl_easy_strerror(code) : detail, now));
}

ErrorKind Exchange::classify(int curl_code) const {
  const auto code = static_cast<CURLcode>(curl_code);
  if (code == CURLE_OPERATION_TIMEDOUT) return ErrorKind::kTimeout;
  if (is_tls_failure(code)) return ErrorKind::kTls;
  if (!sent_) return ErrorKind::kUnreachable;
  return message_.find(" alert ") != std::string::npos ? ErrorKind::kTls : ErrorKind::kBroken;
}

Result Exchange::overdue(TimePoint now) const {
  const std::string limit = std::to_string(to_ms(request_.deadline)) + " ms";
  return unexpected(error(ErrorKind::kTimeout, (sent_ ? "no complete answer within " : "no connection within ") + limit, now));
}

}  // namespace fluxpg::http
