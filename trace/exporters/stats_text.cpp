#include "trace/exporters/stats_text.h"

#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "core/mcxt/context_stats.h"
#include "core/version/version_profile.h"
#include "trace/analysis/context_counters.h"
#include "trace/exporters/event_text.h"
#include "trace/importers/dump_origin.h"

namespace palloscope::trace {
namespace {

constexpr std::uint64_t kMostChildren = 100;  // MemoryContextStats shows so many

enum class Style { Indented, Messages };

// Prints the tree line by line; keeps its own stack, because a tree may be as deep as a hostile file wants it.
class TreePrinter {
 public:
  TreePrinter(const MemoryState& state, const core::StreamDescription& description, Style style)
      : state_(state),
        description_(description),
        is_dump_(description.source == core::SourceKind::Dump),
        profile_(core::find_profile(description.pg_major, description.checking)),
        style_(style),
        base_(description.pg_major >= 18 ? 1 : 0) {}

  std::string run(ContextSlot top) {
    std::vector<Visit> path;
    enter(path, top);
    while (!path.empty()) {
      Visit& visit = path.back();
      if (!visit.next || may_not_show(path)) {
        leave(visit, path.size() - 1);
        path.pop_back();
        continue;
      }
      const ContextSlot child = visit.next;
      visit.next = record(child).next_sibling;
      ++visit.shown;
      enter(path, child);
    }
    out("Grand total: ");
    sums(total_, "bytes");
    return std::move(text_);
  }

 private:
  struct Visit {
    ContextSlot context, next;  // next: the child to be shown next
    std::uint64_t shown = 0;    // children so far
  };

  const ContextRecord& record(ContextSlot slot) const { return state_.contexts()[slot.value]; }

  bool may_not_show(const std::vector<Visit>& path) const {
    if (is_dump_) return false;  // what a dump listed is shown
    const int depth_limit = profile_ != nullptr ? profile_->rules.stats_depth_limit : 0;
    return path.back().shown >= kMostChildren ||
           (depth_limit != 0 && path.size() > static_cast<std::size_t>(depth_limit));
  }

  void enter(std::vector<Visit>& path, ContextSlot slot) {
    const ContextRecord& context = record(slot);
    if (!is_dump_ || context.reported) {
      add(total_, context_counters(state_, context, profile_));
      start_line(path.size());
      out("{}\n", stats_line(state_, context, description_));
    }
    path.push_back({slot, context.first_child, 0});
  }

  // Behind the last child that is shown: the sum of the others.
  void leave(const Visit& visit, std::size_t level) {
    OmittedContexts omitted = record(visit.context).omitted_children.value_or(OmittedContexts{});
    const bool count_all = profile_ == nullptr || profile_->rules.omitted_counts_descendants;
    for (ContextSlot child = visit.next; child; child = record(child).next_sibling) {
      const std::uint64_t below = sum_up(child, omitted);
      omitted.count += count_all ? below : 1;
    }
    if (omitted.count == 0) return;
    add(total_, omitted);
    start_line(style_ == Style::Messages ? level : level + 1);
    out("{} more child contexts containing ", omitted.count);
    sums(omitted, "total");
  }

  // Adds a context with all below it; answers how many that are.
  std::uint64_t sum_up(ContextSlot top, OmittedContexts& sum) const {
    std::uint64_t count = 0;
    std::vector<ContextSlot> waiting{top};
    while (!waiting.empty()) {
      const ContextRecord& context = record(waiting.back());
      waiting.pop_back();
      ++count;
      add(sum, context_counters(state_, context, profile_));
      for (ContextSlot child = context.first_child; child; child = record(child).next_sibling) waiting.push_back(child);
    }
    return count;
  }

  template <class Counters>
  static void add(OmittedContexts& sum, const Counters& more) {
    sum.blocks += more.blocks;
    sum.total_bytes += more.total_bytes;
    sum.free_bytes += more.free_bytes;
    sum.free_chunks += more.free_chunks;
    sum.used_bytes += more.used_bytes;
  }

  template <class... Values>
  void out(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
  }
  void start_line(std::size_t level) {
    if (style_ == Style::Messages)
      out("level: {}; ", level + base_);
    else
      text_.append(2 * level, ' ');
  }
  void sums(const OmittedContexts& sum, std::string_view unit) {
    out("{} {} in {} blocks; {} free ({} chunks); {} used\n", sum.total_bytes, unit, sum.blocks, sum.free_bytes,
        sum.free_chunks, sum.used_bytes);
  }

  const MemoryState& state_;
  const core::StreamDescription& description_;
  bool is_dump_;
  const core::VersionProfile* profile_;
  Style style_;
  std::size_t base_;
  OmittedContexts total_;
  std::string text_;
};

}  // namespace

ContextSlot top_context(const MemoryState& state, const core::StreamDescription& description) {
  ContextSlot top = state.first_root();
  if (!top || description.source == core::SourceKind::Dump) return top;
  for (ContextSlot root = top; root; root = state.contexts()[root.value].next_sibling)
    if (state.contexts()[root.value].born < state.contexts()[top.value].born) top = root;
  return top;
}

std::string stats_line(const MemoryState& state, const ContextRecord& context,
                       const core::StreamDescription& description) {
  const core::VersionProfile* profile = core::find_profile(description.pg_major, description.checking);
  const ReportedCounters c = context_counters(state, context, profile);
  // Rows of the view do not have these two numbers.
  const bool from_view = context.reported && description.origin == kOriginView;
  const bool from_text = context.reported && !from_view;
  const bool slab_has_empty = description.pg_major == 0 || description.pg_major >= 16;

  const std::string_view name = printed_name(context);
  std::string line(name);
  fmt::format_to(std::back_inserter(line), ": {} total in {} blocks", c.total_bytes, c.blocks);
  if (context.kind == core::ContextKind::Generation && !from_view)
    fmt::format_to(std::back_inserter(line), " ({} chunks)", c.chunks);
  if (context.kind == core::ContextKind::Slab && slab_has_empty && !from_view)
    fmt::format_to(std::back_inserter(line), "; {} empty blocks", c.empty_blocks);
  if (context.kind == core::ContextKind::Bump)
    fmt::format_to(std::back_inserter(line), "; {} free; {} used", c.free_bytes, c.used_bytes);
  else
    fmt::format_to(std::back_inserter(line), "; {} free ({} chunks); {} used", c.free_bytes, c.free_chunks,
                   c.used_bytes);
  if (!context.ident || name.data() == context.ident->data()) return line;
  // An ident from text was cut by the server already.
  line += ": ";
  line += from_text ? *context.ident : core::shown_identifier(*context.ident);
  return line;
}

std::string stats_text(const MemoryState& state, const core::StreamDescription& description) {
  const ContextSlot top = top_context(state, description);
  if (!top) return {};
  return TreePrinter(state, description, Style::Indented).run(top);
}

std::string log_text(const MemoryState& state, const core::StreamDescription& description, std::uint32_t pid,
                     std::string_view first_line) {
  std::string text;
  if (!first_line.empty())
    text = fmt::format("{}\n", first_line);
  else if (pid != 0)
    text = fmt::format("logging memory contexts of PID {}\n", pid);
  const ContextSlot top = top_context(state, description);
  if (top) text += TreePrinter(state, description, Style::Messages).run(top);
  return text;
}

}  // namespace palloscope::trace
