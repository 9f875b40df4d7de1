#!/usr/bin/env python3
"""How long from the event to: suspected by all, the agreed verdict, the removal; Serf's `failed` in the same rounds.

usage: detection.py killed|vanished [ROUNDS]
  killed    SIGKILL to every process of one of three nodes, and its row deleted from the mock at the same moment; it comes back with an
            empty disk as another node. Every third round hits the remover.
  vanished  one of three nodes is cut off the network: nothing answers, nothing refuses. It stays listed, so nobody is removed.
"""
import os
import shutil
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]
from measure import logged, write_result  # noqa: E402
from native import Cluster, wait_until  # noqa: E402
from serf import Ring  # noqa: E402

WINDOW = 10  # listing.absence_window in native.py, seconds
CALM = 5  # seconds after a healed cut: what is left of it would look like the next one


class Round:
    """One event, and when what was seen of it, in Unix seconds."""

    def __init__(self, cluster, victim):
        self.cluster, self.victim = cluster, victim
        self.others = [n for n in cluster.nodes if n is not victim]
        self.member = next(i for i, (name, _) in self.others[0].members().items() if name == victim.name)
        self.remover_hit = cluster.remover() is victim
        rows = self.others[0].json("status")["members"]
        self.leader_hit = any(row["etcd"]["leader"] for row in rows if row["etcd"]["member_id"] == self.member)
        self.agreed = None

    def kill(self):
        programs = [pid for name in ("fluxpgd", "etcd") for pid in self.victim.pid_of(name)]
        self.at = time.time()
        for pid in [self.victim.process.pid] + programs:  # supervisord first, so that it restarts nothing
            os.kill(pid, signal.SIGKILL)
        self.victim.process.wait(timeout=10)
        self.cluster.list_only(self.others)

    def cut(self):
        self.at = time.time()
        self.cluster.cut(self.victim)

    def see_agreement(self):
        def agreed(node):
            ballot = node.json("status")["ballot"]
            if not ballot or ballot["member_id"] != self.member or ballot["seconds_ago"] >= self.after(time.time()):
                return False  # none, another's, or that of an earlier round
            return ballot["state"] == "agreed dead"
        wait_until("an agreed verdict", lambda: any(agreed(n) for n in self.others), 60, step=0.03)
        self.agreed = time.time()

    def see_removal(self):
        wait_until("the removal", lambda: self.member not in self.others[0].members(), 90, step=0.1)
        self.removed = time.time()

    def after(self, moment):
        return moment - self.at

    def suspected_by_all(self):
        said = [logged(n.log(), f"{self.victim.name} is suspect", self.at) for n in self.others]
        return max(said) - self.at if all(said) else None

    def earliest(self, sentence, since):
        """Seconds until one of the others logged this sentence."""
        return min(at for at in (logged(n.log(), sentence, since) for n in self.others) if at) - since


def pick(cluster, number):
    remover, _ = wait_until("a remover", cluster.remover, 30)
    if number % 3 == 2:
        return remover
    return [n for n in cluster.nodes if n is not remover][number % 2]


def killed(cluster, ring, rounds, results):
    for number in range(rounds):
        r = Round(cluster, pick(cluster, number))
        r.kill()
        r.see_agreement()
        r.see_removal()
        results["suspected"].append(r.suspected_by_all())
        results["agreed_remover" if r.remover_hit else "agreed"].append(r.after(r.agreed))
        if not r.remover_hit:
            results["leader_hit"].append(r.leader_hit)
        results["removed"].append(r.after(r.removed))
        if r.remover_hit:
            results["takeover"].append(r.earliest("this node is the remover now", r.at))
        shutil.rmtree(f"{r.victim.home}/etcd")
        r.victim.start()
        cluster.list_only(cluster.nodes)
        started = time.time()
        results["serf"].append(serf_killed(ring, ring.agent(r.victim)))  # while the newcomer joins: Serf waits for timers, not for a core
        wait_until("three voters", lambda: sorted(learner for _, learner in r.others[0].members().values()) == [False] * 3, 90)
        wait_until("all daemons see them", lambda: all(n.json("status")["voters_live"] == 3 for n in cluster.nodes), 60)
        results["voter"].append(r.earliest("closed as done: etcdctl member promote", started))
        results["settled"].append(time.time() - started)
        tell(number, r, results)
    report_killed(results)


