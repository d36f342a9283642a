// palloscope verify FILE: does the trace obey every rule that a correct heap and a correct buffer pool obey, and what
// mistakes of the program were found when it was made?
#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "gui/cli/fault_places.h"
#include "gui/cli/moment_link.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/analysis/heap_check.h"
#include "trace/analysis/pool_check.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

struct Finding {
  core::EventNumber event = 0;
  std::string what;
  bool by_program = false;  // a FaultFound; else the trace itself breaks a rule
};

constexpr std::size_t kKeptBrokenEvents = 20;

std::vector<std::string> broken_rules(const trace::MemoryState& state, std::size_t most) {
  std::vector<std::string> broken = check_heap(state, most);
  for (std::string& what : check_pools(state.server(), most)) broken.push_back(std::move(what));
  if (broken.size() > most) broken.resize(most);
  return broken;
}

// Walks the trace once. The whole heap, and all buffers, are checked whenever as many events have gone by as there are
// parts, so that a check costs a constant share of the replay; what a single event must leave behind, at each.
class Verifier {
 public:
  Verifier(trace::Timeline& timeline, Streams io) : timeline_(timeline), io_(io) {}

  std::vector<Finding> run();
  std::uint64_t fault_count() const { return fault_count_; }
  std::uint64_t mistake_count() const { return mistake_count_; }

 private:
  void visit(core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after);
  core::EventNumber first_broken(core::EventNumber good, core::EventNumber broken);

  trace::Timeline& timeline_;
  Streams io_;
  std::vector<Finding> findings_;
  FaultPlaces places_;
  core::EventNumber good_ = 0, next_check_ = 1, broken_ = 0;
  std::uint64_t fault_count_ = 0, mistake_count_ = 0;
  std::size_t broken_events_ = 0;
};

void Verifier::visit(core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
  if (const auto* ended = std::get_if<core::SnapshotEnded>(&event); ended != nullptr && !ended->problem.empty())
    findings_.push_back({n, fmt::format("the dump: {}", ended->problem)});
  places_.note(n, event);
  if (const auto* fault = std::get_if<core::FaultFound>(&event)) {
    if (++mistake_count_ <= trace::kKeptFaults) findings_.push_back({n, places_.text(*fault, n, after), true});
  }
  if (n == timeline_.size()) {
    fault_count_ = after.fault_count();
    for (const trace::Fault& fault : after.faults()) findings_.push_back({fault.event, fault.what});
  }
  if (broken_events_ < kKeptBrokenEvents)
    for (std::string& what : check_pool_event(event, after.server(), 1)) {
      findings_.push_back({n, std::move(what)});
      ++broken_events_;
    }
  if (broken_ != 0 || (n < next_check_ && n != timeline_.size())) return;
  if (broken_rules(after, 1).empty()) {
    const trace::HeapTotals& totals = after.totals();
    good_ = n;
    next_check_ = n + 1 + totals.context_count + totals.region_count + totals.live_chunk_count +
                  totals.free_chunk_count + after.server().buffers.size();
  } else {
    broken_ = n;
  }
}

// Halves the distance: what is broken once stays so, or is found where it is broken again.
core::EventNumber Verifier::first_broken(core::EventNumber good, core::EventNumber broken) {
  while (broken - good > 1) {
    const core::EventNumber middle = good + (broken - good) / 2;
    timeline_.seek(middle);
    (broken_rules(timeline_.state(), 1).empty() ? good : broken) = middle;
  }
  return broken;
}

std::vector<Finding> Verifier::run() {
  if (timeline_.size() == 0) return {};
  {
    Progress progress("verify", io_);
    timeline_.visit(1, timeline_.size(),
                    [&](core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
                      visit(n, event, after);
                      if (n % 1024 == 0) progress.tell("events", n, timeline_.size());
                    });
  }
  if (broken_ != 0) {
    const core::EventNumber first = first_broken(good_, broken_);
    timeline_.seek(first);
    for (std::string& what : broken_rules(timeline_.state(), 10)) findings_.push_back({first, std::move(what)});
  }
  std::stable_sort(findings_.begin(), findings_.end(),
                   [](const Finding& a, const Finding& b) { return a.event < b.event; });
  return std::move(findings_);
}

}  // namespace

int run_verify(Arguments arguments, Streams io) {
  Usage usage(
      "verify",
      "Checks every rule that a correct heap and a correct buffer pool obey, and lists the program's mistakes with "
      "where they happened and where the memory concerned came from. Exit status 1: something is wrong, and is "
      "listed.");
  std::string file;
  bool link = false;
  usage.add("FILE", &file, "a trace, a server's dump, or a scenario (a file, a name or a number)").required();
  add_link_flag(usage, link);
  if (const auto status = usage.parse(arguments, io)) return *status;
  auto timeline = open_source_or_scenario("verify", file, io);
  if (!timeline) return kExitBad;

  Verifier verifier(*timeline, io);
  const std::vector<Finding> findings = verifier.run();
  for (const Finding& finding : findings) {
    const std::string opens = link ? fmt::format("  {}\n", moment_link(file, finding.event)) : "";
    std::string text;
    if (finding.by_program) {
      io.out << fmt::format("#{}: {}\n{}", finding.event, finding.what, opens);
      continue;
    }
    if (finding.event >= 1 && finding.event <= timeline->size()) {
      timeline->seek(finding.event);
      text = fmt::format(" ({})", trace::event_text(timeline->event(finding.event), timeline->state()));
    }
    io.out << fmt::format("#{}{}: {}\n{}", finding.event, text, trace::printable(finding.what), opens);
  }
  if (verifier.fault_count() > trace::kKeptFaults)
    io.out << fmt::format("and {} more\n", verifier.fault_count() - trace::kKeptFaults);
  if (verifier.mistake_count() > trace::kKeptFaults)
    io.out << fmt::format("and {} of the program\n",
                          core::counted(verifier.mistake_count() - trace::kKeptFaults, "more mistake"));
  if (!timeline->problem().empty()) io.out << fmt::format("file: {}\n", timeline->problem());
  const bool good = findings.empty() && timeline->problem().empty();
  if (good) io.out << fmt::format("{}: {}, nothing wrong\n", file, core::counted(timeline->size(), "event"));
  return good ? kExitGood : kExitNo;
}

}  // namespace palloscope::gui::cli
