// For Prometheus: values are copied into families and written at once; there is no registry, because the snapshot is the state.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "supervisor/report/decision.hpp"

namespace fluxpg::report {
namespace {

using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

class Families {
 public:
  void add(MetricType type, const std::string& name, const std::string& help, double value, Labels labels = {}) {
    if (families_.empty() || families_.back().name != name) families_.push_back({name, help, type, {}});
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    families_.back().metric.push_back(std::move(metric));
  }
  void gauge(const std::string& name, const std::string& help, double value, Labels labels = {}) {
    add(MetricType::Gauge, name, help, value, std::move(labels));
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

std::string metric_name(std::string text) {
  for (char& c : text) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!allowed) c = '_';
  }
  return "fluxpg_" + text + "_total";
}

// "discovery_bad_answers.html" is fluxpg_discovery_bad_answers_total{kind="html"}.
void counters(Families& out, const Snapshot& s) {
  for (const auto& [name, value] : s.counters) {
    const std::size_t dot = name.find('.');
    Labels labels;
    if (dot != std::string::npos) labels.push_back({"kind", name.substr(dot + 1)});
    out.add(MetricType::Counter, metric_name(name.substr(0, dot)), "Events since this daemon started.", static_cast<double>(value), labels);
  }
}

void members(Families& out, const Snapshot& s) {
  const auto each = [&](const char* name, const char* help, auto holds) {
    for (const supervisor::MemberRow& row : s.members) {
      const std::string node = row.node ? short_text(row.node) : "";
      out.gauge(name, help, holds(row) ? 1 : 0, {{"member", row.name}, {"node", node}});
    }
  };
  each("fluxpg_member_alive", "1 if gossip holds the member alive.", [](const auto& row) { return row.gossip == "alive"; });
  each("fluxpg_member_voter", "1 if it votes in etcd.", [](const auto& row) { return row.role == "voter"; });
  each("fluxpg_member_listed", "1 if the Flux API lists it.", [](const auto& row) { return row.listed == "listed"; });
  each("fluxpg_member_primary", "1 if its PostgreSQL is the primary.", [](const auto& row) { return row.postgres == "primary"; });
}

void links(Families& out, const Snapshot& s) {
  const Names known = names(s);
  for (const supervisor::MatrixLink& link : s.links) {
    out.gauge("fluxpg_link_ok", "1 if `from` hears `to` directly.", link.state == gossip::LinkState::kOk ? 1 : 0,
              {{"from", name_of(link.from, known)}, {"to", name_of(link.to, known)}});
  }
  for (const supervisor::MatrixLink& link : s.links) {
    if (link.state != gossip::LinkState::kOk) continue;
    out.gauge("fluxpg_link_rtt_seconds", "Round trip from `from` to `to`.", static_cast<double>(link.rtt_ms) / 1000,
              {{"from", name_of(link.from, known)}, {"to", name_of(link.to, known)}});
  }
}

}  // namespace

std::string metrics(const Snapshot& s) {
  Families out;
  out.gauge("fluxpg_info", "Always 1.", 1, {{"app", s.app}, {"version", s.version}});
  out.gauge("fluxpg_health", "0 healthy, 1 degraded, 2 majority lost.", exit_code(s));
  out.gauge("fluxpg_voters", "Voters in etcd.", static_cast<double>(s.voters));
  out.gauge("fluxpg_voters_live", "Voters that live.", static_cast<double>(s.voters_live));
  out.gauge("fluxpg_failures_survivable", "How many more failures the cluster survives.", s.failures_survivable);
  out.gauge("fluxpg_is_remover", "1 if this node holds the remover key.", s.remover && *s.remover == s.self ? 1 : 0);
  out.gauge("fluxpg_remover_known", "1 if somebody holds the remover key.", s.remover ? 1 : 0);
  out.gauge("fluxpg_epoch", "Revision of the decision record.", static_cast<double>(s.epoch.value));
  out.gauge("fluxpg_decision_open", "1 while a change of membership is under way.", s.open_decision ? 1 : 0);
  out.gauge("fluxpg_evictions_enforced", "0 if paused or in shadow.", s.evictions == "enforce" ? 1 : 0);
  out.gauge("fluxpg_problems", "Problems that status names.", static_cast<double>(s.problems.size()));
  members(out, s);
  links(out, s);
  counters(out, s);
  return out.text();
}

}  // namespace fluxpg::report
