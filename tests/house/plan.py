"""The plan of the house: which room may include which, and which rooms are pure (DESIGN section 3). Change it here, on purpose."""

# Rooms that compute and do nothing else: no clock, no I/O, no log, ordered containers. "discovery" is pure in these files only.
DISCOVERY_PURE = ["discovery/types", "discovery/listing", "discovery/parse", "discovery/schedule"]
CORES = ["gossip/core", "gossip/verdict", "supervisor/core"]  # and not even a third-party header
PURE = CORES + ["supervisor/record", "supervisor/render", "supervisor/report"] + DISCOVERY_PURE

# Room -> what it may include besides itself and base: rooms, or single headers. Nothing includes tests, and only tests include simulation.
GOSSIP = ["gossip/core", "gossip/verdict"]
PURE_DISCOVERY = [name + ".hpp" for name in DISCOVERY_PURE]
ETCD_TYPES = "etcdctl-adapter/types.hpp"
CORE = ["supervisor/core", "supervisor/record", *GOSSIP, *PURE_DISCOVERY, ETCD_TYPES]
ARROWS = {
    "base": [],
    "base/http": [],
    "gossip/verdict": [],
    "gossip/core": ["gossip/verdict"],
    "gossip/wire": GOSSIP,
    "gossip/net": [*GOSSIP, "gossip/wire"],
    "discovery": ["base/http"],
    "etcdctl-adapter": ["base/http"],
    "supervisor/record": ["gossip/verdict"],
    "supervisor/core": CORE,
    "supervisor/render": CORE,
    "supervisor/report": CORE,
    "supervisor/runtime": [*CORE, "supervisor/render", "supervisor/report", "gossip/net", "gossip/wire", "discovery", "etcdctl-adapter", "base/http"],
    "supervisor/ctl": ["supervisor/runtime/status_protocol.hpp"],
    "simulation": [*CORE, "supervisor/report"],
}

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70
MAX_PAGE_LINES = 80

# What a pure room may not say (matched in code without comments and strings).
PURE_BANS = [
    r"\b(steady|system|high_resolution)_clock\s*::\s*now",
    r"\brandom_device\b",
    r"\bs?rand\s*\(",
    r"(?<![\w.>:])(std::|::)?time\s*\(\s*(0|NULL|nullptr|&)",
    r"\bclock_gettime\b",
    r"\bgettimeofday\b",
    r"\b(sleep|usleep|nanosleep|sleep_for|sleep_until)\s*\(",
    r"\bunordered_(map|set|multimap|multiset)\b",
    r"#\s*include\s*<(iostream|fstream|thread|filesystem|mutex|future|unordered_map|unordered_set)>",
    r"\bspdlog\b",
    r"\bstd::(cout|cerr|clog)\b",
]
# Heavy libraries: one .cpp each, no header.
HEAVY = r"#\s*include\s*[<\"](nlohmann/|yaml-cpp/|zmq|curl/|sodium|msgpack|spdlog/|CLI/|httplib|prometheus/|openssl/)"
# Undefined symbols that a pure library may not have.
SYMBOL_BANS = (
    r"^(clock_gettime|gettimeofday|time|rand|random|getrandom|socket|connect|sendto|recvfrom|nanosleep|sleep|usleep)(@|$)"
    r"|chrono::.*::now\(|random_device|^curl_|^zmq_"
)

# Traces of the machine or of the way this was written. The brackets keep this list from finding itself.
WORKPLACE = [r"/wor[k]/", r"/tmp/bas[h]_", r"\bwt-[a-z]+/", r"(?i)claud[e]", r"(?i)anthropi[c]", r"(?i)subagen[t]", r"\bCE[O]\b", r"\bfar[m]-",
             r"\bissues (sho[w]|lis[t])\b", r"deb\.debian\.or[g]", r"registry\.npm", r"pkg\.de[v]\b"]
