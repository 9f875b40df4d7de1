// Decisions as they come out of a real day, for the tests of record and report.
#pragma once

#include "supervisor/record/record.hpp"

namespace fluxpg::record::samples {

NodeId node(std::uint8_t number);  // bytes number, number + 1, …
MemberId member(std::uint8_t number);
// An unlisted third voter, removed by two signed votes of three; closed as done. Signatures are bytes without meaning.
Record removal();
Record promotion();  // open, without certificate
Founded founded();

}  // namespace fluxpg::record::samples
