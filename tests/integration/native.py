"""A cluster without containers: real etcd, real supervisord, real fluxpgd, each node in its own network namespace.

The oracle is etcdctl, an independent witness; fluxpgd's own status is only read for what it says, never for what is true.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

BIN = os.environ.get("FLUXPG_BIN") or os.path.join(os.environ.get("FLUXPG_BUILD", "build"), "bin")
NET = int(os.environ.get("FLUXPG_NET", "0"))  # two runs on one machine take two numbers, and leave each other's nodes alone
PREFIX = f"fpg{NET}-"
HUB = f"{PREFIX}hub"
SUBNET = f"198.18.{7 + NET}"
APP = "native-test"
MOCK = f"http://{SUBNET}.2:16127"


PATIENCE = 3  # a wait_until names an idle machine's seconds and waits this many times as long; what is measured is checked by what it took


def run(*command, check=True, timeout=60, **kw):
    return subprocess.run(command, check=check, timeout=timeout, capture_output=True, text=True, **kw)


def wait_until(what, predicate, timeout, step=0.25):
    """Polls until the predicate gives something true; returns (that, seconds). The failure says what was last seen."""
    start = time.monotonic()
    last = None
    timeout *= PATIENCE
    while time.monotonic() - start < timeout:
        try:
            last = predicate()
        except Exception as error:  # a node that is not up yet
            last = f"{type(error).__name__}: {error}"
            time.sleep(step)
            continue
        if last:
            return last, time.monotonic() - start
        time.sleep(step)
    raise AssertionError(f"{what}: not within {timeout} s; last seen: {last!r}")


class Node:
    def __init__(self, cluster, number):
        self.cluster, self.number = cluster, number
        self.ns, self.address = f"{PREFIX}{number}", f"{SUBNET}.{10 + number}"
        self.name = "node-" + self.address.replace(".", "-")
        self.home = os.path.join(cluster.home, self.ns)
        self.settings = {}  # of this node alone; None takes a setting away
        self.wrap = ""  # a command to run fluxpgd under
        self.process = None
        self.etcd = "/usr/bin/etcd"  # or what is run in its place

    # ---- life ----
    def write_files(self):
        home = self.home
        for folder in ("etcd", "etcd/fluxpg", "log", "run", "tls"):
            os.makedirs(os.path.join(home, folder), exist_ok=True)
        settings = {
            "app_name": APP, "advertise_address": self.address, "data_dir": f"{home}/etcd/fluxpg",
            "status_socket": f"{home}/run/status.sock", "hosts_file": "/etc/hosts",
            "postgres": {"superuser_password": "super-secret", "replication_password": "replication-secret-0123",
                         "data_dir": f"{home}/pgdata"},
            "patroni": {"manage": False, "config_file": f"{home}/patroni.yml"},
            "etcd": {"data_dir": f"{home}/etcd/data", "config_file": f"{home}/etcd.yml", "tls_dir": f"{home}/tls", "user": "root"},
            "supervisor": {"socket": f"{home}/run/supervisor.sock"},
            "log": {"level": "debug"}, "flux": {"api_url": MOCK, "poll_period": "2s"},
            "listing": {"absence_window": "10s"}, "rules": {"dead_for_unlisted": "5s", "identity_wait": "1s"},
        }
        for dotted, value in {**self.cluster.settings, **self.settings}.items():
            *section, key = dotted.split(".")
            place = settings.setdefault(section[0], {}) if section else settings
            place[key] = value
            if value is None:
                del place[key]
        with open(f"{home}/fluxpg.yml", "w") as file:
            json.dump(settings, file)  # JSON is YAML
        with open(f"{home}/supervisord.conf", "w") as file:
            file.write(f"""[supervisord]
