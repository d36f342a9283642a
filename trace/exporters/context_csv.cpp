#include "trace/exporters/context_csv.h"

#include <fmt/format.h>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/analysis/context_counters.h"
#include "trace/exporters/csv_field.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"
#include "trace/exporters/stats_text.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kIdentBytes = 1023;  // the view cuts idents there

std::string_view cut_ident(std::string_view ident) {
  if (ident.size() <= kIdentBytes) return ident;
  std::size_t end = 0;
  while (true) {
    const std::size_t length = utf8_character_bytes(ident.substr(end));
    const std::size_t step = length == 0 ? 1 : length;
    if (end + step > kIdentBytes) return ident.substr(0, end);
    end += step;
  }
}

class CsvWriter {
 public:
  CsvWriter(const MemoryState& state, const core::StreamDescription& description, std::ostream& out)
      : state_(state),
        description_(description),
        profile_(core::find_profile(description.pg_major, description.checking)),
        out_(out) {}

  void depth_first(ContextSlot top);
  void breadth_first(ContextSlot top);

 private:
  const ContextRecord& record(ContextSlot slot) const { return state_.contexts()[slot.value]; }
  bool has_row(const ContextRecord& context) const {
    return description_.source != core::SourceKind::Dump || context.reported;
  }
  std::string ident(const ContextRecord& context) const {
    if (!context.ident || printed_name(context).data() == context.ident->data()) return {};
    return csv_field(cut_ident(*context.ident));
  }
  void counters(const ContextRecord& context) {
    const ReportedCounters c = context_counters(state_, context, profile_);
    out_ << fmt::format("{},{},{},{},{}\n", c.total_bytes, c.blocks, c.free_bytes, c.free_chunks, c.used_bytes);
  }

  const MemoryState& state_;
  const core::StreamDescription& description_;
  const core::VersionProfile* profile_;
  std::ostream& out_;
};

void CsvWriter::depth_first(ContextSlot top) {
  out_ << "name,ident,parent,level,total_bytes,total_nblocks,free_bytes,free_chunks,used_bytes\n";
  ContextSlot at = top;
  std::size_t level = 0;
  while (at) {
    const ContextRecord& context = record(at);
    if (has_row(context)) {
      out_ << csv_field(printed_name(context)) << ',' << ident(context) << ',';
      if (level > 0) out_ << csv_field(printed_name(record(context.parent)));
      out_ << ',' << level << ',';
      counters(context);
    }
    if (context.first_child) {
      at = context.first_child;
      ++level;
      continue;
    }
    while (level > 0 && !record(at).next_sibling) at = record(at).parent, --level;
    if (level == 0) return;
    at = record(at).next_sibling;
  }
}

void CsvWriter::breadth_first(ContextSlot top) {
  out_ << "name,ident,type,level,path,total_bytes,total_nblocks,free_bytes,free_chunks,used_bytes\n";
  struct Visit {
    ContextSlot context;
    std::size_t parent = 0;  // index into visits; its number is index + 1
    std::size_t level = 1;
  };
  std::vector<Visit> visits;
  if (top) visits.push_back({top, 0, 1});
  for (std::size_t i = 0; i < visits.size(); ++i) {
    const Visit visit = visits[i];
    const ContextRecord& context = record(visit.context);
    if (has_row(context)) {
      std::string path = std::to_string(i + 1);
      std::size_t up = i;
      for (std::size_t level = visit.level; level > 1; --level) {
        up = visits[up].parent;
        path = fmt::format("{},{}", up + 1, path);
      }
      const bool known = context.kind != core::ContextKind::Unknown;
      out_ << csv_field(printed_name(context)) << ',' << ident(context) << ','
           << (known ? context_kind_name(context.kind) : "???") << ',' << visit.level << ','
           << csv_field(fmt::format("{{{}}}", path)) << ',';
      counters(context);
    }
    for (ContextSlot child = context.first_child; child; child = record(child).next_sibling)
      visits.push_back({child, i, visit.level + 1});
  }
}

}  // namespace

void write_context_csv(const MemoryState& state, const core::StreamDescription& description, std::ostream& out) {
  CsvWriter writer(state, description, out);
  const ContextSlot top = top_context(state, description);
  if (description.pg_major >= 18)
    writer.breadth_first(top);
  else
    writer.depth_first(top);
}

}  // namespace palloscope::trace
