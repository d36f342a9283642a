// What planning took, as EXPLAIN (MEMORY) of 17 and later says it, in text, JSON and YAML: the context that the planner
// had for itself, which is gone by then. Whole kB, rounded up by the server; its blocks are not told.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "trace/importers/importer.h"
#include "trace/importers/stats_line.h"

namespace palloscope::trace {
namespace {

constexpr std::string_view kTextUsed = "Memory: used=", kTextAllocated = "kB  allocated=", kUsed = "Memory Used",
                           kAllocated = "Memory Allocated", kNodeType = "Node Type";
constexpr std::string_view kContext = "explain analyze planner context";  // so the server names it

// The text after the first `mark` at or behind `from`, which then stands behind it; none: there is no such mark.
std::optional<std::string_view> after(std::string_view line, std::string_view mark, std::size_t& from) {
  const std::size_t at = line.find(mark, from);
  if (at == std::string_view::npos) return std::nullopt;
  from = at + mark.size();
  return line.substr(from);
}

// The kB that a text begins with, in bytes.
std::optional<std::uint64_t> leading_kb(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto kb = parse_number(text.substr(0, end), kLargestNumber / 1024);
  return kb ? std::optional(*kb * 1024) : std::nullopt;
}

// What follows a name in JSON and YAML: quotes, colon and spaces are passed over.
std::string_view value_in(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of("\": "), text.size()));
}

class PlanMemory {
 public:
  explicit PlanMemory(const DumpConsumer& consumer) : consumer_(consumer) {}

  void line(std::string_view line, std::uint64_t number) {
    take_node(line);
    for (std::size_t at = 0; const auto rest = after(line, kTextUsed, at);) {
      const std::size_t end = rest->find(kTextAllocated);
      if (end == std::string_view::npos || end > 20) continue;
      deliver(leading_kb(*rest), leading_kb(rest->substr(end + kTextAllocated.size())), number);
    }
    for (std::size_t at = 0; const auto rest = after(line, kUsed, at);) {
      used_ = leading_kb(value_in(*rest));
      take_allocated(line.substr(at), number);
    }
    if (used_) take_allocated(line, number);
  }

  DumpFacts facts() const { return facts_; }

 private:
  void take_allocated(std::string_view text, std::uint64_t number) {
    std::size_t at = 0;
    if (const auto rest = after(text, kAllocated, at); rest && used_)
      deliver(std::exchange(used_, {}), leading_kb(value_in(*rest)), number);
  }

  // The plan's top node, by which the moment is known: the first one that is named since the last moment.
  void take_node(std::string_view line) {
    if (!node_.empty()) return;
    std::size_t at = 0;
    if (const auto rest = after(line, kNodeType, at)) {
      const std::string_view value = value_in(*rest);
      node_ = value.substr(0, std::min(value.find('"'), std::size_t{64}));
    } else if (const std::size_t cost = line.find("  (cost="); cost != std::string_view::npos) {
      const std::size_t start = std::min(line.find_first_not_of(' '), cost);
      node_ = line.substr(start, std::min(cost - start, std::size_t{64}));
    }
  }

  void deliver(std::optional<std::uint64_t> used, std::optional<std::uint64_t> allocated, std::uint64_t number) {
    if (!used || !allocated) return;
    DumpBuilder builder(DumpForm::View);
    builder.dump().label = std::exchange(node_, {});
    StatsLine line;
    line.name = kContext;
    line.kind = core::ContextKind::AllocSet;
    line.counters.total_bytes = *allocated;
    line.counters.used_bytes = *used;
    line.counters.free_bytes = *allocated >= *used ? *allocated - *used : 0;
    builder.add(0, line, number);
    ++facts_.dumps;
    consumer_(builder.finish(true));
  }

  const DumpConsumer& consumer_;
  DumpFacts facts_{.origin = "EXPLAIN (MEMORY)"};
  std::optional<std::uint64_t> used_;
  std::string node_;
};

}  // namespace

int sniff_plan_memory(std::string_view head) {
  const std::size_t used = head.find(kTextUsed);
  const bool is_text =
      used != std::string_view::npos && head.substr(used, 64).find(kTextAllocated) != std::string_view::npos;
  return is_text || (head.find(kUsed) != std::string_view::npos && head.find(kAllocated) != std::string_view::npos) ? 90
                                                                                                                    : 0;
}

core::Result<DumpFacts> read_plan_memory(TextSource& source, const DumpConsumer& consumer) {
  PlanMemory memory(consumer);
  std::string_view line;
  while (source.next_line(line)) memory.line(line, source.line_number());
  return memory.facts();
}

}  // namespace palloscope::trace
