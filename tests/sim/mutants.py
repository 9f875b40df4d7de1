#!/usr/bin/env python3
"""Every mutant of `fluxpg-sim list-mutants` dies: with that guard left out, each scenario file that says so (`kills:`) fails, and the same
run does not with the guard in place; or else the unit test named below does. None depends on the luck of a random seed. A mutant that
survives is a guard that nothing tests.

    mutants.py [NAME...]    only these
"""
import os
import pathlib
import re
import resource
import subprocess
import sys
import threading

BIN = pathlib.Path(os.environ.get("FLUXPG_BUILD", "build")) / "bin"
PROGRAM = BIN / "fluxpg-sim"
FILES = pathlib.Path(__file__).resolve().parents[2] / "simulation/scenario/files"
LIMIT = 60  # seconds of the processor, so that a slow or busy machine is no reason
PATIENCE = 600  # seconds: against a program that hangs

# Mutants whose harm a simulated cluster cannot show (another guard stands before it, or it needs what no run makes), and the unit test that
# each one fails: the same sources as in the daemon, compiled with guards that can be left out (tests/CMakeLists.txt).
CORE, GOSSIP, VERDICT, DISCOVERY = "supervisor_core_test", "gossip_core_test", "verdict_test", "discovery_test"
UNIT_TESTS = {
    "votes-on-what-it-was-too-early-to-hear": (CORE, "Voting.ABallotThatCameBeforeItKnewItsOwnSeatIsNotAnsweredWithDead"),
    "founds-beside-etcd-data": (CORE, "TwoOfThree.WhoLivesWithEtcdDataBlocksAlsoIfNobodyListsIt"),
    "gives-up-as-founders-return": (CORE, "Founds.APlanHasItsTimeAgainWhenAFounderIsBack"),
    "restarts-a-given-up-plan": (CORE, "GaveUp.ItsPlanIsNeverPromisedNorStartedAgain"),
    "victim-votes": (VERDICT, "Tally.TheVictimMayVetoButNotVoteItselfDead"),
    "late-votes-count": (CORE, "Opener.AVoteAfterTheBoundDoesNotCountHoweverLongItLayThere"),
    "asks-by-etcd-at-once": (CORE, "Opener.NothingIsWrittenWhileGossipBringsTheVotes"),
    "opens-without-compare": (CORE, "Changes.ARecordThatChangedSinceTheBallotIsNotOverwritten"),
    "calls-without-reading-the-key": (CORE, "Changes.AKeyThatChangedAtTheReadBackStopsTheCall"),
    "calls-under-another-electorate": (CORE, "Changes.AnotherListThanTheElectorateStopsTheCall"),
    "victim-holds-the-key": (CORE, "Campaign.TheVictimOfAnOpenDecisionDoesNotCampaign"),
    "promotes-without-life": (CORE, "Plan.ALearnerIsPromotedOnlyInSyncAndOnlyIntoAnEmptySeat"),
    "strangers-data-may-join": (CORE, "Plan.NobodyJoinsWhoIsUnlistedOrHoldsDataOrWhereEtcdWouldRefuse"),
    "one-backend-unlists": (DISCOVERY, "Listing.NeedsTwoBackendsWhileTwoAreHeard"),
    "counts-for-itself": (CORE, "Fresh.WhoCountsMoreThanThePlanRefuses"),
    "founders-alone-promise": (CORE, "Fresh.ItStartsOnlyWhenEveryFreshNodeHasPromisedAndMoreThanHalfOfAll"),
    "founds-over-unread-data": (CORE, "Holding.ACopyOfWhichNotAllIsKnownBlocks"),
    "promises-another-database": (CORE, "Holding.APlanThatMakesANewDatabaseOrKeepsAnotherCopyIsRefused"),
    "starts-over-changed-data": (CORE, "Holding.APlanIsNotStartedOverDataThatHasChangedSinceItWasPromised"),
    "founds-without-naming-the-database": (CORE, "Holding.TheFoundingNamesTheDatabaseToPatroniInTheSameTransaction"),
    "promises-twice": (CORE, "Fresh.ARoundThatIsNotHigherIsRefused"),
    "promise-not-durable": (CORE, "Fresh.APromiseIsDurableBeforeItIsSent"),
    "starts-over-a-started-plan": (CORE, "Founds.AStartedPlanIsNotGivenUpBeforeItsTime"),
    "founds-beside-a-cluster": (CORE, "Fresh.AnybodyWhoKnowsAClusterBlocksEvenTheDead"),
    "obeys-another-cluster": (CORE, "EtcdView.AnswersOfAnotherClusterChangeNothing"),
    "sets-aside-unasked": (CORE, "Seated.DataIsKeptWhileTheListStillNamesUs"),
    "starts-at-once-on-old-data": (CORE, "Seated.ExistingDataWaitsUntilNobodyElseHasAnsweredWithOurId"),
    "leaves-too-few": (CORE, "Leaves.WhereTooFewEtcdsRemainNobodyIsRemovedAndInTheEndItIsVoid"),
    "last-look-asks-no-etcd": (CORE, "Changes.AVictimWhoseEtcdAnswersTheLastLookIsNotCalledForThoughItsDaemonIsDead"),
    "counts-from-its-own-isolation": (CORE, "Facts.NobodyIsHeldSilentForLongerThanAMajorityIsHeard"),
    "takes-its-seat-with-an-empty-disk": (CORE, "Seated.NobodyJoinsAsAVoter"),
    "believes-hearsay-of-life": (GOSSIP, "OneNode.OnlyAHigherIncarnationRaisesTheDead"),
    "forgets-its-incarnation": (CORE, "NextLife.BeginsAboveEveryIncarnationOfTheLast"),
    "leaves-unasked": (VERDICT, "Tally.AConsentToLeaveIsNeededAndCountsForNobodyElse"),
    "copy-starts-etcd": (CORE, "ACopy.DoesNotStartItsEtcdBesideTheOriginal"),
    "recovers-without-app-name": (CORE, "Recover.OfAMajorityThatIsGoneIsDoneOnceTheAppIsNamed"),
    "recovers-an-older-copy": (CORE, "Recover.IsDoneWhereTheMostDataIs"),
    "obeys-any-recovery": (CORE, "GivenUp.AForgedWordAStrangersAndOneAboutAnotherClusterChangeNothing"),
    "unreadable-is-fresh": (CORE, "Announcement.DataThatCannotBeReadIsNotAnnouncedAsFresh"),
}


