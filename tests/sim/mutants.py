#!/usr/bin/env python3
"""Every mutant of `fluxpg-sim list-mutants` dies: with that guard left out, each scenario file that says so (`kills:`) fails, and the same
run does not with the guard in place. None depends on the luck of a random seed. A mutant that survives is a guard that nothing tests.

    mutants.py [NAME...]    only these
"""
import os
import pathlib
import re
import resource
import subprocess
import sys
import threading

PROGRAM = pathlib.Path(os.environ.get("FLUXPG_BUILD", "build")) / "bin" / "fluxpg-sim"
FILES = pathlib.Path(__file__).resolve().parents[2] / "simulation/scenario/files"
LIMIT = 60  # seconds of the processor, so that a slow or busy machine is no reason
PATIENCE = 600  # seconds: against a program that hangs

# What no run kills, and what tests the guard instead. simulation/sim/README.md says it to people.
SURVIVORS = {
    "any-signature": "nobody forges in a run; Changes.AForgedCertificateIsNeverCarriedOut",
    "carries-out-any-record": "nobody forges in a run; Changes.AForgedCertificateIsNeverCarriedOut",
    "victim-votes": "a victim whose own etcd is silent abstains anyhow; Collecting.InvalidVotesAreCountedAndOtherwiseIgnored",
    "opens-without-compare": "the key, the revision and 'no decision open' cover each other (simulation/model); "
                             "Changes.OpeningComparesTheRemoverKeyAndTheRecordsRevision",
    "refutes-after-a-lost-key": "simulation/model finds it; Changes.WhoLostTheKeyAndHasItAgainDoesNotRefute",
    "calls-without-reading-the-key": "needs a pause between two messages; Changes.AKeyThatChangedAtTheReadBackStopsTheCall",
    "calls-under-another-electorate": "the ballot's revision stops it first; Changes.AnotherListThanTheElectorateStopsTheCall",
    "victim-holds-the-key": "the last look stops its call; Campaign.TheVictimOfAnOpenDecisionDoesNotCampaign",
    "evicts-unlisted-at-once": "found by one seed in some hundreds; Plan.AnUnlistedDeadVoterIsEvictedAfterFifteenSeconds",
    "any-newcomer-replaces": "costs needless evictions only; Plan.WhoHasNotWaitedFiveMinutesListedAliveAndFreshIsNoReplacement",
    "no-budget": "costs redundancy only; Plan.TheBudgetHoldsEvictionsThatNobodyMakesGood",
    "strangers-data-may-join": "no second cluster to come from in a run; Plan.NobodyJoinsWhoIsUnlistedOrHoldsDataOrWhereEtcdWouldRefuse",
    "one-backend-unlists": "votes of a majority are needed anyhow; Listing.NeedsTwoBackendsWhileTwoAreHeard",
    "counts-for-itself": "Fresh.WhoCountsMoreThanThePlanRefuses",
    "founders-alone-promise": "Fresh.ItStartsOnlyWhenEveryFreshNodeHasPromisedAndMoreThanHalfOfAll",
    "promises-twice": "Fresh.ARoundThatIsNotHigherIsRefused",
    "promise-not-durable": "Fresh.APromiseIsDurableBeforeItIsSent",
    "starts-over-a-started-plan": "Fresh.AStartedPlanIsNotGivenUpBeforeItsTime",
    "founds-beside-a-cluster": "Fresh.AnybodyWhoKnowsAClusterBlocksEvenTheDead",
    "obeys-another-cluster": "no second cluster in a run; EtcdView.AnswersOfAnotherClusterChangeNothing",
    "sets-aside-unasked": "etcd's exit code 0 says so already; Seated.DataIsKeptWhileTheListStillNamesUs",
    "starts-at-once-on-old-data": "no cloned volume in a run; Seated.ExistingDataWaitsUntilNobodyElseHasAnsweredWithOurId",
    "copy-starts-etcd": "no cloned volume in a run; Seated.AConflictOfIdentityKeepsEtcdDown, Identities.ACopyKeepsItsEtcdDownForGood",
    "unreadable-is-fresh": "disks are readable in a run; Unreadable.DataIsNotStartedOn, Announcement.DataThatCannotBeReadIsNotAnnouncedAsFresh",
    "takes-its-seat-with-an-empty-disk": "a lost disk is a new identity in a run; Seated.NobodyJoinsAsAVoter",
    "recovers-without-app-name": "the operator of a scenario names it; Recover.OfAMajorityThatIsGoneIsDoneOnceTheAppIsNamed",
    "recovers-an-older-copy": "all copies of a run are alike; Recover.IsDoneWhereTheMostDataIs",
    "obeys-any-recovery": "nobody forges in a run; GivenUp.AForgedWordAStrangersAndOneAboutAnotherClusterChangeNothing",
    "believes-hearsay-of-life": "OneNode.OnlyAHigherIncarnationRaisesTheDead",
    "forgets-its-incarnation": "who hears of a higher incarnation of its own goes above it (gossip/core): the two cover each other",
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


def main():
    listed = subprocess.run([PROGRAM, "list-mutants"], check=True, capture_output=True, text=True).stdout.splitlines()
    names = [line.split("\t")[0] for line in listed]
    scenarios = kills()
    bad = [f"a scenario kills '{name}', which is no mutant" for name in scenarios if name not in names]
    for name in sys.argv[1:] or names:
        if name not in scenarios and name not in SURVIVORS:
            bad.append(f"nothing kills {name}")
        bad += filter(None, (die_in(name, scenario) for scenario in scenarios.get(name, [])))
    for name in SURVIVORS:
        if not sys.argv[1:]:
            print(f"{name:36} not shown to die here; instead: {SURVIVORS[name]}")
    if bad:
        print("\n".join(["FAILED:"] + bad))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
