// Snapshots of good and bad days, and a signature that is cheap to make and to break.
#pragma once

#include "base/signing.hpp"
#include "supervisor/report/report.hpp"
#include "tests/record/samples.hpp"

namespace fluxpg::report {

// A checksum over the signer and the bytes: enough to tell whether the right bytes were asked about.
class Checksums : public Signing {
 public:
  NodeId id() const override { return {}; }
  Signature sign(std::string_view bytes) const override { return of({}, bytes); }
  bool verify(const NodeId& signer, std::string_view bytes, const Signature& signature) const override {
    return of(signer, bytes) == signature;
  }
  static Signature of(const NodeId& signer, std::string_view bytes);
};

record::Record signed_removal();          // samples::removal with signatures that verify
void sign_again(record::Record& record);  // after a change to it
Snapshot healthy();                       // three voters
Snapshot degraded();                      // the third is dead, a ballot is running
Snapshot majority_lost();                 // two of three are dead
Snapshot empty();                         // just started, knows nothing

}  // namespace fluxpg::report
