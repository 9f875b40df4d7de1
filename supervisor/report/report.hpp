// What people and programs are told: a snapshot or a decision as text, as JSON, as metrics.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/signing.hpp"
#include "supervisor/core/snapshot.hpp"

namespace fluxpg::report {

using supervisor::Snapshot;

struct TextOptions {
  std::size_t width = 100;  // columns; lines are wrapped to it where words allow
  bool color = false;       // ANSI colours
};

// JSON is one object, indented, ending in a line break; its fields are those of the README and more may come.
std::string status_text(const Snapshot& snapshot, const TextOptions& options = {});
std::string status_json(const Snapshot& snapshot);
std::string members_text(const Snapshot& snapshot, const TextOptions& options = {});
std::string members_json(const Snapshot& snapshot);
std::string matrix_text(const Snapshot& snapshot, const TextOptions& options = {});
std::string matrix_json(const Snapshot& snapshot);
std::string decisions_text(const Snapshot& snapshot, const TextOptions& options = {});
std::string decisions_json(const Snapshot& snapshot);

// What is left and what is missing when the majority is lost; `obstacle`: why `recover` would be refused, empty: it would not.
std::string recover_text(const Snapshot& snapshot, const std::string& obstacle, const TextOptions& options = {});
std::string recover_json(const Snapshot& snapshot, const std::string& obstacle);
// The object `majority_loss` of status and recover.
std::string loss_json(const supervisor::MajorityLoss& loss);

// Names of nodes, for explain_text; a node that is not in it is shown by the beginning of its id.
using Names = std::map<NodeId, std::string>;
Names names(const Snapshot& snapshot);
std::string explain_text(const record::Record& record, const Signing& verifier, const Names& names = {}, const TextOptions& options = {});
std::string explain_json(const record::Record& record, const Signing& verifier);

// The open decision, if any, and the closed ones, newest first: what `select` and `decisions` look through.
std::vector<record::Record> all_decisions(const Snapshot& snapshot);
// Those about MEMBER, in their order: a node name, a node id (or its beginning of 6 digits or more, if it means one node only; "n-" before
// it is allowed), or an etcd member id in hex.
std::vector<record::Record> select(const std::vector<record::Record>& history, std::string_view member);
// Whether MEMBER is somebody in the snapshot or in its history: else the answer is "unknown member", not "no decision".
bool knows(const Snapshot& snapshot, std::string_view member);

// How far `fluxpgctl leave` on this node is: one sentence, and {"state", "waits_for", "since"}.
std::string leave_text(const Snapshot& snapshot);
std::string leave_json(const Snapshot& snapshot);

// In Prometheus' text format.
std::string metrics(const Snapshot& snapshot);

// 0 healthy, 1 degraded, 2 majority lost.
int exit_code(const Snapshot& snapshot);

}  // namespace fluxpg::report
