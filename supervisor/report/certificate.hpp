// Whether the votes stored with a decision prove it: the check that anybody can repeat months later.
#pragma once

#include <string>
#include <vector>

#include "base/signing.hpp"
#include "supervisor/record/record.hpp"

namespace fluxpg::report {

struct CertificateCheck {
  std::vector<bool> signatures;  // one per vote: the signature is by the node that the vote names
  std::size_t dead = 0;          // voters of the electorate with a validly signed "dead"
  std::size_t needed = 0;        // majority of the electorate
  bool valid = false;
  std::string why;  // one sentence, for either answer
};

// It is a removal's certificate if its ballot is about this member and this electorate, and a majority of that electorate signed "dead" for
// this ballot, one vote a voter, and nobody signed "alive". That each key spoke for its member id is etcd's `nodes/` to say, not the
// record's.
CertificateCheck check(const record::Record& record, const Signing& verifier);

}  // namespace fluxpg::report
