// The guards that keep clusters safe, each with a name: so that the simulator can show what happens without it (a mutant).
//
// In the daemon holds() is the constant true and costs nothing: no build that touches a real cluster contains a switch. Only
// fluxpg-sim-mutants, the same sources compiled with FLUXPG_MUTANTS, can leave one guard out.
#pragma once

#include <cstdint>

namespace fluxpg {

enum class Guard : std::uint8_t {
  kNone,
  // verdict
  kVeto,
  kMajority,
  kOwnList,
  kSignature,
  kVictimsVote,
  kHeardSinceItCame,
  kUnwellAbstains,
  kSilentEtcdPatience,
  kDeadEtcdIsNoLife,
  kSilenceIsNoIllness,
  kBallotBound,
  kGossipFirst,
  kEtcdAnswersForItself,
  // decision
  kOneDecision,
  kCompareAndSwap,
  kLastLook,
  kEtcdLastLook,
  kRemainingAnswer,
  kLearnerLastLook,
  kOpenerRefutes,
  kRefuteBeforeCall,
  kSameKey,
  kKeyUntouched,
  kReadBack,
  kSameElectorate,
  kCertificateChecked,
  kVoidDelay,
  kVoidAtAll,
  kResume,
  // remover
  kShadowHoldsNoKey,
  kVictimHoldsNoKey,
  // plan
  kDwellUnlisted,
  kIsolationIsNoSilence,
  kDwellListed,
  kReplacementWaitsLong,
  kPlannedStop,
  kBudget,
  kPause,
  kLearnerInSync,
  kOddVoters,
  kListedJoins,
  kFreshJoins,
  kGhostLearner,
  kStuckLearner,
  kSpare,
  // discovery
  kAbsenceWindow,
  kTwoBackends,
  // founding
  kSilentListedBlocks,
  kListSeenLongEnough,
  kCountsAgree,
  kEverybodyPromises,
  kPromiseKept,
  kPromiseDurable,
  kChosenIsCommitted,
  kStopBeforeHigherRound,
  kClusterIsJoined,
  kLivingDataBlocks,
  kGivenUpForGood,
  kOwnPlanIsWaitedFor,
  kReturningFounders,
  // founding over PostgreSQL data that outlived etcd's
  kCopyIsKnown,
  kOneDatabaseKept,
  kFurthestLeads,
  kPromiseKeepsDatabase,
  kUnchangedSincePromise,
  kDatabaseIsNamed,
  kFirstStartsAlone,
  // seat
  kForeignCluster,
  kRemovedIsListed,
  kIdentityWait,
  kSeatWithoutDisk,
  // leave
  kHandsOverFirst,
  kConsentIsSigned,
  kConsentIsNoVote,
  kConsentWithdrawn,
  kOutnumberedStaysDown,
  kUnreadableIsNotFresh,
  kCopyStaysDown,
  // recovery
  kRecoverAppNamed,
  kRecoverLostOnly,
  kRecoverUnlessTheyLive,
  kRecoverMostAdvanced,
  kSupersededSigned,
  kLivingMajorityStays,
  kMajorityLivesOn,
  kChangeRemembered,
  kReturnedStaysDown,
  kFounderAsksFirst,
  // gossip
  kIncarnationDurable,
  kOnlySubjectRefutes,
  kSelfDefence,
  // work that must be done at all
  kEvicts,
  kFounds,
  kPromotes,
  kGuests,
  kVotesByEtcd,
  kCount,
};

#ifdef FLUXPG_MUTANTS
inline Guard left_out = Guard::kNone;
inline bool holds(Guard guard) { return guard != left_out; }
#else
constexpr bool holds(Guard) { return true; }
#endif

}  // namespace fluxpg
