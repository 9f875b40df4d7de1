#!/usr/bin/env python3
"""`fluxpgctl status` against `serf members`, whole processes from fork to exit, in turns, at N = 3. usage: status_call.py [ROUNDS]"""
import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]
from measure import write_result  # noqa: E402
from native import BIN, Cluster  # noqa: E402
import serf  # noqa: E402


@contextlib.contextmanager
def network_of(node):
    """So that neither call carries the cost of an `ip netns exec`."""
    def enter(namespace):
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0x40000000) != 0:  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), "setns")

    with open("/proc/self/ns/net") as own, open(f"/run/netns/{node.ns}") as inside:
        enter(inside)
        try:
            yield
        finally:
            enter(own)  # whatever lives in a node's namespace is killed with it


def milliseconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


def main(rounds=200):
    with Cluster(3, settings={"log.level": "info"}) as cluster:
        cluster.start()
        cluster.wait_healthy(3)
        with serf.Ring(cluster.nodes):
            time.sleep(5)
            node = cluster.nodes[0]
            ctl = [f"{BIN}/fluxpgctl", "--socket", f"{node.home}/run/status.sock", "status"]
            members = ["serf", "members", f"-rpc-addr=127.0.0.1:{serf.RPC}"]
            with network_of(node):
                milliseconds(ctl), milliseconds(members)  # the first one reads the files from disk
                pairs = [(milliseconds(ctl), milliseconds(members)) for _ in range(rounds)]
    write_result("status_call", "ms", [p[0] for p in pairs], "serf members", [p[1] for p in pairs], goal={"p50": 10})


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("serf"):
        print("skipped: it needs root for network namespaces, and serf")
        sys.exit(77)
    main(*[int(a) for a in sys.argv[1:]])
