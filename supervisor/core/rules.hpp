// The numbers behind every decision about membership, each with its range and what it trades.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace fluxpg::supervisor {

struct Rules {
  std::uint32_t target_voters = 5;              // 1 … 9. More voters survive more failures and commit slower.
  std::uint32_t expected_nodes = 0;             // EXPECTED_NODES; 0: take `instances` of the Flux specification
  Duration dead_for_unlisted = seconds(15);     // an unlisted member is evicted after being agreed dead this long. 5 s … 1 h
  Duration dead_for_listed = seconds(60);       // a listed one, if its eviction helps somebody. 15 s … 1 h
  Duration listed_grace = minutes(15);          // a listed one otherwise; also how long a planned stop is waited for. 1 min … 24 h
  Duration replacement_wait = minutes(5);       // a newcomer counts as a replacement after being listed and alive this long. 0 … 1 h
  std::uint32_t budget = 2;                     // evictions not yet made good by a promotion. 1 … 9
  Duration ballot_bound = seconds(5);           // votes later than this after the ballot do not count. 1 s … 30 s
  Duration evidence_wait = milliseconds(1000);  // how long a voter listens for the victim before it says "dead". 200 ms … 10 s
  Duration statement_age = seconds(5);          // how fresh the victim's word about its own etcd must be. 1 s … 30 s
  Duration silent_etcd_consent = minutes(10);   // a daemon that answers but cannot vouch for its etcd this long consents. 1 min … 24 h
  Duration ghost_after = seconds(30);           // a dead learner is removed, if somebody could use its slot. 5 s … 1 h
  Duration learner_patience = minutes(10);      // a living one that makes no progress with the log this long, too. 10 s … 24 h
  Duration unwell_dwell = seconds(5);           // after a suspension, a clock jump or late timers: abstain this long. 1 s … 60 s
  Duration void_after = seconds(60);  // an open decision whose call had no effect is void after the key was held this long. 20 s … 10 min
  Duration lease_ttl = seconds(6);    // remover key. 2 s … 60 s. Shorter = faster takeover, more elections.
  Duration campaign_step = seconds(1);       // rank i campaigns i steps after the key is gone. 100 ms … 10 s
  Duration call_deadline = seconds(5);       // membership calls. 1 s … 30 s; must be shorter than void_after
  Duration founding_step = seconds(3);       // rank i proposes after i steps. 500 ms … 60 s
  Duration founding_patience = seconds(60);  // a started plan that is not committed by then may be replaced. 10 s … 1 h
  Duration identity_wait = seconds(3);       // before etcd is started on existing data: does somebody else answer with our id? 0 … 60 s
  std::uint32_t history = 1000;              // closed decisions kept in etcd. 10 … 10000
};

}  // namespace fluxpg::supervisor
