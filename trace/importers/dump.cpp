#include "trace/importers/dump.h"

#include <fmt/format.h>

#include <utility>

namespace palloscope::trace {
namespace {

struct DumpSums {
  Sum total, blocks, free, free_chunks, used;
};

template <class Counters>
void add_to(DumpSums& sums, const Counters& counters) {
  sums.total.add(counters.total_bytes);
  sums.blocks.add(counters.blocks);
  sums.free.add(counters.free_bytes);
  sums.free_chunks.add(counters.free_chunks);
  sums.used.add(counters.used_bytes);
}

void compare(std::string& problem, std::string_view what, Sum sum, std::uint64_t grand_total) {
  if (!sum.overflow && sum.value == grand_total) return;
  if (!problem.empty()) problem += "; ";
  problem += sum.overflow
                 ? fmt::format("the contexts' {} do not fit in 64 bits, the Grand total is {}", what, grand_total)
                 : fmt::format("the contexts' {} add up to {}, the Grand total is {}", what, sum.value, grand_total);
}

}  // namespace

std::string check_counters(const ReportedCounters& counters) {
  if (counters.free_bytes <= counters.total_bytes && counters.used_bytes == counters.total_bytes - counters.free_bytes)
    return {};
  return fmt::format("{} total, {} free and {} used do not add up", counters.total_bytes, counters.free_bytes,
                     counters.used_bytes);
}

void DumpBuilder::complain(const std::string& what) {
  constexpr std::uint64_t kTold = 4;
  if (++problem_count_ > kTold) return;
  if (!dump_.problem.empty()) dump_.problem += "; ";
  dump_.problem += what;
}

void DumpBuilder::push(std::uint64_t level, DumpedContext context) {
  context.parent = level == 0 ? DumpedContext::kNoParent : last_at_level_[level - 1];
  context.level = static_cast<std::uint32_t>(level);
  last_at_level_.resize(level);
  last_at_level_.push_back(static_cast<std::uint32_t>(dump_.contexts.size()));
  dump_.contexts.push_back(std::move(context));
}

// Sees to it that there is a context one level above `level`; if it must be an unlisted one, with this name.
void DumpBuilder::make_parent(std::uint64_t level, std::string_view name) {
  if (level > 1 && level <= last_at_level_.size() && !name.empty()) {
    const DumpedContext& parent = dump_.contexts[last_at_level_[level - 1]];
    if (parent.unlisted && parent.name != name) last_at_level_.resize(level - 1);
  }
  while (last_at_level_.size() < level) {
    DumpedContext context;
    context.unlisted = true;
    if (last_at_level_.size() + 1 == level) context.name = name;
    push(last_at_level_.size(), std::move(context));
  }
}

void DumpBuilder::add_unlisted(std::uint64_t level) {
  if (level > kDeepest || (level == 0 && !dump_.contexts.empty())) return;
  make_parent(level, {});
  DumpedContext context;
  context.unlisted = true;
  push(level, std::move(context));
}

void DumpBuilder::add(std::uint64_t level, const StatsLine& line, std::uint64_t line_number,
                      std::string_view parent_name) {
  if (line.overflow)
    return complain(fmt::format("line {}: a number is too large, the context is left out", line_number));
  if (level > kDeepest) return complain(fmt::format("line {}: deeper than {} levels", line_number, kDeepest));
  if (level > last_at_level_.size() + kMostUnlisted)
    return complain(fmt::format("line {}: level {} behind {} known levels, the context is left out", line_number, level,
                                last_at_level_.size()));
  if (level > last_at_level_.size()) {
    if (dump_.contexts.empty())
      complain(fmt::format("line {}: the beginning of the dump is missing", line_number));
    else
      complain(fmt::format("line {}: contexts above it are missing (level {} follows level {})", line_number, level,
                           last_at_level_.size() - 1));
  }
  if (level == 0 && !last_at_level_.empty())
    return complain(fmt::format("line {}: another top context in the same dump, left out", line_number));
  if (const std::string wrong = check_counters(line.counters); !wrong.empty())
    complain(fmt::format("line {}: {}", line_number, wrong));
  make_parent(level, parent_name);

  DumpedContext context;
  context.kind = line.kind;
  context.name = line.name;
  if (line.ident) context.ident = std::string(*line.ident);
  context.counters = line.counters;
  push(level, std::move(context));
}

void DumpBuilder::omit(std::uint64_t parent_level, const TotalLine& line, std::uint64_t line_number) {
  ++omitted_lines_;
  if (line.overflow) return complain(fmt::format("line {}: a number is too large, the line is left out", line_number));
  if (parent_level >= last_at_level_.size())
    return complain(fmt::format("line {}: the context whose children were left out is missing", line_number));
  DumpedContext& parent = dump_.contexts[last_at_level_[parent_level]];
  if (parent.omitted) return complain(fmt::format("line {}: children left out twice of one context", line_number));
  parent.omitted = line.sum;
}

void DumpBuilder::grand_total(const TotalLine& line) {
  if (line.overflow) return complain("a number of the Grand total is too large");
  grand_total_ = line;
}

Dump DumpBuilder::finish(bool complete) {
  DumpSums sums;
  for (const DumpedContext& context : dump_.contexts) {
    add_to(sums, context.counters);
    if (context.omitted) add_to(sums, *context.omitted);
  }
  std::string wrong;
  if (grand_total_) {
    const OmittedContexts& grand = grand_total_->sum;
    compare(wrong, "bytes", sums.total, grand.total_bytes);
    compare(wrong, "blocks", sums.blocks, grand.blocks);
    compare(wrong, "free bytes", sums.free, grand.free_bytes);
    compare(wrong, "free chunks", sums.free_chunks, grand.free_chunks);
    compare(wrong, "used bytes", sums.used, grand.used_bytes);
  } else if (sums.total.overflow || sums.used.overflow) {
    wrong = "the contexts' bytes do not fit in 64 bits";
  }
  if (!complete) complain("the dump is cut: its end is missing");
  if (problem_count_ > 4) dump_.problem += fmt::format("; and {} more", problem_count_ - 4);
  if (!wrong.empty()) dump_.problem += (dump_.problem.empty() ? "" : "; ") + wrong;
  return std::move(dump_);
}

}  // namespace palloscope::trace
