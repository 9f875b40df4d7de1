#include "supervisor/runtime/address_finder.hpp"

#include "discovery/parse.hpp"
#include "supervisor/runtime/interfaces.hpp"

namespace fluxpg::runtime {

namespace {

constexpr Duration kRetry = seconds(10);
constexpr Duration kLookAgain = seconds(30);  // the host itself answers: nobody else is bothered
constexpr Duration kInterfaces = seconds(5);
constexpr Duration kDeadline = seconds(3);
constexpr std::size_t kMaxAnswer = 64 * 1024;

}  // namespace

AddressFinder::AddressFinder(const Context& context, std::function<void(const Found&)> found,
                             std::function<void(const std::string&)> changed)
    : context_(context), found_(std::move(found)), changed_(std::move(changed)), trouble_(context.log, "The own address is known.") {}

void AddressFinder::look() {
  discovery::AddressSources sources;
  sources.advertise = context_.settings.advertise_address;
  sources.flux_env = context_.settings.flux_node_host_ip;
  if (!sources.advertise.empty()) return decide(sources);
  http::Request request;
  request.url = context_.settings.hostinfo_url;
  request.deadline = kDeadline;
  request.max_body = kMaxAnswer;
  context_.http.start(std::move(request), [this, sources](const http::Result& result) mutable {
    using Told = Expected<std::string, std::string>;
    sources.hostinfo = result ? discovery::parse_hostinfo(result->status, result->body) : Told(unexpected(result.error().message));
    decide(sources);
  });
}

void AddressFinder::decide(const discovery::AddressSources& sources) {
  const auto own = discovery::own_address(sources);
  if (address_.empty()) {
    const auto listen = own ? listen_address(context_.settings.listen_address, own->address, interface_addresses())
                            : Expected<std::string, std::string>(unexpected(own.error()));
    trouble_.set(listen ? "" : listen.error());
    if (!listen) return again(kRetry);
    address_ = own->address;
    listen_ = *listen;
    context_.later(kInterfaces, [this] { watch_interfaces(); });
    context_.log.write(Level::kInfo, "This node is " + address_ + " and listens on " + *listen + ". " + own->why);
    found_({address_, *listen});
  } else if (own && sources.hostinfo && *sources.hostinfo && own->address != address_) {
    if (other_ == own->address) return changed_("This node's address is now " + other_);
    other_ = own->address;
    return again(kRetry);
  } else {
    other_.clear();
  }
  if (sources.hostinfo) again(kLookAgain);
}

// Behind a container's bridge only the host knows of a new public address; a new one of our own interface is seen here.
void AddressFinder::watch_interfaces() {
  const auto listen = listen_address(context_.settings.listen_address, address_, interface_addresses());
  if (listen && *listen != listen_) {
    if (other_listen_ == *listen) return changed_("The address of this node's interface is now " + *listen);
    other_listen_ = *listen;
  } else {
    other_listen_.clear();
  }
  context_.later(kInterfaces, [this] { watch_interfaces(); });
}

void AddressFinder::again(Duration wait) {
  context_.later(wait, [this] { look(); });
}

}  // namespace fluxpg::runtime
