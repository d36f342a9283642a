// Plain text: what a server wrote to stderr, or to a log file of its own. Holds dumps of MemoryContextStats (spec 9.1:
// no prefix, indented; an out-of-memory error prints one) and dumps of pg_log_backend_memory_contexts (9.2: a log
// message per context), among any other lines.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "trace/importers/importer.h"
#include "trace/importers/log_dumps.h"
#include "trace/importers/log_prefix.h"
#include "trace/importers/stats_line.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kLongestRecord = std::size_t{1} << 20;  // of a message of several lines; the rest is left out
constexpr int kRecordsToError = 20;  // so soon after its dump, an out-of-memory error follows in the log

class PlainLog {
 public:
  explicit PlainLog(const DumpConsumer& consumer)
      : consumer_(consumer), log_dumps_([this](Dump dump) { deliver_waiting(), consumer_(std::move(dump)); }) {}

  void line(std::string_view line, std::uint64_t number);
  DumpFacts finish();

 private:
  void stats_context(std::uint64_t indent, const StatsLine& line, std::uint64_t number);
  void close_stats(bool complete);
  void record();
  void error_record(const LogLine& line);
  void deliver_waiting();

  const DumpConsumer& consumer_;
  LogDumps log_dumps_;
  std::uint64_t stats_dumps_ = 0;

  // A log message may go on in the next lines (they begin with a tab): kept until it is whole.
  std::string record_;
  std::uint64_t record_line_ = 0;

  std::optional<DumpBuilder> stats_;  // the MemoryContextStats dump that is being read
  std::uint64_t lost_indent_ = 0;     // spaces that another process's line cut off from the dump's next line
  std::optional<Dump> waiting_;       // a finished one: its error may follow
  int waiting_records_ = 0;
  std::string error_shape_, error_time_;  // prefix of the error's first line
};

void PlainLog::line(std::string_view line, std::uint64_t number) {
  if (!line.empty() && line.front() == '\t') {
    if (!record_.empty() && record_.size() < kLongestRecord) record_.append("\n").append(line.substr(1));
    return;
  }
  record();

  std::size_t spaces = line.find_first_not_of(' ');
  if (spaces == std::string_view::npos) spaces = line.size();
  const std::string_view body = line.substr(spaces);

  // Names of contexts never hold what stands between severity and message in a log.
  if (const auto context = parse_stats_line(body); context && context->name.find(":  ") == std::string_view::npos)
    return stats_context(spaces, *context, number);
  if (stats_) {
    if (const auto more = parse_more_children_line(body)) {
      const std::uint64_t level = (spaces + lost_indent_) / 2;
      lost_indent_ = 0;
      return stats_->omit(level == 0 ? 0 : level - 1, *more, number);
    }
    if (const auto total = parse_grand_total_line(body); total && spaces == 0) {
      stats_->grand_total(*total);
      return close_stats(true);
    }
    if (!body.empty()) lost_indent_ += spaces;
  }
  record_ = stats_ ? body : line;
  record_line_ = number;
}

void PlainLog::stats_context(std::uint64_t indent, const StatsLine& line, std::uint64_t number) {
  std::uint64_t level = (indent + lost_indent_) / 2;
  lost_indent_ = 0;
  if (stats_ && level == 0) close_stats(false);
  if (!stats_) {
    deliver_waiting();
    stats_.emplace(DumpForm::Stats);
  }
  stats_->add(level, line, number);
}

void PlainLog::close_stats(bool complete) {
  Dump dump = stats_->finish(complete);
  stats_.reset();
  lost_indent_ = 0;
  deliver_waiting();
  waiting_ = std::move(dump);
  waiting_records_ = 0;
}

// The log message in record_ is whole.
void PlainLog::record() {
  if (record_.empty()) return;
  if (const auto line = split_log_line(record_)) {
    LogMessage message;
    message.text = line->message;
    message.prefix = line->prefix;
    message.time = time_in(line->prefix);
    message.line_number = record_line_;
    if (!log_dumps_.take(message) && waiting_) error_record(*line);
  }
  record_.clear();
}

// The out-of-memory error that printed the waiting dump, its detail and statement: lines of one moment and shape.
void PlainLog::error_record(const LogLine& line) {
  if (!waiting_->error) {
    const bool is_error = line.severity == "ERROR" || line.severity == "FATAL" || line.severity == "PANIC";
    if (!is_error || (!line.sqlstate.empty() && line.sqlstate != "53200")) {
      if (++waiting_records_ > kRecordsToError) deliver_waiting();
      return;
    }
    core::ErrorReported error;
    error.severity = core::Severity::Error;
    error.sqlstate = line.sqlstate;
    error.message = line.message;
    waiting_->error = std::move(error);
    if (waiting_->label.empty()) waiting_->label = time_in(line.prefix);
    error_shape_ = shape_of(line.prefix);
    error_time_ = time_in(line.prefix);
    return;
  }
  if (shape_of(line.prefix) != error_shape_ || time_in(line.prefix) != error_time_) {
    if (++waiting_records_ > kRecordsToError) deliver_waiting();
    return;
  }
  if (line.severity == "DETAIL") {
    waiting_->error->detail = line.message;
    const std::size_t quote = line.message.rfind("context \"");
    if (quote != std::string_view::npos) {
      std::string_view name = line.message.substr(quote + 9);
      waiting_->failed_context = name.substr(0, name.rfind('"'));
    }
  } else if (line.severity == "STATEMENT") {
    waiting_->statement = line.message;
    deliver_waiting();
  } else if (line.severity == "ERROR" || line.severity == "LOG" || line.severity == "FATAL") {
    deliver_waiting();
  }
}

void PlainLog::deliver_waiting() {
  if (!waiting_) return;
  Dump dump = std::move(*waiting_);
  waiting_.reset();
  ++stats_dumps_;
  consumer_(std::move(dump));
}

DumpFacts PlainLog::finish() {
  record();
  if (stats_) close_stats(false);
  deliver_waiting();
  log_dumps_.finish();
  DumpFacts facts = log_dumps_.facts();
  facts.dumps += stats_dumps_;
  facts.forms[static_cast<int>(DumpForm::Stats)] = stats_dumps_ > 0;
  return facts;
}

}  // namespace

int sniff_plain_log(std::string_view head) {
  if (head.find('\0') != std::string_view::npos) return 0;
  const bool has_contexts =
      head.find(" total in ") != std::string_view::npos && head.find(" blocks") != std::string_view::npos;
  return has_contexts ? 70 : 10;  // any text may hold a dump further on
}

core::Result<DumpFacts> read_plain_log(TextSource& source, const DumpConsumer& consumer) {
  PlainLog log(consumer);
  std::string_view line;
  while (source.next_line(line)) log.line(line, source.line_number());
  return log.finish();
}

}  // namespace palloscope::trace
