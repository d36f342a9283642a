// What servers from 16 on say of the whole pool at once (spec 9.5): pg_buffercache_summary and
// pg_buffercache_usage_counts. No buffer is known by itself: the pool has none, only its counts.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <locale>
#include <optional>
#include <sstream>
#include <utility>

#include "trace/importers/csv_rows.h"
#include "trace/importers/importer.h"

namespace palloscope::trace {
namespace {

constexpr std::uint64_t kMostInt = 0x7FFFFFFF;  // int4

enum SummaryColumn : std::size_t { Used, Unused, DirtyBuffers, PinnedBuffers, UsageAverage, kSummaryColumns };
constexpr std::array<std::string_view, kSummaryColumns> kSummary = {"buffers_used", "buffers_unused", "buffers_dirty",
                                                                    "buffers_pinned", "usagecount_avg"};
enum CountColumn : std::size_t { Usage, Buffers, Dirty, Pinned, kCountColumns };
constexpr std::array<std::string_view, kCountColumns> kCounts = {"usage_count", "buffers", "dirty", "pinned"};

// Moments of one pool that is known by its counts.
class Moments {
 public:
  Moments(const CsvRows& rows, core::EventSink& sink) : rows_(rows), sink_(sink) {}

  void begin() {
    end({});
    sink_.emit(core::SnapshotBegan{std::string(rows_.label()), rows_.pid()});
    if (facts_.dumps++ == 0) sink_.emit(core::BufferPoolCreated{kPool, {}, core::BufferSlot{0}, 0, false});
    open_ = true;
    label_ = rows_.label();
    pid_ = rows_.pid();
  }
  // The row is of another moment than the one before, by its header or its label.
  bool differs() const { return !open_ || rows_.follows_header() || rows_.label() != label_ || rows_.pid() != pid_; }
  void end(std::string problem) {
    if (open_) sink_.emit(core::SnapshotEnded{std::move(problem)});
    open_ = false;
  }
  DumpFacts facts(std::string_view origin) {
    end(rows_.cut() ? "the file ends within a row" : "");
    facts_.pg_major = 0;  // 16 and later print the same
    facts_.origin = origin;
    return facts_;
  }

  static constexpr core::PoolSlot kPool{0};

 private:
  const CsvRows& rows_;
  core::EventSink& sink_;
  DumpFacts facts_;
  std::string label_;
  std::uint32_t pid_ = 0;
  bool open_ = false;
};

// Numbers of a row's columns 0..N-1, none above `limits`.
template <std::size_t N>
core::Result<std::array<std::uint32_t, N>> read_numbers(const CsvRows& rows,
                                                        const std::array<std::uint64_t, N>& limits) {
  std::array<std::uint32_t, N> numbers{};
  for (std::size_t column = 0; column < N; ++column) {
    const core::Result<std::uint64_t> number = rows.number(column, limits[column]);
    if (!number) return number.error();
    numbers[column] = static_cast<std::uint32_t>(*number);
  }
  return numbers;
}

// The sum of the usage counts: the server says it divided by the used buffers; NULL if there are none.
core::Result<std::uint64_t> usage_sum(const CsvRows& rows, std::uint32_t used) {
  const std::string_view text = rows.text(UsageAverage);
  if (text.empty() && used == 0) return std::uint64_t{0};
  double average = -1;
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  in >> average;
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof() || !(average >= 0 && average <= core::kMaxUsage))
    return rows.error(
        fmt::format("usagecount_avg is \"{:.40}\", which is no number from 0 to {}; is this a row of "
                    "pg_buffercache_summary, unchanged?",
                    text, core::kMaxUsage));
  return static_cast<std::uint64_t>(std::llround(average * used));
}

}  // namespace

int sniff_buffer_summary(std::string_view head) { return find_csv_header(head, kSummary) ? 99 : 0; }

core::Result<DumpFacts> emit_buffer_summary(TextSource& source, core::EventSink& sink) {
  CsvRows rows(source, kSummary, kSummary.size(), "pg_buffercache_summary");
  Moments moments(rows, sink);
  while (true) {
    const core::Result<bool> more = rows.next();
    if (!more) return more.error();
    if (!*more) break;
    const auto numbers = read_numbers<UsageAverage>(rows, {kMostInt, kMostInt, kMostInt, kMostInt});
    if (!numbers) return numbers.error();
    const core::Result<std::uint64_t> sum = usage_sum(rows, (*numbers)[Used]);
    if (!sum) return sum.error();
    moments.begin();  // a row is a moment
    sink.emit(core::PoolReported{Moments::kPool, (*numbers)[Used], (*numbers)[Unused], (*numbers)[DirtyBuffers],
                                 (*numbers)[PinnedBuffers], *sum});
  }
  return moments.facts("pg_buffercache_summary");
}

int sniff_buffer_usage_counts(std::string_view head) { return find_csv_header(head, kCounts) ? 99 : 0; }

core::Result<DumpFacts> emit_buffer_usage_counts(TextSource& source, core::EventSink& sink) {
  CsvRows rows(source, kCounts, kCounts.size(), "pg_buffercache_usage_counts");
  Moments moments(rows, sink);
  std::optional<std::uint32_t> last;  // usage count of the row before
  while (true) {
    const core::Result<bool> more = rows.next();
    if (!more) return more.error();
    if (!*more) break;
    const auto numbers = read_numbers<kCountColumns>(rows, {core::kMaxUsage, kMostInt, kMostInt, kMostInt});
    if (!numbers) return numbers.error();
    const auto [usage, buffers, dirty, pinned] = *numbers;
    if (moments.differs() || (last && usage <= *last)) moments.begin();  // six rows are a moment
    last = usage;
    sink.emit(core::UsageCountReported{Moments::kPool, usage, buffers, dirty, pinned});
  }
  return moments.facts("pg_buffercache_usage_counts");
}

}  // namespace palloscope::trace
