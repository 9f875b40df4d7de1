// fluxpgctl: asks the daemon and prints its answer; the daemon does the rendering, so this starts in a few milliseconds.
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "supervisor/ctl/connection.hpp"

namespace {

using fluxpg::runtime::StatusReply;
using fluxpg::runtime::StatusRequest;

constexpr int kUnreachable = 3;
constexpr int kUsage = 64;

constexpr const char* kFooter = R"(Exit codes of status and members: 0 healthy, 1 degraded, 2 majority lost. Of leave: 0 left, 1 refused.
Of every verb: 3 fluxpgd cannot be reached, 4 unknown member, 64 usage.

Examples:
  fluxpgctl status                      is the cluster healthy, and how many more failures does it survive?
  fluxpgctl members                     every node: gossip, etcd vote, PostgreSQL, listing
  fluxpgctl explain 8e9e05c52164694d    why that member was (or was not) removed, and by whose votes;
                                        MEMBER is a node name, a node id, or a member id as etcdctl prints it
  fluxpgctl matrix                      who hears whom
  fluxpgctl evictions pause             decide and explain, but remove nobody, until `evictions resume`
  fluxpgctl leave                       retire this node for good: hands over, and is removed by the others; exit 0 when it has left
  fluxpgctl found --without 198.18.0.13 found the cluster although that listed address is silent
  fluxpgctl recover                     the majority is lost: every copy that is left, what would bring it back, what would be done
  fluxpgctl recover --app orders-db     do it: the cluster is made anew from this node's copy
  fluxpgctl --json status | jq .health
)";

void print(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
  if (!text.empty() && text.back() != '\n') std::fputc('\n', to);
  std::fflush(to);
}

void look_at_terminal(StatusRequest& request) {
  if (::isatty(STDOUT_FILENO) == 0) return;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) request.width = size.ws_col;
  request.color = std::getenv("NO_COLOR") == nullptr;
}

int once(const std::string& socket, const StatusRequest& request) {
  std::string why;
  const auto reply = fluxpg::ctl::ask(socket, request, why);
  if (!reply) {
    print(stderr, why);
    return kUnreachable;
  }
  print(reply->exit >= 4 ? stderr : stdout, reply->body);
  return reply->exit;
}

// A terminal is redrawn every second; into a pipe goes every change. Ends with Ctrl-C.
int watch(const std::string& socket, const StatusRequest& request) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  std::string before;
  while (true) {
    std::string why;
    const auto reply = fluxpg::ctl::ask(socket, request, why);
    const std::string text = reply ? reply->body : why;
    if (terminal) std::fputs("\033[H\033[2J", stdout);
    if (terminal || text != before) print(stdout, text);
    if (std::ferror(stdout) != 0) return 0;  // the reader of the pipe has gone
    before = text;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

// One line whenever something else is waited for, until the daemon says that it has left, or why it does not leave.
int leave(const std::string& socket, StatusRequest request) {
  std::string before;
  int silent = 0;
  while (true) {
    std::string why;
    const auto reply = fluxpg::ctl::ask(socket, request, why);
    if (!reply && (request.args.empty() || ++silent >= 5)) {
      print(stderr, why + (request.args.empty() ? "" : " The leave goes on; ask again with `fluxpgctl leave`."));
      return kUnreachable;
    }
    if (reply) {
      silent = 0;
      const bool over = reply->exit != fluxpg::runtime::kUnderWay;
      // JSON is one object, of the end.
      if (over || (!request.json && reply->body != before)) print(over && reply->exit != 0 && !request.json ? stderr : stdout, reply->body);
      if (over) return reply->exit;
      before = reply->body;
      request.args = {"progress"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"fluxpgctl asks the fluxpgd of this container about the PostgreSQL cluster."};
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", "fluxpgctl " FLUXPG_VERSION);
  const char* from_environment = std::getenv("STATUS_SOCKET");
  std::string socket = from_environment != nullptr && *from_environment != '\0' ? from_environment : "/run/fluxpg/status.sock";
  StatusRequest request;
  app.add_option("--socket", socket, "the daemon's status socket; default: $STATUS_SOCKET, else /run/fluxpg/status.sock");
  app.add_flag("--json", request.json, "machine-readable output");

  app.add_subcommand("status", "health, live voters, what is happening now and what it waits for")->fallthrough();
  app.add_subcommand("members", "one line per node")->fallthrough();
  app.add_subcommand("matrix", "who hears whom, with round-trip times")->fallthrough();
  app.add_subcommand("decisions", "changes of membership, the newest first")->fallthrough();
  app.add_subcommand("metrics", "counters in Prometheus' text format")->fallthrough();
  app.add_subcommand("watch", "status, again and again")->fallthrough();
  bool cancel = false;
  app.add_subcommand("leave", "retire this node for good; shows what it waits for until it has left, Ctrl-C leaves it going")
      ->fallthrough()
      ->add_flag("--cancel", cancel, "take the leave back; on a node that has left: join again");
  std::string recover_app;
  std::vector<std::string> recover_although;
  bool rejoin = false;
  CLI::App* recover =
      app.add_subcommand("recover", "the majority is lost for good: what is left, and the cluster made anew from this node");
  recover->fallthrough();
  recover->add_option("--app", recover_app, "do it; the name of the app, typed as `status` shows it");
  recover->add_option("--although-they-may-live", recover_although,
                      "the address of a lost voter that is not known to be dead: you answer for it");
  recover->add_flag("--rejoin", rejoin, "give up this node's data of a cluster that was recovered elsewhere, and join that one");
  std::string argument;
  app.add_subcommand("explain", "why a member was or was not removed")->fallthrough()->add_option("MEMBER", argument)->required();
  app.add_subcommand("evictions", "hold all evictions, or go on")
      ->fallthrough()
      ->add_option("WHAT", argument, "pause or resume")
      ->required()
      ->check(CLI::IsMember({"pause", "resume"}));
  app.add_subcommand("found", "found the cluster although a listed address is silent")
      ->fallthrough()
      ->add_option("--without", argument, "the silent address; it must not hold the only copy of the data")
      ->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kUsage;
  }
  request.verb = app.get_subcommands().front()->get_name();
  if (!argument.empty()) request.args = {argument};
  if (cancel) request.args = {"cancel"};
  if (!recover_app.empty()) request.args = {"--app", recover_app};
  for (const std::string& address : recover_although) request.args.insert(request.args.end(), {"--although-they-may-live", address});
  if (rejoin) request.args.emplace_back("--rejoin");
  look_at_terminal(request);
  if (request.verb == "leave" && !cancel) return leave(socket, request);
  if (request.verb != "watch") return once(socket, request);
  request.verb = "status";
  return watch(socket, request);
}
