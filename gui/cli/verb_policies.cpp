// palloscope policies FILE: the recorded page accesses under PostgreSQL's clock sweep, LRU, 2Q and ARC, side by side.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/analysis/policy_run.h"

namespace palloscope::gui::cli {
namespace {

using trace::PolicyCounts;
using trace::ReplacementPolicy;

double hit_share(const PolicyCounts& counts) {
  return counts.requests == 0 ? 0 : static_cast<double>(counts.hits) / static_cast<double>(counts.requests);
}

template <class Visitor>
void each_policy(Visitor&& visitor) {
  for (int i = 0; i < trace::kReplacementPolicyCount; ++i) visitor(static_cast<ReplacementPolicy>(i));
}

void write_text(const trace::PolicyRun& run, std::ostream& out) {
  out << fmt::format("{} to shared buffers, {}",
                     core::counted(run.counts(ReplacementPolicy::Lru).requests, "access", "accesses"),
                     core::counted(run.buffers(), "buffer"));
  if (run.buffers() != run.pool_buffers()) out << fmt::format(" (the trace's pool has {})", run.pool_buffers());
  out << fmt::format("\n{:<26} {:>10} {:>8} {:>10} {:>10} {:>10}\n", "policy", "hits", "hits %", "misses", "evictions",
                     "writes");
  each_policy([&](ReplacementPolicy policy) {
    const PolicyCounts& counts = run.counts(policy);
    out << fmt::format("{:<26} {:>10} {:>8.2f} {:>10} {:>10} {:>10}\n", trace::policy_name(policy), counts.hits,
                       100 * hit_share(counts), counts.misses(), counts.evictions, counts.writes);
  });
  out << "A write is a dirty page that is evicted. Pins do not hold pages, LRU, 2Q and ARC know no rings.\n";
}

void write_csv(const trace::PolicyRun& run, std::ostream& out) {
  out << "policy,buffers,requests,hits,misses,evictions,writes\n";
  each_policy([&](ReplacementPolicy policy) {
    const PolicyCounts& counts = run.counts(policy);
    out << fmt::format("{},{},{},{},{},{},{}\n", trace::policy_name(policy), run.buffers(), counts.requests,
                       counts.hits, counts.misses(), counts.evictions, counts.writes);
  });
}

// With the curve: the counts after some of the accesses, for plotting.
void write_json(const trace::PolicyRun& run, std::ostream& out) {
  nlohmann::ordered_json all;
  all["buffers"] = run.buffers();
  all["pool_buffers"] = run.pool_buffers();
  all["policies"] = nlohmann::ordered_json::array();
  each_policy([&](ReplacementPolicy policy) {
    const PolicyCounts& counts = run.counts(policy);
    nlohmann::ordered_json one;
    one["policy"] = trace::policy_name(policy);
    one["requests"] = counts.requests;
    one["hits"] = counts.hits;
    one["misses"] = counts.misses();
    one["evictions"] = counts.evictions;
    one["writes"] = counts.writes;
    nlohmann::ordered_json curve = nlohmann::ordered_json::array();
    for (const trace::PolicySample& sample : run.curve()) {
      const PolicyCounts& then = sample.counts[static_cast<std::size_t>(policy)];
      curve.push_back({{"event", sample.event},
                       {"requests", then.requests},
                       {"hits", then.hits},
                       {"evictions", then.evictions},
                       {"writes", then.writes}});
    }
    one["curve"] = std::move(curve);
    all["policies"].push_back(std::move(one));
  });
  out << all.dump(1) << '\n';
}

}  // namespace

int run_policies(Arguments arguments, Streams io) {
  Usage usage(
      "policies",
      "Runs the page accesses that were recorded under PostgreSQL's clock sweep (with its rings and without), LRU, 2Q "
      "and ARC, and counts hits, misses, evictions and writes.");
  std::string file, format = "text";
  std::uint32_t buffers = 0;
  usage.add("FILE", &file, "a trace, or a scenario (a file, a name or a number)").required();
  usage.add("--buffers", &buffers, "the size of the pool; left out: the trace's own")
      .within(1, trace::kMostBuffers)
      .takes("N");
  usage.add("--format", &format, "how it is written; json: with the curves")
      .one_of({"text", "csv", "json"})
      .shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  auto timeline = open_source_or_scenario("policies", file, io);
  if (!timeline) return kExitBad;
  trace::PolicyRun run(*timeline, buffers);
  {
    Progress progress("policies", io);
    while (!run.advance()) progress.tell("reading", run.progress());
  }
  if (run.counts(ReplacementPolicy::Lru).requests == 0) {
    complain("policies",
             fmt::format("{}: no page was asked for in {}; policies need a trace of a running buffer pool, "
                         "such as the scenarios from 50 on",
                         file, core::counted(timeline->size(), "event")),
             io);
    return kExitNo;
  }
  if (format == "csv")
    write_csv(run, io.out);
  else if (format == "json")
    write_json(run, io.out);
  else
    write_text(run, io.out);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
