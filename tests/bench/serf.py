"""Serf agents in the namespaces of the nodes, beside fluxpgd: the same machine, the same network, the same moments."""
import contextlib
import json
import subprocess
import time

from native import run, wait_until

PORT, RPC = 17946, 17373  # fluxpgd has Serf's own port


class Agent:
    def __init__(self, node):
        self.node, self.name, self.process = node, f"serf-{node.number}", None

    def start(self, join=None):
        command = ["ip", "netns", "exec", self.node.ns, "serf", "agent", f"-node={self.name}", f"-bind={self.node.address}:{PORT}",
                   f"-rpc-addr=127.0.0.1:{RPC}", "-profile=lan", "-log-level=err"]
        if join:
            command.append(f"-retry-join={join.node.address}:{PORT}")
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def kill(self):
        """SIGKILL; returns the moment. `ip netns exec` has become the agent itself."""
        moment = time.time()
        self.process.kill()
        self.process.wait(timeout=10)
        return moment

    def join(self, other):
        self.serf("join", f"-rpc-addr=127.0.0.1:{RPC}", f"{other.node.address}:{PORT}")

    def serf(self, *arguments):
        return run("ip", "netns", "exec", self.node.ns, "serf", *arguments, check=False, timeout=10).stdout

    def statuses(self):
        answer = json.loads(self.serf("members", "-format=json", f"-rpc-addr=127.0.0.1:{RPC}") or '{"members":[]}')
        return {member["name"]: member["status"] for member in answer["members"]}


class Ring:
    """One agent for each node; a context."""

    def __init__(self, nodes):
        self.agents = [Agent(node) for node in nodes]

    def __enter__(self):
        for agent in self.agents:
            agent.start(join=self.agents[0] if agent is not self.agents[0] else None)
        self.wait_alive()
        return self

    def __exit__(self, *_):
        for agent in self.agents:
            with contextlib.suppress(Exception):
                agent.kill()

    def agent(self, node):
        return next(agent for agent in self.agents if agent.node is node)

    def others(self, agent):
        return [a for a in self.agents if a is not agent]

    def rejoin(self, agent):
        """By hand: Serf's own retries come every 30 s."""
        wait_until(f"{agent.name} answers", agent.statuses, 20)
        for other in self.others(agent):
            other.join(agent)
        self.wait_alive()

    def wait_alive(self, timeout=60):
        names = {agent.name for agent in self.agents}
        for agent in self.agents:
            wait_until(f"{agent.name} sees all alive", lambda a=agent: a.statuses() == dict.fromkeys(names, "alive"), timeout)

    def failed_everywhere(self, victim, timeout=60):
        """The moment at which each of the others lists the victim as failed. A poll is one whole process, so 10 to 30 ms late."""
        left = self.others(victim)
        end = time.time() + timeout
        while time.time() < end:
            left = [agent for agent in left if agent.statuses().get(victim.name) != "failed"]
            if not left:
                return time.time()
            time.sleep(0.02)
        raise AssertionError(f"Serf does not hold {victim.name} failed after {timeout} s")
