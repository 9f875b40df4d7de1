#!/usr/bin/env python3
"""Random seeds: no invariant breaks, and every run settles. FLUXPG_SEEDS=A-B picks others.

The first 20,000 take some minutes of two cores.
"""
import os

BIN = os.path.join(os.environ.get("FLUXPG_BUILD", "build"), "bin")
SEEDS = os.environ.get("FLUXPG_SEEDS") or "1-20000"

os.execv(os.path.join(BIN, "fluxpg-sim"), ["fluxpg-sim", "run", "--seeds", SEEDS])
