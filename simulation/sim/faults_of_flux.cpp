// Every lie of the Flux API (FACTS: how the list lies).
#include "simulation/sim/fault_effects.hpp"

namespace fluxpg::simulation {

namespace {

using discovery::Fault;

void api(Sim& sim, Duration lasts, Fault fault) {
  sim.flux().fail(fault);
  sim.at(lasts, [&sim] { sim.flux().fail(std::nullopt); });
}

void lie(Sim& sim, Duration lasts, Lie lie) {
  sim.flux().lie(lie);
  sim.at(lasts, [&sim] { sim.flux().lie(std::nullopt); });
}

}  // namespace

std::vector<FaultKind> faults_of_flux() {
  return {
      {"api-down", "no connection", [](Sim& s, std::size_t, Duration d) { api(s, d, Fault::kUnreachable); }},
      {"api-hangs", "no answer", [](Sim& s, std::size_t, Duration d) { api(s, d, Fault::kTimeout); }},
      {"api-empty", "a well-formed empty list", [](Sim& s, std::size_t, Duration d) { api(s, d, Fault::kEmpty); }},
      {"api-half", "answers hold half of the rows, others each time",
       [](Sim& s, std::size_t, Duration d) {
         s.flux().truncate(std::max<std::size_t>(1, s.hosts() / 2));
         s.at(d, [&s] { s.flux().truncate(std::nullopt); });
       }},
      {"backend-lost-a-row", "one backend does not list a live host",
       [](Sim& s, std::size_t h, Duration d) {
         const std::size_t backend = s.fault_random().below(s.flux().backends());
         s.flux().unlist_on(backend, s.host(h).address);
         s.at(d, [&s, h, backend] { s.flux().list_on(backend, s.host(h).address); });
       }},
      {"live-unlisted", "no backend lists a live host", [](Sim& s, std::size_t h, Duration d) { unlist_for(s, h, d); }},
      {"vanishes-and-unlisted", "gone for good, as Flux says an hour later or at once",
       [](Sim& s, std::size_t h, Duration d) { s.vanish(h), unlist_for(s, h, d), start_again(s, h, d); }},
      {"cut-off-and-unlisted", "alive, unheard and unlisted",
       [](Sim& s, std::size_t h, Duration d) { split(s, d, {h}), unlist_for(s, h, d); }},
      {"api-error", "HTTP 200, status error, no rows", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kStatusError); }},
      {"api-truncated", "two thirds of the good answer", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kTruncated); }},
      {"api-html", "a proxy's page with HTTP 200", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kHtml); }},
      {"api-502", "HTTP 502", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kHttp502); }},
      {"api-duplicates", "each row with and without its port", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kDuplicates); }},
      {"api-foreign-row", "a row of another app among the good ones", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kForeignRow); }},
      {"api-bad-row", "a row without an address among the good ones", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kBadRow); }},
      {"api-null", "no list where the rows should be", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kNotAList); }},
      {"api-not-text", "bytes that are no UTF-8", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kNotText); }},
      {"api-too-many-rows", "a thousand rows more", [](Sim& s, std::size_t, Duration d) { lie(s, d, Lie::kTooMany); }},
      {"api-slow", "answers are 1 to 9 s old when they arrive",
       [](Sim& s, std::size_t, Duration d) {
         s.flux().slow_down(seconds(1) + s.fault_random().below(seconds(8)));
         s.at(d, [&s] { s.flux().slow_down(Duration{}); });
       }},
      {"backend-stale", "one backend's rows stay what they are, whatever happens",
       [](Sim& s, std::size_t, Duration d) {
         const std::size_t backend = s.fault_random().below(s.flux().backends());
         s.flux().stop_updating(backend);
         s.at(d, [&s, backend] { s.flux().go_on_updating(backend); });
       }},
      {"backend-never-lists", "one backend never shows a host, however often it is listed anew",
       [](Sim& s, std::size_t h, Duration d) {
         const std::size_t backend = s.fault_random().below(s.flux().backends());
         const std::string address = s.host(h).address;
         s.flux().hide_on(backend, address);
         s.at(d, [&s, backend, address] { s.flux().unhide_on(backend, address); });
       }},
      {"stranger-listed", "an address is listed at which nobody answers",
       [](Sim& s, std::size_t, Duration d) {
         s.flux().list("198.18.99.99");
         s.at(d, [&s] { s.flux().unlist("198.18.99.99"); });
       }},
  };
}

}  // namespace fluxpg::simulation
