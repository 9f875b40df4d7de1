#include "discovery/types.hpp"

#include "base/endpoint.hpp"
#include "base/ids.hpp"

namespace fluxpg::discovery {

std::optional<Row> row_from_ip(std::string_view ip) {
  Row row;
  if (const auto endpoint = endpoint_from_text(ip)) {
    row = {endpoint->address, endpoint->port};
  } else if (is_ipv4(ip)) {
    row.address = ip;
  } else {
    return std::nullopt;
  }
  const auto network = number_from_decimal(row.address.substr(0, row.address.find('.')));
  if (!network || *network == 0 || *network >= 224) return std::nullopt;
  return row;
}

std::string_view to_text(Fault fault) {
  switch (fault) {
    case Fault::kUnreachable:
      return "unreachable";
    case Fault::kCutOff:
      return "cut_off";
    case Fault::kTimeout:
      return "timeout";
    case Fault::kHttpStatus:
      return "http_status";
    case Fault::kRedirect:
      return "redirect";
    case Fault::kTooLarge:
      return "too_large";
    case Fault::kNotText:
      return "not_text";
    case Fault::kNotJson:
      return "not_json";
    case Fault::kStatusError:
      return "status_error";
    case Fault::kShape:
      return "shape";
    case Fault::kTooManyRows:
      return "too_many_rows";
    case Fault::kBadRow:
      return "bad_row";
    case Fault::kForeignApp:
      return "foreign_app";
    case Fault::kEmpty:
      return "empty";
  }
  return "unknown";
}

}  // namespace fluxpg::discovery
