#include "trace/sql/moment.h"

#include <algorithm>

#include "trace/exporters/printable.h"
#include "trace/exporters/source_kind_name.h"
#include "trace/replay/bulk_replay.h"
#include "trace/replay/walker.h"

namespace palloscope::trace::sql {

struct Moment::Walk {
  Walker walker;
};

Moment::Moment(Source& source) : source_(source) {}
Moment::~Moment() = default;

core::Result<const MemoryState*> Moment::at(EventNumber event) {
  if (!walk_) walk_ = std::make_unique<Walk>(Walk{Walker(source_.timeline->events(), 0)});
  if (auto status = source_.proceed("going to the moment", event); !status) return status.error();
  const EventNumber to = std::min(event, source_.size);
  if (walk_->walker.at() != to && !walk_->walker.seek(to, 0))
    return core::Error{core::ErrorCode::BadFormat, walk_->walker.problem()};
  return &walk_->walker.state();
}

// The block that has it is known by its summary.
core::Result<EventNumber> Moment::peak() {
  if (peak_size_ == source_.size && peak_size_ != 0) return peak_;
  const EventStore& store = source_.timeline->events();
  EventNumber first = 1, last = 0;
  std::uint64_t most = 0;
  for (std::size_t block = 0; block < store.block_count(); ++block) {
    const EventNumber begin = store.first_event(block);
    if (begin > source_.size) break;
    if (last != 0 && store.summary(block).context_bytes_max <= most) continue;
    most = store.summary(block).context_bytes_max;
    first = begin;
    last = std::min(source_.size, begin + store.event_count(block) - 1);
  }
  peak_ = peak_bytes_ = 0;
  Walker walker(store, 0);
  if (last != 0 && !walker.seek(first - 1, 0)) return core::Error{core::ErrorCode::BadFormat, walker.problem()};
  const bool good = last == 0 || walker.advance(
                                     last, [](const auto&) {},
                                     [&] {
                                       const std::uint64_t bytes = walker.state().totals().context_bytes;
                                       if (bytes > peak_bytes_) peak_bytes_ = bytes, peak_ = walker.at();
                                     });
  if (!good) return core::Error{core::ErrorCode::BadFormat, walker.problem()};
  peak_size_ = source_.size;
  return peak_;
}

namespace {

using K = ColumnKind;

constexpr Column kTraceColumns[] = {
    {"title", K::Text, "what it is called"},
    {"source", K::Text, "'scenario', 'recording', 'dump', 'snapshot'"},
    {"pg_major", K::Number, "PostgreSQL's version; null: not known"},
    {"checking", K::Number, "1: a build that checks memory"},
    {"events", K::Number, "how many events there are"},
    {"cursor", K::Event, "the moment that tables of a moment show"},
    {"peak_event", K::Event, "when the contexts together held the most"},
    {"peak_bytes", K::Number, "how much that was"},
};

class TraceCursor final : public Cursor {
 public:
  TraceCursor(Source& source, Moment& moment) : source_(source), moment_(moment) {}
  core::Status open(const Bounds& bounds) override {
    at_end_ = bounds.none;
    if (at_end_ || !(bounds.reads(6) || bounds.reads(7))) return core::Done{};
    const auto peak = moment_.peak();
    if (!peak) return peak.error();
    peak_ = *peak;
    return core::Done{};
  }
  bool at_end() const override { return at_end_; }
  core::Status next() override {
    at_end_ = true;
    return core::Done{};
  }
  void cell(std::size_t column, Cell& into) const override {
    const core::StreamDescription& description = source_.timeline->description();
    switch (column) {
      case 0:
        return into.text(printable(description.title));
      case 1:
        return into.text(source_kind_name(description.source));
      case 2:
        return description.pg_major == 0 ? into.null() : into.number(description.pg_major);
      case 3:
        return into.number(description.checking ? 1 : 0);
      case 4:
        return into.unsigned_number(source_.size);
      case 5:
        return into.unsigned_number(source_.at);
      case 6:
        return into.event(peak_);
      default:
        return into.unsigned_number(moment_.peak_bytes());
    }
  }

 private:
  Source& source_;
  Moment& moment_;
  bool at_end_ = true;
  EventNumber peak_ = 0;
};

class TraceTable final : public Table {
 public:
  TraceTable(Source& source, Moment& moment) : source_(source), moment_(moment) {}
  std::string_view name() const override { return "trace"; }
  std::string_view meaning() const override { return "one row about the trace itself"; }
  std::span<const Column> columns() const override { return kTraceColumns; }
  double rows() const override { return 1; }
  std::unique_ptr<Cursor> cursor() override { return std::make_unique<TraceCursor>(source_, moment_); }

 private:
  Source& source_;
  Moment& moment_;
};

}  // namespace

std::unique_ptr<Table> make_trace_table(Source& source, Moment& moment) {
  return std::make_unique<TraceTable>(source, moment);
}

}  // namespace palloscope::trace::sql
