#include "supervisor/runtime/supervisord_xml.hpp"

#include <tinyxml2.h>

namespace fluxpg::runtime {

namespace {

using supervisor::Process;
using tinyxml2::XMLElement;

tl::unexpected<RpcError> not_understood(const std::string& what) {
  return tl::unexpected<RpcError>(RpcError{0, "supervisord's answer is not understood: " + what});
}

// <value><int>7</int></value>, <value><string>a</string></value>, <value>a</value>
std::string scalar(const XMLElement* value) {
  if (value == nullptr) return "";
  const XMLElement* typed = value->FirstChildElement();
  const char* text = typed == nullptr ? value->GetText() : typed->GetText();
  return text == nullptr ? "" : text;
}

int number(const XMLElement* value) {
  const std::string text = scalar(value);
  try {
    return std::stoi(text);
  } catch (const std::exception&) {
    return -1;
  }
}

const XMLElement* member(const XMLElement* structure, std::string_view name) {
  for (const XMLElement* m = structure->FirstChildElement("member"); m != nullptr; m = m->NextSiblingElement("member")) {
    const XMLElement* label = m->FirstChildElement("name");
    if (label != nullptr && label->GetText() != nullptr && name == label->GetText()) return m->FirstChildElement("value");
  }
  return nullptr;
}

// The <value> of a good answer; a fault is an error.
Expected<const XMLElement*, RpcError> answer_value(tinyxml2::XMLDocument& document, const std::string& body) {
  if (document.Parse(body.data(), body.size()) != tinyxml2::XML_SUCCESS) return not_understood("not XML.");
  const XMLElement* response = document.FirstChildElement("methodResponse");
  if (response == nullptr) return not_understood("no methodResponse.");
  if (const XMLElement* fault = response->FirstChildElement("fault")) {
    const XMLElement* value = fault->FirstChildElement("value");
    const XMLElement* structure = value == nullptr ? nullptr : value->FirstChildElement("struct");
    if (structure == nullptr) return not_understood("a fault without a code.");
    return unexpected(RpcError{number(member(structure, "faultCode")), scalar(member(structure, "faultString"))});
  }
  const XMLElement* params = response->FirstChildElement("params");
  const XMLElement* param = params == nullptr ? nullptr : params->FirstChildElement("param");
  const XMLElement* value = param == nullptr ? nullptr : param->FirstChildElement("value");
  if (value == nullptr) return not_understood("no value.");
  return value;
}

// Codes of supervisord's documentation. BACKOFF (30): it ended at once and will be started again by supervisord itself.
// STOPPING (40) is still running: its files are in use.
Process process_from(int state, int exit_status) {
  switch (state) {
    case 0:
      return {Process::State::kStopped, 0};
    case 10:
    case 30:
      return {Process::State::kStarting, 0};
    case 20:
    case 40:
      return {Process::State::kRunning, 0};
    case 100:
    case 200:
      return {Process::State::kExited, exit_status};
    default:
      return {Process::State::kUnknown, 0};
  }
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '>' ? "&gt;" : std::string(1, c);
  return result;
}

}  // namespace

std::string method_call(std::string_view method, const std::vector<std::string>& strings, bool with_wait_false) {
  std::string xml = "<?xml version=\"1.0\"?><methodCall><methodName>supervisor." + std::string(method) + "</methodName><params>";
  for (const auto& text : strings) xml += "<param><value><string>" + escaped(text) + "</string></value></param>";
  if (with_wait_false) xml += "<param><value><boolean>0</boolean></value></param>";
  return xml + "</params></methodCall>";
}

Expected<Programs, RpcError> parse_programs(const std::string& body) {
  tinyxml2::XMLDocument document;
  const auto value = answer_value(document, body);
  if (!value) return unexpected(value.error());
  const XMLElement* array = (*value)->FirstChildElement("array");
  const XMLElement* data = array == nullptr ? nullptr : array->FirstChildElement("data");
  if (data == nullptr) return not_understood("no list of processes.");
  Programs programs;
  for (const XMLElement* v = data->FirstChildElement("value"); v != nullptr; v = v->NextSiblingElement("value")) {
    const XMLElement* structure = v->FirstChildElement("struct");
    const std::string name = structure == nullptr ? "" : scalar(member(structure, "name"));
    if (name.empty()) return not_understood("a process without a name.");
    programs[name] = process_from(number(member(structure, "state")), number(member(structure, "exitstatus")));
  }
  return programs;
}

Expected<bool, RpcError> parse_flag(const std::string& body) {
  tinyxml2::XMLDocument document;
  const auto value = answer_value(document, body);
  if (!value) return unexpected(value.error());
  return scalar(*value) == "1";
}

}  // namespace fluxpg::runtime
