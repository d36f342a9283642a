#include "trace/live/snapshot_events.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/version/version_profile.h"
#include "trace/live/heap_events.h"
#include "trace/live/server_events.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kToldFindings = 3;
constexpr std::string_view kWithoutRecycled = ", which names its lists of recycled contexts nowhere";

// What a reader has to know of this moment: what was not read, and what in it cannot be right.
std::string problem_of(const ServerMoment& moment, std::size_t left_out, const std::vector<std::string>& more) {
  std::string problem;
  const auto add = [&](std::string_view sentence) {
    if (!problem.empty()) problem += "; ";
    problem += sentence;
  };
  for (const std::string& sentence : moment.problems) add(sentence);
  for (const std::string& sentence : more) add(sentence);
  const auto& findings = moment.heap.findings;
  const std::size_t count = findings.size() + moment.heap.findings_left_out;
  for (std::size_t i = 0; i < findings.size() && i < kToldFindings; ++i)
    add(fmt::format("at {:#x}: {}", findings[i].where.value, findings[i].what));
  if (count > kToldFindings) add(fmt::format("{} more contradictions", count - kToldFindings));
  if (left_out != 0) add(fmt::format("{} things that lie upon others are left out", left_out));
  return problem;
}

}  // namespace

struct SnapshotEvents::State {
  explicit State(core::EventSink& to) : sink(to), heap(to), server(to) {}

  core::EventSink& sink;
  HeapEvents heap;
  ServerEvents server;
  std::string statement;
};

core::StreamDescription describe_snapshot(const ServerMoment& moment) {
  core::StreamDescription description;
  description.source = core::SourceKind::Snapshot;
  description.pg_major = moment.build.major;
  description.checking = moment.build.checking;
  description.title =
      moment.facts.title.empty() ? fmt::format("PostgreSQL, PID {}", moment.facts.pid) : moment.facts.title;
  description.origin =
      fmt::format("snapshot of PID {}{}", moment.facts.pid, moment.recycled_known ? "" : kWithoutRecycled);
  return description;
}

bool recycled_known(const core::StreamDescription& snapshot) { return !snapshot.origin.ends_with(kWithoutRecycled); }

SnapshotEvents::SnapshotEvents(core::EventSink& sink) : state_(std::make_unique<State>(sink)) {}
SnapshotEvents::~SnapshotEvents() = default;
SnapshotEvents::SnapshotEvents(SnapshotEvents&&) noexcept = default;
SnapshotEvents& SnapshotEvents::operator=(SnapshotEvents&&) noexcept = default;

void SnapshotEvents::emit(const ServerMoment& moment) {
  core::EventSink& sink = state_->sink;
  sink.emit(core::SnapshotBegan{moment.facts.time, moment.facts.pid});
  std::vector<std::string> problems;
  std::size_t left_out = 0;
  if (const core::VersionProfile* profile = core::find_profile(moment.build.major, moment.build.checking))
    left_out = state_->heap.emit(moment.heap, *profile);
  state_->server.emit(moment, problems);
  if (moment.statement != state_->statement) {
    state_->statement = moment.statement;
    sink.emit(core::Statement{moment.statement});
  }
  sink.emit(moment.measure);
  sink.emit(core::SnapshotEnded{problem_of(moment, left_out, problems)});
}

}  // namespace palloscope::trace