def kills():
    """Which scenario files say that they kill which mutant."""
    found = {}
    for path in sorted(FILES.glob("*.yaml")):
        said = re.search(r"^kills: *\[(.*)\]", path.read_text(), re.M)
        for name in said.group(1).split(",") if said else []:
            found.setdefault(name.strip(), []).append(path)
    return found


def limit_processor():
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))


def first_violation(arguments):
    """The first line that tells of a violation, or None if there is none, and the seconds of the processor that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([PROGRAM, "run", "--jobs", "1", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=limit_processor)
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    broken = next((line.strip() for line in process.stdout if re.match(r"seed \d+ at \d+ s: ", line)), None)
    if broken:
        process.kill()
    said = process.stderr.read()
    process.wait()
    timer.cancel()
    if not broken and process.returncode != (1 if "--mutant" in arguments else 0):
        sys.exit(f"{' '.join(arguments)}: ended with {process.returncode}: {said[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return broken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def die_in(name, scenario):
    """Why this mutant does not die in this scenario as it should; None if it does."""
    run = ["--scenario", str(scenario)]
    broken, seconds = first_violation(["--mutant", name, *run])
    print(f"{name:36} {seconds:5.1f} s  {scenario.stem}: {broken or 'SURVIVES'}"[:220].replace(str(FILES) + "/", ""), flush=True)
    if not broken:
        return f"{name} survives {scenario.name}"
    innocent, _ = first_violation([*run, "--seeds", re.match(r"seed (\d+)", broken).group(1)])
    return f"{name}: with the guard in place too: {innocent}" if innocent else None


def run_test(name, program, test):
    """Whether that one test passed, and what the program said."""
    environment = {**os.environ, "FLUXPG_MUTANT": name} if name else {k: v for k, v in os.environ.items() if k != "FLUXPG_MUTANT"}
    done = subprocess.run([BIN / f"{program}-mutants", f"--gtest_filter={test}", "--gtest_color=no"], capture_output=True, text=True,
                          timeout=PATIENCE, env=environment)
    if f"[ RUN      ] {test}" not in done.stdout:
        sys.exit(f"{program}: there is no test {test}, or it did not start: {(done.stdout + done.stderr)[-500:]}")
    return done.returncode == 0 and "[  PASSED  ] 1 test." in done.stdout, done.stdout


def die_at(name, program, test):
    """Why this mutant does not die in this unit test as it should; None if it does."""
    passed, said = run_test(name, program, test)
    failure = re.search(r"(\S+):(\d+): Failure", said)
    where = f"{pathlib.Path(failure.group(1)).name}:{failure.group(2)} fails" if failure else "it crashes"
    print(f"{name:36}    unit  {test}: {'SURVIVES' if passed else where}", flush=True)
    if passed:
        return f"{name} survives {test}"
    return None if run_test(None, program, test)[0] else f"{name}: {test} fails with the guard in place too"


def main():
    listed = subprocess.run([PROGRAM, "list-mutants"], check=True, capture_output=True, text=True).stdout.splitlines()
    names = [line.split("\t")[0] for line in listed]
    scenarios = kills()
    bad = [f"a scenario kills '{name}', which is no mutant" for name in scenarios if name not in names]
    for name in sys.argv[1:] or names:
        if name not in scenarios and name not in UNIT_TESTS:
            bad.append(f"nothing kills {name}")
        bad += filter(None, (die_in(name, scenario) for scenario in scenarios.get(name, [])))
        if name in UNIT_TESTS:
            bad += filter(None, [die_at(name, *UNIT_TESTS[name])])
    bad += [f"a unit test kills '{name}', which is no mutant" for name in UNIT_TESTS if name not in names]
    if bad:
        print("\n".join(["FAILED:"] + bad))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
