// The same seeds and faults under every policy, as a table of rates with their bounds.
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "simulation/policy/policy.hpp"
#include "simulation/sim/program/commands.hpp"
#include "simulation/sim/program/poisson.hpp"
#include "simulation/sim/program/pool.hpp"

namespace fluxpg::simulation {

namespace {

using nlohmann::json;

constexpr double kPer = 10'000;  // fault-dense cluster-hours

struct Rate {
  double value = 0;
  double low = 0;
  double high = 0;
};

struct Row {
  std::string policy;
  std::uint64_t runs = 0;
  double hours = 0;
  std::uint64_t live_evicted = 0, live_evicted_late = 0, quorums_lost = 0, second_clusters = 0, never_back = 0, evicted = 0;
  double dead_voter = 0, dead_voter_squares = 0, no_quorum = 0, no_quorum_squares = 0;  // hours of each run
};

using Seed = std::map<std::string, Compared>;

double in_hours(Duration d) { return to_seconds(d) / 3600; }

void add(Row& row, const Compared& one) {
  const double dead = in_hours(one.scores.dead_voter);
  const double down = in_hours(one.scores.no_quorum);
  ++row.runs;
  row.hours += in_hours(one.time);
  row.live_evicted += one.scores.live_evicted;
  row.live_evicted_late += one.scores.live_evicted_late;
  row.quorums_lost += one.scores.quorums_lost;
  row.second_clusters += one.second_clusters;
  row.evicted += one.scores.evicted;
  row.never_back += one.came_back ? 0 : 1;
  row.dead_voter += dead, row.dead_voter_squares += dead * dead;
  row.no_quorum += down, row.no_quorum_squares += down * down;
}

Rate counted(std::uint64_t count, double hours) {
  const auto [low, high] = poisson_bounds(count);
  return {static_cast<double>(count) / hours * kPer, low / hours * kPer, high / hours * kPer};
}

// Hours are no counts: the runs are the sample, and their mean is taken as normal.
Rate measured(double sum, double squares, const Row& row) {
  const auto runs = static_cast<double>(row.runs);
  const double mean = sum / runs;
  const double error = runs < 2 ? mean : std::sqrt(std::max(0.0, squares / runs - mean * mean) / (runs - 1));
  const double scale = kPer * runs / row.hours;
  return {mean * scale, std::max(0.0, mean - 1.96 * error) * scale, (mean + 1.96 * error) * scale};
}

struct Column {
  const char* name;
  const char* key;
  Rate (*rate)(const Row&);
};

constexpr Column kColumns[] = {
    {"live evicted", "live_evicted", [](const Row& r) { return counted(r.live_evicted, r.hours); }},
    {"by a late call", "live_evicted_late", [](const Row& r) { return counted(r.live_evicted_late, r.hours); }},
    {"quorums lost", "quorums_lost", [](const Row& r) { return counted(r.quorums_lost, r.hours); }},
    {"second clusters", "second_clusters", [](const Row& r) { return counted(r.second_clusters, r.hours); }},
    {"never came back", "never_came_back", [](const Row& r) { return counted(r.never_back, r.hours); }},
    {"hours with a dead voter", "dead_voter_hours", [](const Row& r) { return measured(r.dead_voter, r.dead_voter_squares, r); }},
    {"hours without quorum", "no_quorum_hours", [](const Row& r) { return measured(r.no_quorum, r.no_quorum_squares, r); }},
};

std::string cell(const Rate& rate) {
  char text[80];
  std::snprintf(text, sizeof text, "%.0f [%.0f, %.0f]", rate.value, rate.low, rate.high);
  return text;
}

void print(const std::vector<Row>& rows) {
  constexpr int kFirst = 18;
  constexpr int kWidth = 26;
  std::cout << "per 10,000 cluster-hours with faults, [95 % bounds]\n" << std::left << std::setw(kFirst) << "";
  for (const Column& column : kColumns) std::cout << std::setw(kWidth) << column.name;
  std::cout << "removals\n";
  for (const Row& row : rows) {
    std::cout << std::setw(kFirst) << row.policy;
    for (const Column& column : kColumns) std::cout << std::setw(kWidth) << cell(column.rate(row));
    std::cout << row.evicted << "\n";
  }
}

json as_json(const std::vector<Row>& rows) {
  json result = json::array();
  for (const Row& row : rows) {
    json one = {{"policy", row.policy},
                {"runs", row.runs},
                {"cluster_hours", row.hours},
                {"removals", row.evicted},
                {"counts",
                 {{"live_evicted", row.live_evicted},
                  {"live_evicted_late", row.live_evicted_late},
                  {"quorums_lost", row.quorums_lost},
                  {"second_clusters", row.second_clusters},
                  {"never_came_back", row.never_back}}}};
    for (const Column& column : kColumns) {
      const Rate rate = column.rate(row);
      one["per_10000_hours"][column.key] = {{"rate", rate.value}, {"low", rate.low}, {"high", rate.high}};
    }
    result.push_back(std::move(one));
  }
  return result;
}

}  // namespace

int compare(const Wanted& wanted) {
  const auto [first, last] = first_and_last(wanted.seeds);
  std::vector<Row> rows;
  for (const policy::PolicyText& each : policy::kPolicies) {
    if (wanted.policy.empty() || wanted.policy == each.name) rows.push_back(Row{each.name});
  }
  if (!wanted.as_json)
    std::cout << "seeds " << first << " to " << last << ", " << (wanted.nodes == 0 ? "3 or 5 nodes: " : "") << describe(wanted)
              << std::endl;
  catch_interrupt();
  for_seeds<Seed>(
      first, last, jobs(wanted),
      [&](std::uint64_t seed) {
        Seed result;
        for (const Row& row : rows) result[row.policy] = compare_seed(seed, wanted, row.policy, {});
        return result;
      },
      [&rows](const Seed& one) {
        for (Row& row : rows) add(row, one.at(row.policy));
      });
  if (rows.front().runs == 0) {
    std::cerr << "fluxpg-sim: interrupted before the first seed was done\n";
    std::_Exit(130);
  }
  if (wanted.as_json) {
    std::cout << json{{"seeds", {first, last}}, {"policies", as_json(rows)}, {"interrupted", interrupted.load()}}.dump(1) << "\n";
  } else {
    print(rows);
    std::cout << rows.front().runs << " runs of each, " << std::fixed << std::setprecision(1) << rows.front().hours
              << " cluster-hours with faults\n";
  }
  std::cout << std::flush;
  if (interrupted) std::_Exit(130);
  const bool ours_failed = rows.front().policy == "ours" && (rows.front().live_evicted > 0 || rows.front().second_clusters > 0);
  return ours_failed ? 1 : 0;
}

}  // namespace fluxpg::simulation
