// Words for decisions, shared by status, decisions and explain.
#pragma once

#include <string>

#include "supervisor/report/report.hpp"

namespace fluxpg::report {

// The name, or the beginning of the id; "" for no node at all.
std::string name_of(const NodeId& node, const Names& names);
// The victim's or newcomer's name, or its peer URL.
std::string subject(const record::Change& change);
// "was removed from etcd", "is being promoted to a voter", "was not removed from etcd: it proved to be alive", …
std::string what_happened(const record::Record& record);
// "open" while nobody has closed it.
std::string outcome(const record::Record& record);

}  // namespace fluxpg::report