nodaemon=true
user=root
logfile={home}/log/supervisord.log
pidfile={home}/run/supervisord.pid
[unix_http_server]
file={home}/run/supervisor.sock
chmod=0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:etcd]
command=/usr/bin/env -i PATH=/usr/bin:/bin {self.etcd} --config-file {home}/etcd.yml
autostart=false
autorestart=false
startsecs=0
startretries=0
stdout_logfile={home}/log/etcd.log
redirect_stderr=true
[program:updater]
command={self.wrap} {os.path.abspath(BIN)}/fluxpgd --config {home}/fluxpg.yml
autostart=true
autorestart=true
startretries=1000
stdout_logfile={home}/log/updater.log
redirect_stderr=true
""")

    def start(self):
        self.write_files()
        self.process = subprocess.Popen(["ip", "netns", "exec", self.ns, "supervisord", "-n", "-c", f"{self.home}/supervisord.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def pids(self):
        """Every process of this node: whatever lives in its network namespace."""
        out = run("ip", "netns", "pids", self.ns, check=False).stdout.split()
        return [int(pid) for pid in out]

    def pid_of(self, program):
        return [pid for pid in self.pids() if read(f"/proc/{pid}/cmdline").split("\0")[0].endswith("/" + program)]

    def signal(self, number, programs=("supervisord", "etcd", "fluxpgd")):
        for program in programs:
            for pid in (self.pid_of(program) if program != "supervisord" else
                        [p for p in self.pids() if "supervisord" in read(f"/proc/{p}/cmdline")]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def kill(self):
        """As if power was lost for its processes: supervisord first, so that it restarts nothing."""
        self.signal(signal.SIGKILL)
        if self.process:
            self.process.wait(timeout=30)

    def stop_daemon(self):
        run("ip", "netns", "exec", self.ns, "supervisorctl", "-s", f"unix://{self.home}/run/supervisor.sock", "stop", "updater")

    # ---- questions ----
    def etcdctl(self, *arguments, check=True, timeout=20):
        return run("ip", "netns", "exec", self.ns, "env", "ETCDCTL_API=3", "etcdctl", "--endpoints=http://127.0.0.1:2379",
                   "--dial-timeout=10s", "--command-timeout=15s", *arguments,
                   check=check, timeout=timeout)

    def members(self):
        """{member id in hex: (name, is learner)} as etcdctl prints it."""
        rows = [line.split(", ") for line in self.etcdctl("member", "list").stdout.splitlines()]
        return {row[0]: (row[2], row[5] == "true") for row in rows}

    def get(self, key):
        return json.loads(self.etcdctl("get", "--print-value-only", f"/fluxpg/{APP}/{key}").stdout or "null")

    def ctl(self, *arguments, check=False):
        return run(f"{BIN}/fluxpgctl", "--socket", f"{self.home}/run/status.sock", *arguments, check=check)

    def json(self, *arguments):
        answer = self.ctl("--json", *arguments)
        if not answer.stdout:
            raise RuntimeError(f"fluxpgctl {arguments}: exit {answer.returncode}: {answer.stderr.strip()}")
        return json.loads(answer.stdout)

    def log(self, name="updater"):
        return read(f"{self.home}/log/{name}.log")


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Cluster:
    """Use it as a context: everything it made is gone afterwards; after a failure the logs are kept and named."""

    def __init__(self, size, settings=None, listed=None):
        self.settings = settings or {}
        self.home = tempfile.mkdtemp(prefix="fluxpg-native-")
        os.chmod(self.home, 0o755)
        self.nodes = [Node(self, i + 1) for i in range(size)]
        self.listed = listed if listed is not None else list(self.nodes)
        self.instances = size
        self.mock = None

    def __enter__(self):
        self.remove_namespaces()
        run("ip", "netns", "add", HUB)
        ip_hub("link", "set", "lo", "up")
        ip_hub("link", "add", "br0", "type", "bridge")
        ip_hub("addr", "add", f"{SUBNET}.2/24", "dev", "br0")
        ip_hub("link", "set", "br0", "up")
        for node in self.nodes:
            self.add_namespace(node)
        self.write_state(os.path.join(self.home, "mock.json"))
        self.mock = subprocess.Popen(["ip", "netns", "exec", HUB, f"{BIN}/mock-flux-api", "--listen", f"{SUBNET}.2:16127", "--backends", "3",
                                      "--state", os.path.join(self.home, "mock.json")],
                                     stdout=open(os.path.join(self.home, "mock.log"), "w"), stderr=subprocess.STDOUT)
        wait_until("mock Flux API", lambda: self.api("GET", "/_mock/health") is not None, 10)
        return self

    def add_namespace(self, node):
        run("ip", "netns", "add", node.ns)
        run("ip", "link", "add", f"v{node.ns}", "netns", HUB, "type", "veth", "peer", "name", "eth0", "netns", node.ns)
        ip_hub("link", "set", f"v{node.ns}", "master", "br0", "up")
        inside = ("ip", "-n", node.ns)
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "addr", "add", f"{node.address}/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        os.makedirs(f"/etc/netns/{node.ns}", exist_ok=True)
        with open(f"/etc/netns/{node.ns}/hosts", "w") as file:  # `ip netns exec` shows it as /etc/hosts
            file.write("127.0.0.1 localhost\n")

    def __exit__(self, kind, value, trace):
        if kind is not None:
            for node in self.nodes:
                print(f"---- {node.name}: status\n{node.ctl('status').stdout}")
        for node in self.nodes:
            for pid in node.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if node.process:
                node.process.wait(timeout=30)
        if self.mock:
            self.mock.kill()
            self.mock.wait(timeout=30)
        self.remove_namespaces()
        if kind is None:
            shutil.rmtree(self.home, ignore_errors=True)
        else:
            print(f"logs of the failed test: {self.home}")
            for node in self.nodes:
                print(f"---- {node.name}: last lines of fluxpgd")
                print("\n".join(node.log().splitlines()[-25:]))

    def remove_namespaces(self):
        """Of this run, and of one with the same number that was killed, with the processes that it left in them."""
        for name in [line.split()[0] for line in run("ip", "netns", "list").stdout.splitlines() if line.startswith(PREFIX)]:
            for pid in run("ip", "netns", "pids", name, check=False).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            run("ip", "netns", "del", name, check=False)
            shutil.rmtree(f"/etc/netns/{name}", ignore_errors=True)

    # ---- the network ----
    def cut(self, node):
        """The host vanishes: packets are dropped, nothing is refused."""
        ip_hub("link", "set", f"v{node.ns}", "down")

    def heal(self, node):
        ip_hub("link", "set", f"v{node.ns}", "up")

    # ---- the Flux API ----
    def api(self, method, path, body=None, base=MOCK):
        command = ["ip", "netns", "exec", HUB, "curl", "-s", "-f", "-m", "30", "-X", method, base + path]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        return run(*command).stdout

    def state(self):
        rows = [{"ip": f"{node.address}:16127"} for node in self.listed]
        return {"apps": {APP: {"instances": self.instances, "rows": rows}}}

    def write_state(self, path):
        with open(path, "w") as file:
            json.dump(self.state(), file)

    def list_only(self, nodes):
        self.listed = list(nodes)
        self.api("PUT", "/_mock/state", self.state())

    def fault(self, mode):
        self.api("PUT", "/_mock/fault", {"mode": mode, "backend": None, "share": 1.0})

    # ---- everybody ----
    def start(self, nodes=None):
        for node in nodes or self.nodes:
            node.start()

    def wait_healthy(self, size, timeout=60, nodes=None):
        for node in nodes or self.nodes:
            wait_until(f"{node.name} healthy with {size} voters",
                       lambda n=node: (s := n.json("status"))["health"] == "healthy" and s["voters"] == size, timeout)

    def remover(self, nodes=None):
        """The node that holds the key in etcd, as etcdctl reads it."""
        for node in nodes or self.nodes:
            with contextlib.suppress(Exception):
                key = node.get("remover")
                if key:
                    return next(n for n in self.nodes if node.members()[key["member"]][0] == n.name)
        return None


def ip_hub(*arguments):
    run("ip", "-n", HUB, *arguments)
