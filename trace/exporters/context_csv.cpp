#include "trace/exporters/context_csv.h"

#include <fmt/format.h>

#include <ostream>
#include <string>

#include "trace/exporters/context_rows.h"
#include "trace/exporters/csv_field.h"
#include "trace/exporters/event_text.h"

namespace palloscope::trace {

void write_context_csv(const MemoryState& state, const core::StreamDescription& description, std::ostream& out) {
  const bool with_path = has_context_path(description);
  out << (with_path ? "name,ident,type,level,path" : "name,ident,parent,level")
      << ",total_bytes,total_nblocks,free_bytes,free_chunks,used_bytes\n";
  for (const ContextRow& row : context_rows(state, description)) {
    const ContextRecord& context = state.contexts()[row.context.value];
    const auto ident = shown_ident(context);
    out << csv_field(printed_name(context)) << ',' << (ident ? csv_field(*ident) : "") << ',';
    if (with_path)
      out << shown_type(context) << ',' << row.level << ',' << csv_field(row.path);
    else
      out << (row.parent ? csv_field(printed_name(state.contexts()[row.parent.value])) : "") << ',' << row.level;
    const ReportedCounters& c = row.counters;
    out << fmt::format(",{},{},{},{},{}\n", c.total_bytes, c.blocks, c.free_bytes, c.free_chunks, c.used_bytes);
  }
}

}  // namespace palloscope::trace