def serf_killed(ring, agent):
    at = agent.kill()
    took = ring.failed_everywhere(agent) - at
    agent.start()
    ring.rejoin(agent)
    return took


def report_killed(results):
    serf = ("serf failed everywhere", results["serf"])
    write_result("killed_suspected_by_all", "s", results["suspected"], *serf, goal={"p50": 0.3, "p99": 0.5})
    write_result("killed_agreed_verdict", "s", results["agreed"], *serf, note="the remover survives",
                 etcd_leader_hit=results["leader_hit"])
    write_result("killed_remover_agreed_verdict", "s", results["agreed_remover"], *serf, note="the killed node was the remover")
    write_result("killed_removed", "s", results["removed"], *serf, note=f"unlisted when killed; absence window {WINDOW} s",
                 goal={"p99": WINDOW + 15})
    write_result("killed_removed_after_window", "s", [s - WINDOW for s in results["removed"]], goal={"p99": 15})
    write_result("remover_killed_takeover", "s", results["takeover"], goal={"p99": 10})
    write_result("empty_node_voter", "s", results["voter"], goal={"p99": 20}, note="started with an empty disk -> promotion closed as done")


def vanished(cluster, ring, rounds, results):
    for number in range(rounds):
        r = Round(cluster, pick(cluster, number))
        agent = ring.agent(r.victim)
        r.cut()
        serf = []
        watcher = threading.Thread(target=lambda: serf.append(ring.failed_everywhere(agent) - r.at))
        watcher.start()
        r.see_agreement()
        watcher.join()
        results["suspected"].append(r.suspected_by_all())
        results["agreed_remover" if r.remover_hit else "agreed"].append(r.after(r.agreed))
        if not r.remover_hit:
            results["leader_hit"].append(r.leader_hit)
        results["serf"].extend(serf)
        cluster.heal(r.victim)
        healed = time.time()
        ring.rejoin(agent)
        cluster.wait_healthy(3, timeout=90)
        results["settled"].append(time.time() - healed)
        time.sleep(CALM)
        tell(number, r, results)
    serf = ("serf failed everywhere", results["serf"])
    write_result("vanished_suspected_by_all", "s", results["suspected"], *serf)
    write_result("vanished_agreed_verdict", "s", results["agreed"], *serf, goal={"p50": 3, "p99": 5}, note="the remover survives",
                 etcd_leader_hit=results["leader_hit"])
    write_result("vanished_remover_agreed_verdict", "s", results["agreed_remover"], *serf, note="the vanished node was the remover")


def tell(number, r, results):
    hit = "".join(f" ({name})" for name, is_it in (("remover", r.remover_hit), ("etcd leader", r.leader_hit)) if is_it)
    last = [f"{name} {values[-1]:.2f}" for name, values in results.items() if values and name != "leader_hit"]
    print(f"round {number + 1}{hit}: " + ", ".join(last))


def main(event, rounds=None):
    rounds = int(rounds or os.environ.get("FLUXPG_BENCH_ROUNDS", 20 if event == "killed" else 12))
    names = ("suspected", "agreed", "agreed_remover", "removed", "takeover", "serf", "voter", "settled", "leader_hit")
    results = {name: [] for name in names}
    with Cluster(3, settings={"log.level": "info"}) as cluster:
        cluster.start()
        cluster.wait_healthy(3)
        with Ring(cluster.nodes) as ring:
            (killed if event == "killed" else vanished)(cluster, ring, rounds, results)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("killed", "vanished"):
        print(__doc__)
        sys.exit(64)
    if os.geteuid() != 0 or not shutil.which("serf"):
        print("skipped: it needs root for network namespaces, and serf")
        sys.exit(77)
    sys.stdout.reconfigure(line_buffering=True)
    main(*sys.argv[1:])
