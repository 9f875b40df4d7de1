#include "base/endpoint.hpp"

#include "base/ids.hpp"

namespace fluxpg {

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    const std::string_view digits = part < 3 ? text.substr(0, dot) : text;
    if (part < 3 && dot == std::string_view::npos) return false;
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0')) return false;
    const auto value = number_from_decimal(digits);
    if (!value || *value > 255) return false;
    if (part < 3) text.remove_prefix(dot + 1);
  }
  return true;
}

std::optional<Endpoint> endpoint_from_text(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !is_ipv4(text.substr(0, colon))) return std::nullopt;
  const auto port = number_from_decimal(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return std::nullopt;
  return Endpoint{std::string(text.substr(0, colon)), static_cast<std::uint16_t>(*port)};
}

}  // namespace fluxpg
