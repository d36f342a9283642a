#include "core/mcxt/context_stats.h"

#include <cstdint>
#include <vector>

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

// Goes down with a stack of its own: the depth of a tree is the program's choice.
class StatsPrinter {
 public:
  StatsPrinter(ProcessCore& core, int max_children) : core_(core), max_children_(max_children) {}

  std::string run(Address context) {
    enter(context);
    while (!open_.empty()) {
      Open& top = open_.back();
      bool limit = core_.profile.rules.stats_depth_limit != 0 &&
                   open_.size() > static_cast<std::size_t>(core_.profile.rules.stats_depth_limit);
      if (top.next && top.shown < max_children_ && !limit) {
        Address child = top.next;
        top.next = next(child);
        top.shown += 1;
        enter(child);
      } else {
        if (top.next) summarize(top.next);
        open_.pop_back();
      }
    }
    text_ += "Grand total: " + sums(total_, "bytes");
    return std::move(text_);
  }

 private:
  // A context whose line is printed and whose children come next. Its level is its place in the stack.
  struct Open {
    Address next;
    int shown = 0;
  };

  Address first(Address context) const { return core_.load_pointer(context, core_.profile.context.first_child); }
  Address next(Address context) const { return core_.load_pointer(context, core_.profile.context.next_child); }

  void enter(Address context) {
    count(context);
    Allocator& allocator = core_.allocator_of(context);
    add(total_, allocator.counters(context));
    text_.append(2 * open_.size(), ' ');
    text_ += line_text(core_, context, allocator.stats_text(context)) + '\n';
    open_.push_back({first(context)});
  }

  void count(Address context) {
    if (++visited_ > core_.most_contexts()) throw Crash{"SIGABRT", "the tree of contexts runs in a circle", context};
  }

  // One line for `child`, its later siblings, and all below them.
  void summarize(Address child) {
    ContextCounters omitted;
    std::uint64_t siblings = 0, contexts = 0;
    for (; child; child = next(child), ++siblings) {
      for (Address at = child; at; at = next_below(at, child), ++contexts) {
        count(at);
        add(omitted, core_.allocator_of(at).counters(at));
      }
    }
    add(total_, omitted);
    text_.append(2 * open_.size(), ' ');
    text_ += std::to_string(core_.profile.rules.omitted_counts_descendants ? contexts : siblings) +
             " more child contexts containing " + sums(omitted, "total");
  }

  Address next_below(Address at, Address top) const {
    if (Address child = first(at)) return child;
    while (at != top) {
      if (Address sibling = next(at)) return sibling;
      at = core_.load_pointer(at, core_.profile.context.parent);
    }
    return {};
  }

  ProcessCore& core_;
  int max_children_;
  std::size_t visited_ = 0;
  std::vector<Open> open_;
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
