#!/usr/bin/env python3
"""etcd's data is lost on every node, PostgreSQL's is not: real etcd, PostgreSQL, Patroni and fluxpgd; skipped where these are not installed.

PostgreSQL's own rows, system identifier and timeline are the oracle. usage: test_etcd_lost.py SCENARIO | --list
FLUXPG_PATRONI: a command line for a Patroni that is not in the PATH.
"""
import contextlib
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from native import APP, Cluster, Node, read, run, wait_until  # noqa: E402
from test_native import check, main  # noqa: E402
from test_recover import says  # noqa: E402

PATRONI = os.environ.get("FLUXPG_PATRONI") or shutil.which("patroni")
BINARIES = (sorted(glob.glob("/usr/lib/postgresql/*/bin")) or [None])[-1]


class DatabaseNode(Node):
    """With PostgreSQL's directories of its own: they have fixed names, so each node sees others under them."""

    def write_files(self):
        self.settings = {"patroni.manage": True, "postgres.data_dir": "/var/lib/postgresql/data", "postgres.major": int(BINARIES.split("/")[4])}
        super().write_files()
        for folder in ("pg", "pg/data", "pg-run"):
            os.makedirs(f"{self.home}/{folder}", mode=0o700, exist_ok=True)
            shutil.chown(f"{self.home}/{folder}", "postgres")
        with open(f"{self.home}/supervisord.conf", "a") as file:
            file.write(f"""[program:patroni]
command=/usr/bin/env -i PATH=/usr/bin:/bin HOME=/var/lib/postgresql LANG=C.UTF-8 {PATRONI} {self.home}/patroni.yml
directory=/
user=postgres
autostart=false
autorestart=true
startretries=1000000
stopwaitsecs=70
stdout_logfile={self.home}/log/patroni.log
redirect_stderr=true
""")

    def start(self):
        self.write_files()
        mounts = f"mount --bind {self.home}/pg /var/lib/postgresql && mount --bind {self.home}/pg-run /var/run/postgresql"
        self.process = subprocess.Popen(["ip", "netns", "exec", self.ns, "sh", "-c",
                                         f"{mounts} && exec supervisord -n -c {self.home}/supervisord.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def kill(self):
        """Power is lost."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=30)
        wait_until("all its processes are gone", lambda: not self.pids(), 10)

    def lose_etcd(self):
        """The container is made anew with PostgreSQL's volume alone."""
        shutil.rmtree(f"{self.home}/etcd")
        shutil.rmtree(f"{self.home}/pg-run")

    def sql(self, statement):
        answer = run("ip", "netns", "exec", self.ns, "env", "PGPASSWORD=super-secret", "PGCONNECT_TIMEOUT=3", "psql", "-h", "127.0.0.1",
                     "-U", "postgres", "-qAtc", statement, check=False, timeout=20)
        if answer.returncode != 0:
            raise RuntimeError(answer.stderr.strip())
        return answer.stdout.strip()

    def rows(self):
        return self.sql("SELECT string_agg(what, ',' ORDER BY what) FROM witness")

    def system_id(self):
        return self.sql("SELECT system_identifier FROM pg_control_system()")

    def runs_patroni(self):
        return any("patroni.yml" in read(f"/proc/{pid}/cmdline") for pid in self.pids())


def cluster_with_a_database():
    cluster = Cluster(3)
    cluster.nodes = [DatabaseNode(cluster, i + 1) for i in range(3)]
    cluster.listed = list(cluster.nodes)
    return cluster


def primary(nodes):
    for node in nodes:
        with contextlib.suppress(RuntimeError):
            if node.sql("SELECT pg_is_in_recovery()") == "f":
                return node
    return None


def run_until_three_have_it(cluster):
    """The primary, and the two others, each with the first row."""
    cluster.start()
    cluster.wait_healthy(3, 90)
    leader, _ = wait_until("there is a primary", lambda: primary(cluster.nodes), 60)
    others = [node for node in cluster.nodes if node != leader]
    leader.sql("CREATE TABLE witness (what text); INSERT INTO witness VALUES ('1 all have this')")
    for node in others:
        wait_until(f"{node.name} streams", lambda n=node: n.rows() == "1 all have this", 90)
    return leader, others


def the_copy_with_the_latest_writes_leads_and_the_database_is_kept():
    with cluster_with_a_database() as cluster:
        leader, (first, second) = run_until_three_have_it(cluster)
        database = leader.system_id()
        first.kill()
        leader.sql("INSERT INTO witness VALUES ('2 the first lacks this')")
        wait_until("the second has it", lambda: "2 the" in second.rows(), 30)
        second.kill()
        leader.sql("INSERT INTO witness VALUES ('3 the primary alone has this')")
        leader.kill()
        for node in cluster.nodes:
            node.lose_etcd()

        cluster.start([first, second])
        wait_until("they wait for the silent one", lambda: all(says(n, f"{leader.address} is listed and silent") for n in (first, second)), 60)
        time.sleep(15)
        check(not first.runs_patroni() and not second.runs_patroni(), "PostgreSQL was started without the latest copy")
        begun = time.monotonic()
        leader.start()
        wait_until("it leads and takes a write", lambda: leader.sql("INSERT INTO witness VALUES ('4 after etcd was lost')") == "", 90)
        print(f"  all back to the first write: {time.monotonic() - begun:.1f} s")
        check(leader.etcdctl("get", "--print-value-only", f"/service/{APP}/initialize").stdout.strip() == database, "Patroni's initialize key")
        for node in cluster.nodes:
            wait_until(f"all rows are on {node.name}", lambda n=node: n.rows() == leader.rows(), 120)
            check(node.system_id() == database, f"{node.name} has another database")
        check(leader.rows().count(",") == 3, f"rows: {leader.rows()}")
        cluster.wait_healthy(3, 90)


def copies_of_two_databases_block_and_are_named():
    with cluster_with_a_database() as cluster:
        leader, (first, second) = run_until_three_have_it(cluster)
        database = leader.system_id()
        for node in (first, second, leader):
            node.kill()
            node.lose_etcd()
        shutil.rmtree(f"{second.home}/pg/data")
        run("runuser", "-u", "postgres", "--", f"{BINARIES}/initdb", "-D", f"{second.home}/pg/data", timeout=180)
        cluster.start()
        for node in cluster.nodes:
            wait_until(f"{node.name} names both", lambda n=node: says(n, f"{second.name} ({second.address}) holds") and says(n, database), 60)
        time.sleep(15)
        check(not any(node.runs_patroni() for node in cluster.nodes), "PostgreSQL was started")
        for node in (leader, first):
            check(node.ctl("found", "--without", second.address).returncode == 0, "found --without")
        wait_until("the two that are kept serve", lambda: primary([leader, first]), 120)
        for node in (leader, first):
            wait_until("with their rows", lambda n=node: n.rows() == "1 all have this", 90)
        wait_until("the third says why it does not", lambda: says(second, "the PostgreSQL data here has the system identifier"), 60)
        check(not second.runs_patroni(), "PostgreSQL was started over the other database")


SCENARIOS = [the_copy_with_the_latest_writes_leads_and_the_database_is_kept, copies_of_two_databases_block_and_are_named]

if __name__ == "__main__":
    if "--list" not in sys.argv and (not PATRONI or not BINARIES):
        print("skipped: needs PostgreSQL and Patroni")
        sys.exit(77)
    main(SCENARIOS)
