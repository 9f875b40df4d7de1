"""What happens to a node in its life, done to the nodes of native.py: it moves, starts late, loses its disk, is lied to about itself."""
import json
import os
import subprocess

from native import APP, HUB, SUBNET, Cluster, run, wait_until

HOSTINFO_PORT = 18000
SERVER = """
import http.server, os, sys
class Host(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            body = open(os.path.join(sys.argv[2], os.path.basename(self.path))).read().encode()
        except OSError:
            return self.send_error(503)
        self.send_response(200); self.end_headers(); self.wfile.write(body)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[3])), Host).serve_forever()
"""


class Life(Cluster):
    """Nodes that ask their host for their own address, as on Flux, so that it can change while they run."""

    def __init__(self, size, settings=None, listed=None, fixed_addresses=False):
        super().__init__(size, settings, listed)
        self.server = None
        self.folder = os.path.join(self.home, "hostinfo")
        os.makedirs(self.folder)
        for node in self.nodes:
            if not fixed_addresses:
                node.settings = {"advertise_address": None, "flux.hostinfo_url": f"http://{SUBNET}.2:{HOSTINFO_PORT}/{node.number}"}
            self.host_says(node, node.address)

    def __enter__(self):
        super().__enter__()
        self.server = subprocess.Popen(["ip", "netns", "exec", HUB, "python3", "-c", SERVER, f"{SUBNET}.2", self.folder, str(HOSTINFO_PORT)])
        wait_until("hostinfo", lambda: run("ip", "netns", "exec", HUB, "curl", "-sf", f"http://{SUBNET}.2:{HOSTINFO_PORT}/1").stdout, 10)
        return self

    def __exit__(self, kind, value, trace):
        if self.server:
            self.server.kill()
            self.server.wait(timeout=30)
        super().__exit__(kind, value, trace)

    def host_says(self, node, address):
        """None: hostinfo fails."""
        path = os.path.join(self.folder, str(node.number))
        if address is None:
            os.remove(path)
            return
        with open(path, "w") as file:
            json.dump({"status": "success", "data": {"appName": "x", "id": f"host-{node.number}", "ip": f"{address}:16127"}}, file)

    def renumber(self, node, address):
        """The interface has another address from now on, while everything runs; nobody was asked."""
        inside = ("ip", "-n", node.ns)
        run(*inside, "addr", "flush", "dev", "eth0")
        run(*inside, "addr", "add", f"{address}/24", "dev", "eth0")
        node.address = address
        node.name = "node-" + address.replace(".", "-")
        self.host_says(node, address)

    def list_rows(self, addresses, backend=None):
        """Rows that no node stands behind, too."""
        state = {"apps": {APP: {"instances": self.instances, "rows": [{"ip": f"{a}:16127"} for a in addresses]}}}
        self.api("PUT", "/_mock/state" if backend is None else f"/_mock/backends/{backend}/state", state)


def wipe(node):
    """An empty volume: data, identity and promises are gone."""
    run("rm", "-rf", f"{node.home}/etcd")


def set_aside(node):
    return sorted(name for name in os.listdir(f"{node.home}/etcd") if ".set-aside-" in name)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def numbers(what, values):
    print(f"{what}: n={len(values)} min={min(values):.1f} p50={percentile(values, .5):.1f} p99={percentile(values, .99):.1f} s")
