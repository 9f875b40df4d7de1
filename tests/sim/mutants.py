#!/usr/bin/env python3
"""Every mutant of `fluxpg-sim list-mutants` dies: with that guard left out, a scenario that says so, or a random seed, breaks something
within a minute, and nothing is broken in the same runs with the guard in place. A mutant that survives is a guard that nothing tests.

    mutants.py [NAME...]    only these; --hunt: also those of SURVIVORS, which are known to live
"""
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

PROGRAM = pathlib.Path(os.environ.get("FLUXPG_BUILD", "build")) / "bin" / "fluxpg-sim"
FILES = pathlib.Path(__file__).resolve().parents[2] / "simulation/scenario/files"
LIMIT = 60  # seconds

# Where chance finds them first; only a hint: if it is true no more, the seeds are searched from the first one on.
HINTS = {"unlisted-may-join": "133", "promotes-without-life": "72", "promises-twice": "134", "daemon-over-dead-etcd-vetoes": "93"}

# What no run kills, and what tests the guard instead. simulation/sim/README.md says it to people; a name here that dies is a failure too.
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
    "promise-not-durable": "Fresh.APromiseIsDurableBeforeItIsSent",
    "starts-over-a-started-plan": "Fresh.AStartedPlanIsNotGivenUpBeforeItsTime",
    "founds-beside-a-cluster": "Fresh.AnybodyWhoKnowsAClusterBlocksEvenTheDead",
    "obeys-another-cluster": "no second cluster in a run; EtcdView.AnswersOfAnotherClusterChangeNothing",
    "sets-aside-unasked": "etcd's exit code 0 says so already; Seated.DataIsKeptWhileTheListStillNamesUs",
    "starts-at-once-on-old-data": "no cloned volume in a run; Seated.ExistingDataWaitsUntilNobodyElseHasAnsweredWithOurId",
    "takes-its-seat-with-an-empty-disk": "a lost disk is a new identity in a run; Seated.NobodyJoinsAsAVoter",
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


def first_violation(arguments, limit):
    """The first line that tells of a violation, or None if there is none within `limit` seconds."""
    process = subprocess.Popen([PROGRAM, "run", "--jobs", "1", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    timer = threading.Timer(limit, process.kill)
    timer.start()
    try:
        for line in process.stdout:
            if re.match(r"seed \d+ at \d+ s: ", line):
                return line.strip()
        return None
    finally:
        timer.cancel()
        process.kill()
        process.wait()


def kill(name, scenarios):
    """How the mutant dies: the run, and what it broke. None if it survives."""
    start = time.monotonic()
    runs = [["--scenario", str(path)] for path in scenarios]
    if name in HINTS:
        runs.append(["--seeds", HINTS[name]])
    if not scenarios:
        runs.append(["--seeds", "1-100000"])
    for run in runs:
        broken = first_violation(["--mutant", name, *run], LIMIT - (time.monotonic() - start))
        if broken:
            return run, broken
    return None


def main():
    only = [name for name in sys.argv[1:] if not name.startswith("-")]
    hunt = "--hunt" in sys.argv
    listed = subprocess.run([PROGRAM, "list-mutants"], check=True, capture_output=True, text=True).stdout.splitlines()
    names = [line.split("\t")[0] for line in listed]
    scenarios = kills()
    bad = [f"a scenario kills '{name}', which is no mutant" for name in scenarios if name not in names]
    for name in names:
        if (only and name not in only) or (name in SURVIVORS and not hunt):
            continue
        start = time.monotonic()
        death = kill(name, scenarios.get(name, []))
        seconds = time.monotonic() - start
        if death is None:
            print(f"{name:36} SURVIVES {LIMIT} s", flush=True)
            bad.append(name + " survives")
            continue
        run, broken = death
        seed = re.match(r"seed (\d+)", broken).group(1)
        same = ["--seeds", seed] if run[0] == "--seeds" else run
        innocent = first_violation(same, LIMIT)
        print(f"{name:36} {seconds:5.1f} s  {pathlib.Path(run[1]).stem if run[0] == '--scenario' else 'random'}: {broken[:110]}", flush=True)
        if innocent:
            bad.append(f"{name}: with the guard in place too: {innocent}")
    for name in SURVIVORS:
        if not only:
            print(f"{name:36} not shown to die here; instead: {SURVIVORS[name]}")
    if bad:
        print("\n".join(["FAILED:"] + bad))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
