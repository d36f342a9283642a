#include "core/mcxt/context_stats.h"

#include <cstdint>

#include "core/allocators/allocator.h"
#include "core/mcxt/process_core.h"

namespace palloscope::core {
namespace {

constexpr std::size_t kShownIdentBytes = 100;

void add(ContextCounters& sum, const ContextCounters& more) {
  sum.nblocks += more.nblocks;
  sum.freechunks += more.freechunks;
  sum.totalspace += more.totalspace;
  sum.freespace += more.freespace;
}

// The end of a summary or total line; `unit` follows the total in it ("total", "bytes").
std::string sums(const ContextCounters& c, const char* unit) {
  return std::to_string(c.totalspace) + " " + unit + " in " + std::to_string(c.nblocks) + " blocks; " +
         std::to_string(c.freespace) + " free (" + std::to_string(c.freechunks) + " chunks); " +
         std::to_string(c.totalspace - c.freespace) + " used\n";
}

// How many bytes of a UTF-8 text fit whole characters into `limit`. Stray bytes count as characters of one byte.
std::size_t clipped_length(std::string_view text, std::size_t limit) {
  std::size_t length = 0;
  while (length < text.size()) {
    auto lead = static_cast<unsigned char>(text[length]);
    std::size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 1;
    if (length + bytes > limit) break;
    length += bytes;
  }
  return length;
}

std::string line_text(ProcessCore& core, Address context, const std::string& stats) {
  const MemoryContextLayout& layout = core.profile.context;
  std::string name = core.load_string(core.load_pointer(context, layout.name));
  Address ident_at = core.load_pointer(context, layout.ident);
  std::string ident = core.load_string(ident_at);
  if (ident_at && name == "dynahash") return ident + ": " + stats;
  return name + ": " + stats + (ident_at ? ": " + shown_identifier(ident) : "");
}

class StatsPrinter {
 public:
  StatsPrinter(ProcessCore& core, int max_children) : core_(core), max_children_(max_children) {}

  std::string run(Address context) {
    visit(context, 0);
    text_ += "Grand total: " + sums(total_, "bytes");
    return std::move(text_);
  }

 private:
  Address child(Address context) const { return core_.load_pointer(context, core_.profile.context.first_child); }
  Address next(Address context) const { return core_.load_pointer(context, core_.profile.context.next_child); }

  void visit(Address context, int level) {
    Allocator& allocator = core_.allocator_of(context);
    add(total_, allocator.counters(context));
    line(context, level, allocator.stats_text(context));

    const CommonRules& rules = core_.profile.rules;
    bool deep = rules.stats_depth_limit != 0 && level >= rules.stats_depth_limit;
    Address at = child(context);
    for (int shown = 0; at && shown < max_children_ && !deep; ++shown, at = next(at)) visit(at, level + 1);
    if (!at) return;

    ContextCounters omitted;
    std::uint64_t count = 0;
    for (; at; at = next(at)) {
      std::uint64_t below = sum_up(at, omitted);
      count += rules.omitted_counts_descendants ? below : 1;
    }
    add(total_, omitted);
    text_.append(2 * (static_cast<std::size_t>(level) + 1), ' ');
    text_ += std::to_string(count) + " more child contexts containing " + sums(omitted, "total");
  }

  // Adds a context and all below it; answers how many that were.
  std::uint64_t sum_up(Address context, ContextCounters& sum) {
    add(sum, core_.allocator_of(context).counters(context));
    std::uint64_t count = 1;
    for (Address at = child(context); at; at = next(at)) count += sum_up(at, sum);
    return count;
  }

  void line(Address context, int level, const std::string& stats) {
    text_.append(2 * static_cast<std::size_t>(level), ' ');
    text_ += line_text(core_, context, stats) + '\n';
  }

  ProcessCore& core_;
  int max_children_;
  std::string text_;
  ContextCounters total_;
};

}  // namespace

std::string shown_identifier(std::string_view ident) {
  bool cut = ident.size() > kShownIdentBytes;
  std::string shown(ident.substr(0, cut ? clipped_length(ident, kShownIdentBytes) : ident.size()));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (cut) shown += "...";
  return shown;
}

std::string context_stats_line(ProcessCore& core, Address context) {
  return line_text(core, context, core.allocator_of(context).stats_text(context));
}

std::string context_stats_text(ProcessCore& core, Address context, int max_children) {
  return StatsPrinter(core, max_children).run(context);
}

void print_stats_of_top(ProcessCore& core) {
  Address top = core.load_pointer(core.image.variables().top_memory_context);
  if (!top) return;
  std::string text = context_stats_text(core, top, 100);
  for (std::size_t start = 0; start < text.size();) {
    std::size_t end = text.find('\n', start);
    core.emit(Output{text.substr(start, end - start)});
    start = end + 1;
  }
}

}  // namespace palloscope::core
