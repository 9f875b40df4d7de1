#!/usr/bin/env python3
"""What an idle daemon costs: CPU of one core, memory, bytes on the wire; a Serf agent in the same namespaces at the same time.

usage: idle_cost.py NODES [SECONDS]     Each number is one per node; p50 and p99 are over the nodes.
"""
import glob
import os
import re
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]
from measure import write_result  # noqa: E402
from native import Cluster, read, run  # noqa: E402
import serf  # noqa: E402

GOSSIP = 7946
SETTLE = 15  # seconds from healthy to the first look: founding, promotion and the first syncs are over


def cpu_seconds(pid):
    """Of all threads, to the nanosecond (stat counts in ticks of 10 ms)."""
    return sum(int(read(path).split()[0]) for path in glob.glob(f"/proc/{pid}/task/*/schedstat")) / 1e9


def memory_mb(pid, field):
    return int(re.search(rf"^{field}:\s+(\d+) kB", read(f"/proc/{pid}/smaps_rollup"), re.M).group(1)) / 1024


def private_mb(pid):
    return memory_mb(pid, "Private_Clean") + memory_mb(pid, "Private_Dirty")


def count_bytes(node):
    """Rules that let everything pass and count it: IP packets as they are, headers included."""
    for port in (GOSSIP, serf.PORT):
        for protocol, side in (("tcp", "dport"), ("tcp", "sport"), ("udp", "dport")):
            run("ip", "netns", "exec", node.ns, "iptables", "-A", "OUTPUT", "-p", protocol, f"--{side}", str(port))


def bytes_sent(node, port):
    """None without iptables."""
    out = run("ip", "netns", "exec", node.ns, "iptables", "-L", "OUTPUT", "-v", "-x", "-n", check=False).stdout
    return sum(int(line.split()[1]) for line in out.splitlines() if re.search(rf"[ds]pt:{port}\b", line))


def take(cluster, ring):
    for node in cluster.nodes:
        pids = {"ours": node.pid_of("fluxpgd")[0], "serf": ring.agent(node).process.pid}
        for who, port in (("ours", GOSSIP), ("serf", serf.PORT)):
            yield who, node, {"pid": pids[who], "at": time.monotonic(), "cpu": cpu_seconds(pids[who]), "bytes": bytes_sent(node, port)}


def main(size, seconds=60):
    counts = shutil.which("iptables") is not None
    with Cluster(size, settings={"log.level": "info", "flux.poll_period": "60s"}) as cluster:
        cluster.start()
        cluster.wait_healthy(size)
        with serf.Ring(cluster.nodes) as ring:
            if counts:
                for node in cluster.nodes:
                    count_bytes(node)
            time.sleep(SETTLE)
            before = {(who, node): seen for who, node, seen in take(cluster, ring)}
            time.sleep(seconds)
            after = {(who, node): seen for who, node, seen in take(cluster, ring)}
            report(size, seconds, before, after, counts)


def report(size, seconds, before, after, counts):
    def each(who, value):
        return [value(before[key], after[key]) for key in after if key[0] == who]

    def both(name, unit, value, goal=None, **more):
        write_result(f"idle_{name}_n{size}", unit, each("ours", value), "serf agent", each("serf", value), goal=goal, **more)

    def rate(what):
        return lambda a, b: (b[what] - a[what]) / (b["at"] - a["at"])

    both("cpu", "% of a core", lambda a, b: 100 * rate("cpu")(a, b), goal={"p50": 0.2}, note=f"over {seconds} s")
    both("rss", "MB", lambda _, b: memory_mb(b["pid"], "Rss"), goal={"p50": 10},
         note="shared libraries count in full; Serf is one static file")
    both("private_memory", "MB", lambda _, b: private_mb(b["pid"]), note="what would be free if the process ended")
    if counts:
        both("wire", "bytes/s a node", rate("bytes"), goal={"p50": 1024},
             note="sent, encrypted, IP headers and TCP acknowledgements included")


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("serf"):
        print("skipped: it needs root for network namespaces, and serf")
        sys.exit(77)
    sys.stdout.reconfigure(line_buffering=True)
    main(*[int(a) for a in sys.argv[1:]])
