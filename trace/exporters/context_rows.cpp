#include "trace/exporters/context_rows.h"

#include <fmt/format.h>

#include "core/version/version_profile.h"
#include "trace/analysis/context_counters.h"
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

class RowMaker {
 public:
  RowMaker(const MemoryState& state, const core::StreamDescription& description)
      : state_(state),
        is_dump_(description.source == core::SourceKind::Dump),
        profile_(core::find_profile(description.pg_major, description.checking)) {}

  std::vector<ContextRow> depth_first(ContextSlot top);
  std::vector<ContextRow> breadth_first(ContextSlot top);

 private:
  const ContextRecord& record(ContextSlot slot) const { return state_.contexts()[slot.value]; }
  void add(ContextSlot slot, std::uint64_t level, std::string path) {
    const ContextRecord& context = record(slot);
    if (is_dump_ && !context.reported) return;
    const std::uint64_t top_level = path.empty() ? 0 : 1;
    rows_.push_back({slot, level > top_level ? context.parent : ContextSlot{}, level, std::move(path),
                     context_counters(state_, context, profile_)});
  }

  const MemoryState& state_;
  bool is_dump_;
  const core::VersionProfile* profile_;
  std::vector<ContextRow> rows_;
};

std::vector<ContextRow> RowMaker::depth_first(ContextSlot top) {
  ContextSlot at = top;
  std::uint64_t level = 0;
  while (at) {
    const ContextRecord& context = record(at);
    add(at, level, {});
    if (context.first_child) {
      at = context.first_child;
      ++level;
      continue;
    }
    while (level > 0 && !record(at).next_sibling) at = record(at).parent, --level;
    if (level == 0) break;
    at = record(at).next_sibling;
  }
  return std::move(rows_);
}

std::vector<ContextRow> RowMaker::breadth_first(ContextSlot top) {
  struct Visit {
    ContextSlot context;
    std::size_t parent = 0;  // index into visits; its number is index + 1
    std::size_t level = 1;
  };
  std::vector<Visit> visits;
  if (top) visits.push_back({top, 0, 1});
  for (std::size_t i = 0; i < visits.size(); ++i) {
    const Visit visit = visits[i];
    std::string path = std::to_string(i + 1);
    std::size_t up = i;
    for (std::size_t level = visit.level; level > 1; --level) {
      up = visits[up].parent;
      path = fmt::format("{},{}", up + 1, path);
    }
    add(visit.context, visit.level, fmt::format("{{{}}}", path));
    for (ContextSlot child = record(visit.context).first_child; child; child = record(child).next_sibling)
      visits.push_back({child, i, visit.level + 1});
  }
  return std::move(rows_);
}

}  // namespace

bool has_context_path(const core::StreamDescription& description) { return description.pg_major >= 18; }

std::vector<ContextRow> context_rows(const MemoryState& state, const core::StreamDescription& description) {
  RowMaker maker(state, description);
  const ContextSlot top = top_context(state, description);
  return has_context_path(description) ? maker.breadth_first(top) : maker.depth_first(top);
}

std::optional<std::string_view> shown_ident(const ContextRecord& context) {
  if (!context.ident || printed_name(context).data() == context.ident->data()) return std::nullopt;
  return cut_ident(*context.ident);
}

std::string_view shown_type(const ContextRecord& context) {
  return context.kind == core::ContextKind::Unknown ? "???" : context_kind_name(context.kind);
}

}  // namespace palloscope::trace
