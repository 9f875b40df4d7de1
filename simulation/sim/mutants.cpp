#include "simulation/sim/mutants.hpp"

#include <algorithm>
#include <iterator>

namespace fluxpg::simulation {

namespace {

constexpr Mutant kMutants[] = {
    // votes
    {"veto-ignored", Guard::kVeto, "decides although a voter heard from the victim"},
    {"majority-off-by-one", Guard::kMajority, "is content with one vote less than a majority"},
    {"vote-without-own-list", Guard::kOwnList, "votes before its own etcd has applied the last change"},
    {"unwell-votes", Guard::kUnwellAbstains, "votes right after it was stopped itself"},
    {"votes-on-what-it-was-too-early-to-hear", Guard::kHeardSinceItCame,
     "says dead on a ballot that came before it knew its own seat, and noted no life since"},
    {"victim-votes", Guard::kVictimsVote, "counts the victim's vote against itself"},
    {"any-signature", Guard::kSignature, "believes votes that nobody signed"},
    {"silent-etcd-consents-at-once", Guard::kSilentEtcdPatience, "takes a short silence of an etcd under a living daemon for consent"},
    {"daemon-over-dead-etcd-vetoes", Guard::kDeadEtcdIsNoLife, "takes the answer of a daemon for life of its etcd"},
    {"silence-makes-unwell", Guard::kSilenceIsNoIllness, "holds itself for ill because the victim does not answer"},
    {"late-votes-count", Guard::kBallotBound, "counts votes that come after the ballot's bound"},
    {"asks-by-etcd-at-once", Guard::kGossipFirst, "puts every ballot into etcd, although gossip brings the votes"},
    {"gossip-alone-speaks", Guard::kEtcdAnswersForItself, "takes a voter for dead whose etcd answers, because gossip misses it"},
    // the decision record
    {"decides-over-an-open-decision", Guard::kOneDecision, "decides while another decision is open"},
    {"promotes-without-last-look", Guard::kLearnerLastLook, "promotes a learner whose etcd has died since another decided it"},
    {"opens-without-compare", Guard::kCompareAndSwap, "writes a decision whatever the record and the remover key say"},
    {"no-last-look", Guard::kLastLook, "calls although the victim has come back"},
    {"leaves-too-few", Guard::kRemainingAnswer, "removes who leaves without asking the etcds of those that remain"},
    {"last-look-asks-no-etcd", Guard::kEtcdLastLook, "calls although the victim's etcd has come back, without its daemon"},
    {"successor-refutes", Guard::kOpenerRefutes, "closes a decision of another as refuted, whose call may be under way"},
    {"refutes-after-its-call", Guard::kRefuteBeforeCall, "closes its own decision as refuted after it has called"},
    {"key-written-over", Guard::kKeyUntouched, "takes the remover key for its own though somebody has written over it"},
    {"refutes-after-a-lost-key", Guard::kSameKey,
     "closes its decision as refuted although another held the key in between, and may have called"},
    {"calls-without-reading-the-key", Guard::kReadBack, "calls without looking at the remover key once more"},
    {"calls-under-another-electorate", Guard::kSameElectorate, "calls although the voters are not those that decided"},
    {"carries-out-any-record", Guard::kCertificateChecked, "carries out a decision without a valid certificate"},
    {"void-at-once", Guard::kVoidDelay, "declares a decision void while its call may be under way"},
    {"never-void", Guard::kVoidAtAll, "waits for ever for a decision that cannot be carried out"},
    {"nobody-resumes", Guard::kResume, "leaves a decision to the node that opened it"},
    {"victim-holds-the-key", Guard::kVictimHoldsNoKey, "is remover while its own removal is decided"},
    {"shadow-holds-the-key", Guard::kShadowHoldsNoKey, "removes members although it runs in shadow mode"},
    // the plan
    {"counts-from-its-own-isolation", Guard::kIsolationIsNoSilence,
     "holds the time in which it heard no majority itself against whoever is silent"},
    {"evicts-unlisted-at-once", Guard::kDwellUnlisted, "gives an unlisted member no time to come back"},
    {"evicts-listed-at-once", Guard::kDwellListed, "gives a listed member no time to come back"},
    {"any-newcomer-replaces", Guard::kReplacementWaitsLong, "takes a node that has just appeared for a replacement"},
    {"no-budget", Guard::kBudget, "evicts one after the other without waiting for new voters"},
    {"pause-ignored", Guard::kPause, "evicts while an operator has paused evictions"},
    {"planned-stop-ignored", Guard::kPlannedStop, "evicts a node that said it would be back"},
    {"promotes-without-life", Guard::kLearnerInSync, "promotes a learner without hearing from it"},
    {"even-voters", Guard::kOddVoters, "fills as many seats as there are instances, even numbers too"},
    {"unlisted-may-join", Guard::kListedJoins, "adds nodes that the API does not list"},
    {"strangers-data-may-join", Guard::kFreshJoins, "adds nodes that hold data of their own"},
    {"ghost-learner-stays", Guard::kGhostLearner, "leaves the one learner slot to a dead learner"},
    {"stuck-learner-stays", Guard::kStuckLearner, "leaves the one learner slot to a living learner that makes no progress"},
    {"no-spare", Guard::kSpare, "leaves a single voter with the only copy of etcd's data"},
    {"one-answer-unlists", Guard::kAbsenceWindow, "believes a row is gone as soon as answers lack it"},
    {"one-backend-unlists", Guard::kTwoBackends, "believes one backend against the others"},
    // founding
    {"founds-at-a-first-glance", Guard::kListSeenLongEnough, "founds without those whom the first answers of the Flux API lack"},
    {"founds-with-a-silent-listed-node", Guard::kSilentListedBlocks, "founds although a listed node is silent and may hold the only copy"},
    {"counts-for-itself", Guard::kCountsAgree, "promises a plan that counts fewer nodes than it knows"},
    {"founders-alone-promise", Guard::kEverybodyPromises, "starts a plan that not every fresh node has promised"},
    {"promises-twice", Guard::kPromiseKept, "promises a plan after it promised a later one"},
    {"promise-not-durable", Guard::kPromiseDurable, "promises before it has written the promise down"},
    {"chosen-by-promise", Guard::kChosenIsCommitted, "takes a plan for chosen before its etcd has committed it"},
    {"starts-over-a-started-plan", Guard::kStopBeforeHigherRound, "promises a later plan with the etcd of the earlier one still running"},
    {"founds-beside-a-cluster", Guard::kClusterIsJoined, "founds although somebody knows a cluster"},
    {"founds-beside-etcd-data", Guard::kLivingDataBlocks, "founds although a living node holds etcd data"},
    {"restarts-a-given-up-plan", Guard::kGivenUpForGood, "starts a plan again, with an empty disk, whose etcd it has given up"},
    {"gives-up-its-own-plan", Guard::kOwnPlanIsWaitedFor, "gives its plan up for any cluster that lives, also for that of this plan"},
    {"gives-up-as-founders-return", Guard::kReturningFounders, "gives its plan up while its founders come back and start their etcds"},
    // founding over PostgreSQL data that outlived etcd's
    {"founds-over-unread-data", Guard::kCopyIsKnown, "founds although a node does not say how far its PostgreSQL data goes"},
    {"founds-over-two-databases", Guard::kOneDatabaseKept, "founds over the data of one database while another is there"},
    {"any-copy-leads", Guard::kFurthestLeads, "lets the first copy lead, whoever goes further"},
    {"promises-another-database", Guard::kPromiseKeepsDatabase, "promises a plan that keeps another database, or a copy that is behind"},
    {"starts-over-changed-data", Guard::kUnchangedSincePromise, "starts a plan although its PostgreSQL data has changed since the promise"},
    {"founds-without-naming-the-database", Guard::kDatabaseIsNamed, "founds over data without telling Patroni which database it is"},
    {"all-start-at-once", Guard::kFirstStartsAlone, "starts PostgreSQL before the copy that goes furthest leads"},
    // its own seat
    {"copy-starts-etcd", Guard::kCopyStaysDown, "starts its etcd beside another node with its own identity"},
    {"unreadable-is-fresh", Guard::kUnreadableIsNotFresh, "takes data that it cannot read for no data"},
    {"starts-beside-a-serving-cluster", Guard::kOutnumberedStaysDown, "serves data of an old cluster beside the one that serves now"},
    {"obeys-another-cluster", Guard::kForeignCluster, "takes the answers of another cluster for its own"},
    {"sets-aside-unasked", Guard::kRemovedIsListed, "sets its data aside without a list that says it was removed"},
    {"starts-at-once-on-old-data", Guard::kIdentityWait, "starts etcd without asking whether its identity lives elsewhere"},
    {"takes-its-seat-with-an-empty-disk", Guard::kSeatWithoutDisk, "starts etcd on an empty disk under an id that has voted"},
    // leave
    {"hands-nothing-over", Guard::kHandsOverFirst, "consents to its removal while it leads etcd or is PostgreSQL's primary"},
    {"leaves-unasked", Guard::kConsentIsSigned, "removes a living member that has not signed its consent to this very decision"},
    {"consent-is-a-vote", Guard::kConsentIsNoVote, "counts the consent of the one that leaves as a vote of the others"},
    {"old-consent-counts", Guard::kConsentWithdrawn, "removes a living member that has taken its consent back"},
    // recovery
    {"recovers-without-app-name", Guard::kRecoverAppNamed, "recovers although the operator did not name the app"},
    {"recovers-while-a-majority-lives", Guard::kRecoverLostOnly, "recovers although etcd has its majority"},
    {"recovers-over-voters-that-may-live", Guard::kRecoverUnlessTheyLive, "recovers although those it cannot hear may be a majority"},
    {"recovers-an-older-copy", Guard::kRecoverMostAdvanced, "recovers although another survivor has newer data"},
    {"obeys-any-recovery", Guard::kSupersededSigned, "gives way to a recovered cluster on anybody's word"},
    {"believes-a-leader-of-yesterday", Guard::kMajorityLivesOn,
     "remembers for ever that its majority lives, because an etcd said so before both stood still"},
    {"forgets-the-change-it-calls", Guard::kChangeRemembered,
     "calls a promotion or a removal without a note on its disk that the voters may be others afterwards"},
    {"living-majority-gives-way", Guard::kLivingMajorityStays, "sets the data of a majority that lives aside for a recovered cluster"},
    {"returns-beside-the-recovered", Guard::kReturnedStaysDown, "starts etcd on data of a cluster that was given up meanwhile"},
    {"founder-starts-unasked", Guard::kFounderAsksFirst,
     "starts etcd again on the data of a founding plan without asking a living cluster what became of it"},
    // gossip
    {"forgets-its-incarnation", Guard::kIncarnationDurable, "starts again with an incarnation that others hold dead"},
    {"believes-hearsay-of-life", Guard::kOnlySubjectRefutes, "takes anybody's word that a dead node lives"},
    {"does-not-refute", Guard::kSelfDefence, "lets itself be called dead"},
    // work that must be done at all
    {"never-evicts", Guard::kEvicts, "plans no eviction"},
    {"never-bootstraps", Guard::kFounds, "founds no cluster"},
    {"never-promotes", Guard::kPromotes, "leaves learners learners"},
    {"votes-by-gossip-only", Guard::kVotesByEtcd, "never asks for votes by way of etcd"},
    {"no-guests", Guard::kGuests, "runs no database without a seat in etcd"},
};

}  // namespace

const std::vector<Mutant>& mutants() {
  static const std::vector<Mutant> kAll(std::begin(kMutants), std::end(kMutants));
  return kAll;
}

std::optional<Guard> find_mutant(const std::string& name) {
  const auto found = std::find_if(std::begin(kMutants), std::end(kMutants), [&name](const Mutant& mutant) { return mutant.name == name; });
  return found == std::end(kMutants) ? std::nullopt : std::optional(found->guard);
}

}  // namespace fluxpg::simulation
