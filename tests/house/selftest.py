#!/usr/bin/env python3
"""Every check of house.py must be able to fail: each test builds a small house that breaks one rule, and one that does not."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import cpp
import house

COUNT = pathlib.Path(__file__).resolve().parents[1] / "count_junit.py"
HEADER = "// Says what this is.\n#pragma once\n"


class House(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def faults(self, check, tree, build=None):
        for name, text in tree.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return [f"{name}:{line}: {sentence}" for name, line, sentence in house.CHECKS[check](self.root, build)]

    def refused(self, check, tree, says):
        found = self.faults(check, tree)
        self.assertEqual(len(found), 1, found)
        self.assertIn(says, found[0])

    def accepted(self, check, tree):
        self.assertEqual(self.faults(check, tree), [])

    # arrows

    def test_arrows_that_the_plan_draws_are_accepted(self):
        self.accepted("arrows", {
            "base/time.hpp": HEADER,
            "gossip/core/node.hpp": HEADER + '#include "base/time.hpp"\n',
            "discovery/types.hpp": HEADER,
            "supervisor/core/agent.cpp": '#include "gossip/core/node.hpp"\n#include "discovery/types.hpp"\n#include <map>\n',
            "simulation/sim/run.cpp": '#include "gossip/core/node.hpp"\n',
            "tests/sim/run.cpp": '#include "gossip/core/node.hpp"\n',
        })

    def test_a_core_may_not_include_the_transport(self):
        self.refused("arrows", {"gossip/net/transport.hpp": HEADER, "supervisor/core/a.cpp": '#include "gossip/net/transport.hpp"\n'},
                     "supervisor/core/a.cpp:1: supervisor/core may not include gossip/net/transport.hpp")

    def test_base_may_include_no_room(self):
        self.refused("arrows", {"gossip/core/node.hpp": HEADER, "base/a.hpp": HEADER + '#include "gossip/core/node.hpp"\n'}, "base may not include")

    def test_a_core_may_include_only_the_pure_part_of_discovery(self):
        self.refused("arrows", {"discovery/fetch.hpp": HEADER, "supervisor/core/a.cpp": '#include "discovery/fetch.hpp"\n'}, "discovery/fetch.hpp")

    def test_nothing_includes_the_simulation_or_the_tests(self):
        self.refused("arrows", {"simulation/m.hpp": HEADER, "supervisor/runtime/a.cpp": '#include "simulation/m.hpp"\n'}, "may not include simulation/m.hpp")
        self.refused("arrows", {"simulation/m.hpp": HEADER, "tests/t.hpp": HEADER, "supervisor/runtime/a.cpp": '#include "tests/t.hpp"\n'},
                     "nothing may include tests/")

    def test_includes_are_written_from_the_root(self):
        self.refused("arrows", {"base/time.hpp": HEADER, "base/time.cpp": '#include "time.hpp"\n'}, "not a path from the repository's root")

    def test_code_outside_the_plan_is_refused(self):
        self.refused("arrows", {"base/time.hpp": HEADER, "attic/a.cpp": '#include "base/time.hpp"\n'}, "in no room of the plan")

    # lengths

    def test_a_file_of_401_lines_is_too_long(self):
        self.accepted("lengths", {"base/a.cpp": "// x\n" * 400})
        self.refused("lengths", {"base/a.cpp": "// x\n" * 401}, "has 401 lines")

    def test_a_header_begins_with_a_sentence_and_pragma_once(self):
        self.accepted("lengths", {"base/a.hpp": HEADER})
        self.accepted("lengths", {"base/a.hpp": "// Says what. And then\n// why.\n#pragma once\n"})
        self.refused("lengths", {"base/a.hpp": "#pragma once\n// Says.\n"}, "line 1 of a header")
        self.refused("lengths", {"base/a.hpp": "// a.hpp\n#pragma once\n"}, "line 1 of a header")
        self.refused("lengths", {"base/a.hpp": "// Says what this is.\nint a();\n"}, "no #pragma once")

    def test_a_function_of_71_lines_is_too_long_wherever_it_hides(self):
        body = "  f();\n" * 69
        for shape in ("int g(int a) {\n%s}\n",
                      "namespace n {\nstruct S {\n  S() : a_{1}, b_{2}\n  {\n%s}\n  int a_, b_;\n};\n}\n",
                      'TEST(A, B) {\n%s}\n',
                      "namespace { auto h() -> std::vector<int> {\n%s} }\n"):
            self.accepted("lengths", {"base/a.cpp": shape % body[:-7]})
            self.refused("lengths", {"base/a.cpp": shape % body}, "a function of 71 lines")

    def test_a_lambda_counts_as_part_of_its_function_and_a_table_as_none(self):
        self.refused("lengths", {"base/a.cpp": "void f() {\n  auto l = [] {\n" + "    g();\n" * 40 + "  };\n" + "  l();\n" * 40 + "}\n"}, "of 84 lines")
        self.accepted("lengths", {"base/a.cpp": "const char* kT[] = {\n" + '  "}",\n' * 90 + "};\nconstexpr std::array kU{\n" + "  1,\n" * 90 + "};\n"})

    def test_unbalanced_braces_are_said_and_not_passed_over(self):
        self.refused("lengths", {"base/a.cpp": "void f() {\n"}, "cannot be measured")

    def test_braces_in_comments_strings_and_characters_do_not_count(self):
        text = "void f() {\n  // {\n  g('{', \"{\\\"{\", R\"x({{)\" {)x\", 1'000'000); /* {\n{ */\n}\nvoid h() {}\n"
        self.assertEqual(list(cpp.functions(text)), [(1, 5), (6, 6)])

    # purity

    def test_each_impure_word_is_found_in_a_pure_room_and_allowed_elsewhere(self):
        for words in ("auto t = std::chrono::steady_clock::now();", "std::random_device d;", "int r = rand();", "auto t = time(nullptr);",
                      "std::this_thread::sleep_for(x);", "std::unordered_map<int, int> m;", "#include <iostream>", "#include <fstream>",
                      "#include <thread>", 'spdlog::info("x");'):
            for room in ("gossip/core", "gossip/verdict", "supervisor/core", "supervisor/record", "supervisor/render", "supervisor/report"):
                self.refused("purity", {f"{room}/a.cpp": words + "\n"}, "a pure room may not say")
                (self.root / room / "a.cpp").unlink()
            self.refused("purity", {"discovery/parse.cpp": words + "\n"}, "discovery/parse.cpp:1")
            self.accepted("purity", {"discovery/parse.cpp": "", "discovery/fetch.cpp": words + "\n", "supervisor/runtime/a.cpp": words + "\n"})

    def test_words_in_comments_and_strings_are_no_code(self):
        self.accepted("purity", {"gossip/core/a.cpp": '// never steady_clock::now\nauto s = "rand()";\nint operand(int last_time);\n'})

    def test_heavy_headers_are_refused_in_every_header(self):
        for name in ("nlohmann/json.hpp", "yaml-cpp/yaml.h", "zmq.hpp", "curl/curl.h", "sodium.h", "msgpack.hpp"):
            self.refused("purity", {"supervisor/runtime/a.hpp": HEADER + f"#include <{name}>\n"}, "heavy library")
            self.accepted("purity", {"supervisor/runtime/a.hpp": HEADER, "supervisor/runtime/a.cpp": f"#include <{name}>\n"})

    def test_a_core_includes_the_standard_library_only(self):
        self.accepted("purity", {"gossip/verdict/a.cpp": "#include <vector>\n"})
        self.refused("purity", {"gossip/verdict/a.cpp": "#include <nlohmann/json.hpp>\n"}, "not of the standard library")
        self.refused("purity", {"gossip/verdict/a.cpp": "#include <sys/socket.h>\n"}, "not of the standard library")

    # pages

    def test_a_room_without_a_page_or_with_a_long_one_is_refused(self):
        self.refused("pages", {"base/a.cpp": ""}, "has a README.md")
        self.accepted("pages", {"base/README.md": "x\n" * 80})
        self.refused("pages", {"base/README.md": "x\n" * 81}, "has 81 lines")

    # words

    def test_traces_of_the_workplace_are_found_in_any_text(self):
        self.accepted("words", {"README.md": "a session of work\n"})
        self.refused("words", {"README.md": "see /wor" + "k/main\n"}, "belongs to the workplace")

    # symbols

    def compile(self, room, source):
        (self.root / room).mkdir(parents=True, exist_ok=True)
        (self.root / room / "a.cpp").write_text(source)
        build = self.root / "build"
        (build / room).mkdir(parents=True, exist_ok=True)
        subprocess.run(["c++", "-c", self.root / room / "a.cpp", "-o", build / room / "a.o"], check=True)
        subprocess.run(["ar", "rcs", build / room / "liba.a", build / room / "a.o"], check=True)
        return build

    def test_a_pure_library_that_calls_a_clock_or_a_socket_is_found(self):
        build = self.compile("gossip/core", "int connect_all();\nint f() { return connect_all(); }\n")
        self.assertEqual(self.faults("symbols", {}, build), [])
        for source, symbol in (("#include <chrono>\nauto f() { return std::chrono::steady_clock::now(); }\n", "now()"),
                               ("#include <sys/socket.h>\nint f() { return socket(1, 1, 1); }\n", "socket"),
                               ("#include <random>\nunsigned f() { return std::random_device{}(); }\n", "random_device"),
                               ('extern "C" void* zmq_ctx_new();\nvoid* f() { return zmq_ctx_new(); }\n', "zmq_ctx_new")):
            found = self.faults("symbols", {}, self.compile("gossip/core", source))
            self.assertTrue(found and all(symbol in fault for fault in found), (symbol, found))

    def test_a_pure_room_that_was_not_built_is_not_passed_over(self):
        self.assertIn("build it first", self.faults("symbols", {"gossip/core/a.cpp": ""}, self.root / "build")[0])


class Counting(unittest.TestCase):
    """tests/run believes this, so it must not count a test that never ran as a passed one."""

    def count(self, cases):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as results:
            results.write(f"<testsuite>{cases}</testsuite>")
            results.flush()
            return subprocess.run([sys.executable, COUNT, results.name], capture_output=True, text=True)

    def test_each_outcome_is_counted_as_what_it_is(self):
        counted = self.count('<testcase status="run"/><testcase status="fail"/><testcase status="disabled"/>'
                             '<testcase status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>'
                             '<testcase status="notrun"><skipped message="Unable to find executable"/></testcase>')
        self.assertEqual((counted.returncode, counted.stdout.split()), (0, ["1", "2", "2"]))

    def test_no_test_at_all_is_a_failure(self):
        self.assertEqual(self.count("").returncode, 1)
        self.assertEqual(subprocess.run([sys.executable, COUNT, "/nonexistent"]).returncode, 1)


if __name__ == "__main__":
    unittest.main()
