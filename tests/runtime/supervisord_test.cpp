#include <gtest/gtest.h>

#include "supervisor/runtime/supervisord_xml.hpp"

namespace fluxpg::runtime {
namespace {

using supervisor::Process;

// As supervisord 4.2.5 writes it, shortened to one process and the fields of interest.
std::string process(const std::string& name, int state, int exit_status) {
  return "<value><struct>\n<member>\n<name>name</name>\n<value><string>" + name +
         "</string></value>\n</member>\n<member>\n<name>state</name>\n<value><int>" + std::to_string(state) +
         "</int></value>\n</member>\n<member>\n<name>spawnerr</name>\n<value><string></string></value>\n</member>\n" +
         "<member>\n<name>exitstatus</name>\n<value><int>" + std::to_string(exit_status) + "</int></value>\n</member>\n</struct></value>\n";
}

std::string answer(const std::string& value) {
  return "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n" + value + "</param>\n</params>\n</methodResponse>\n";
}

std::string list(const std::string& values) { return answer("<value><array><data>\n" + values + "</data></array></value>\n"); }

TEST(Supervisord, CallsAreWrittenAsItExpectsThem) {
  EXPECT_EQ(
      method_call("startProcess", {"etcd"}, true),
      "<?xml "
      "version=\"1.0\"?><methodCall><methodName>supervisor.startProcess</methodName><params><param><value><string>etcd</string></value>"
      "</param><param><value><boolean>0</boolean></value></param></params></methodCall>");
  EXPECT_NE(method_call("x", {"a<&>"}, false).find("<string>a&lt;&amp;&gt;</string>"), std::string::npos);
}

TEST(Supervisord, StatesBecomeOurs) {
  const auto programs = parse_programs(list(process("etcd", 100, 2) + process("patroni", 20, 0) + process("a", 0, 0) + process("b", 10, 0) +
                                            process("c", 30, 1) + process("d", 40, 0) + process("e", 200, 7) + process("f", 1000, 0)));
  ASSERT_TRUE(programs) << programs.error().message;
  const Programs expected = {{"etcd", {Process::State::kExited, 2}}, {"patroni", {Process::State::kRunning, 0}},
                             {"a", {Process::State::kStopped, 0}},   {"b", {Process::State::kStarting, 0}},
                             {"c", {Process::State::kStarting, 0}},  {"d", {Process::State::kRunning, 0}},
                             {"e", {Process::State::kExited, 7}},    {"f", {Process::State::kUnknown, 0}}};
  EXPECT_EQ(*programs, expected);
}

TEST(Supervisord, FaultsKeepTheirCode) {
  const std::string fault =
      "<?xml "
      "version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n<value><int>60</int></value>\n</"
      "member>\n"
      "<member>\n<name>faultString</name>\n<value><string>ALREADY_STARTED: "
      "etcd</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n";
  const auto started = parse_flag(fault);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().fault, kAlreadyStarted);
  EXPECT_EQ(started.error().message, "ALREADY_STARTED: etcd");
}

TEST(Supervisord, AFlagIsRead) {
  EXPECT_EQ(*parse_flag(answer("<value><boolean>1</boolean></value>")), true);
  EXPECT_EQ(*parse_flag(answer("<value><boolean>0</boolean></value>")), false);
}

TEST(Supervisord, AnswersThatAreSomethingElseAreErrors) {
  for (const std::string& bad : {std::string(), std::string("<html>"), std::string("<a/>"), std::string("{}"), answer(""),
                                 std::string("<methodResponse><fault/></methodResponse>")}) {
    EXPECT_FALSE(parse_flag(bad)) << bad;
    EXPECT_FALSE(parse_programs(bad)) << bad;
  }
  EXPECT_FALSE(parse_programs(answer("<value><boolean>1</boolean></value>")));
  EXPECT_FALSE(parse_programs(list("<value><int>1</int></value>")));
}

}  // namespace
}  // namespace fluxpg::runtime
