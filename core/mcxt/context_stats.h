// MemoryContextStats: the text that PostgreSQL prints of a context and all below it, and the sums behind it (spec 9.1).
#pragma once

#include <string>
#include <string_view>

#include "core/base/ids.h"

namespace palloscope::core {

class ProcessCore;

// With newlines; levels start at `context`. `max_children`: more than that of one context are only summed up.
std::string context_stats_text(ProcessCore& core, Address context, int max_children);

// The context's own line, as at level 0, without newline.
std::string context_stats_line(ProcessCore& core, Address context);

// What an out of memory error prints first: TopMemoryContext's statistics, an Output event a line.
void print_stats_of_top(ProcessCore& core);

// An identifier as the statistics show it: at most 100 bytes, cut between characters (UTF-8) with "..." behind, control
// characters as spaces.
std::string shown_identifier(std::string_view ident);

}  // namespace palloscope::core
