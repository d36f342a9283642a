// One dump of a server: the contexts that it lists at one moment, in its own order, before they become events.
// DumpBuilder puts lines together and keeps account of what does not fit; every source of dumps uses it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.h"
#include "trace/importers/stats_line.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

enum class DumpForm : std::uint8_t {
  Stats,  // MemoryContextStats on stderr
  Log,    // messages of pg_log_backend_memory_contexts
  View,   // rows of pg_backend_memory_contexts
};

// A context that the dump lists, or one that must be there because a deeper one is listed: a selection of the view's
// rows, a log that begins in the middle of a dump. Of such an `unlisted` one nothing but perhaps the name is known.
struct DumpedContext {
  static constexpr std::uint32_t kNoParent = 0xFFFFFFFF;
  std::uint32_t parent = kNoParent;  // index into Dump::contexts, always below its own; only the first has none
  std::uint32_t level = 0;           // of the top context 0, whatever the dump calls it
  bool unlisted = false;
  std::optional<core::ContextKind> kind;  // none: the dump does not say
  std::string name;
  std::optional<std::string> ident;
  ReportedCounters counters;
  std::optional<OmittedContexts> omitted;  // children that the dump left out
};

struct Dump {
  DumpForm form = DumpForm::Stats;
  std::string label;       // time stamp as the dump has it
  std::uint32_t pid = 0;   // 0: not said
  std::string first_line;  // of a log, where it is not the English one
  std::vector<DumpedContext> contexts;
  std::string problem;                       // empty: complete, and it adds up
  std::optional<core::ErrorReported> error;  // the out-of-memory error that followed
  std::string failed_context;                // the context that its detail names
  std::optional<std::string> statement;      // what the server was working on at that error
};

// What the dumps of a whole file showed, once it was read.
struct DumpFacts {
  std::uint64_t dumps = 0;
  bool forms[3] = {};       // by DumpForm: seen
  int pg_major = 0;         // 0: the formats do not tell
  std::string_view origin;  // of an importer that makes its own events: the view; empty: as the forms say
};

class DumpBuilder {
 public:
  // Deeper trees than any server builds are refused, so that nobody who walks the tree need fear its depth.
  static constexpr std::uint32_t kDeepest = 2000;
  // So many levels may be missing above a context.
  static constexpr std::uint32_t kMostUnlisted = 128;

  explicit DumpBuilder(DumpForm form) { dump_.form = form; }

  Dump& dump() { return dump_; }
  bool empty() const { return dump_.contexts.empty() && omitted_lines_ == 0; }

  // `level`: of the top context 0. A context goes below the last one of the level above. `parent_name`: where the dump
  // tells it; only used to name an unlisted parent.
  void add(std::uint64_t level, const StatsLine& line, std::uint64_t line_number, std::string_view parent_name = {});
  // A context at this level of which nothing is known.
  void add_unlisted(std::uint64_t level);
  // "more child contexts" of the last context of `parent_level`.
  void omit(std::uint64_t parent_level, const TotalLine& line, std::uint64_t line_number);
  // The dump's own sum: what was read must add up to it.
  void grand_total(const TotalLine& line);
  void complain(const std::string& what);

  // `complete`: the dump came to its end.
  Dump finish(bool complete);

 private:
  Dump dump_;
  void make_parent(std::uint64_t level, std::string_view name);
  void push(std::uint64_t level, DumpedContext context);

  std::vector<std::uint32_t> last_at_level_;  // index of the last context at each level of the current path
  std::optional<TotalLine> grand_total_;
  std::uint64_t omitted_lines_ = 0;
  std::uint64_t problem_count_ = 0;
};

// Does it add up? Says what does not; empty if all does.
std::string check_counters(const ReportedCounters& counters);

// Sums of many numbers of up to 63 bits may not fit.
struct Sum {
  std::uint64_t value = 0;
  bool overflow = false;
  void add(std::uint64_t more) { overflow = __builtin_add_overflow(value, more, &value) || overflow; }
};

}  // namespace palloscope::trace
