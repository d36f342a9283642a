#include "gui/panels/process_panel.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "gui/format_text.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/widgets.h"
#include "trace/live/snapshot_events.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kMomentsPerFrame = 4, kMostMoments = 5000, kCurveMoments = 60, kFewMoments = 12;

void dim_paragraph(const PanelContext& panel, std::string_view text) {
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  draw_paragraphs(text);
  ImGui::PopStyleColor();
}

void draw_heading(const PanelContext& panel, std::string_view key) {
  ImGui::PushFont(panel.fonts.title, panel.em());
  ImGui::TextUnformatted(panel.strings(key));
  ImGui::PopFont();
}

std::string per_second_text(const trace::GrowthRow& row) {
  if (!row.per_second || row.change_bytes == 0) return {};
  return format_change(static_cast<std::int64_t>(std::llround(*row.per_second)));
}

// How the copy was made.
std::string how_taken(const Strings& say, const core::ProcessReported& told) {
  const std::string ms = fmt::format("{:.2f}", static_cast<double>(told.pause_ns) / 1e6);
  std::string how = told.stopped ? say.fill("process.stopped", {{"ms", ms}}) : std::string(say("process.not_stopped"));
  if (told.tries > 1) how += "   " + say.fill("process.tries", {{"n", format_count(told.tries)}});
  if (told.copied_bytes > 0) how += "   " + say.fill("process.copied", {{"bytes", format_bytes(told.copied_bytes)}});
  return how;
}

struct PartLook {
  const char* key;
  Color Theme::*fill;
  enum Pattern { Plain, Hatched, Dotted } pattern;
};
constexpr PartLook kParts[kHeldPartCount] = {
    {"process.part.contexts_used", &Theme::live, PartLook::Plain},
    {"process.part.contexts_free", &Theme::free, PartLook::Hatched},
    {"process.part.malloc_free", &Theme::tail, PartLook::Dotted},
    {"process.part.other_private", &Theme::plain, PartLook::Plain},
    {"process.part.program", &Theme::header, PartLook::Plain},
    {"process.part.shared", &Theme::notice, PartLook::Plain},
};

void fill_part(const PanelContext& panel, const PartLook& look, ImVec2 low, ImVec2 high) {
  const Theme& theme = panel.theme;
  const float step = 0.5f * panel.em();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (look.pattern == PartLook::Hatched) {
    fill_hatched(low, high, theme.*look.fill, with_alpha(theme.text, 0.5f), step);
  } else {
    draw->AddRectFilled(low, high, theme.*look.fill);
    if (look.pattern == PartLook::Dotted) fill_dotted(low, high, theme.dim, step);
  }
  draw->AddRect(low, high, theme.line);
}

}  // namespace

void ProcessPanel::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ != session.document->serial) {
    document_ = session.document->serial;
    history_ = {};
    moment_.reset();
    shown_ = 0;
  }
  if (!history_.follow(*session.timeline(), kMomentsPerFrame) && panel.wants_frame != nullptr)
    *panel.wants_frame = true;
  history_.keep_last(kMostMoments);
  moment_ = history_.at(session.cursor());
  const EventNumber shown = moment_ ? history_.moments()[*moment_].event : 0;
  if (shown == shown_ && order_ == made_order_) return;
  shown_ = shown;
  made_order_ = order_;
  rows_.clear();
  if (!moment_) return;
  const auto& moments = history_.moments();
  rows_ = growth_between(*moment_ == 0 ? nullptr : &moments[*moment_ - 1], moments[*moment_]);
  sort_growth(rows_, order_);
}

void ProcessPanel::draw_title_tools(const PanelContext& panel, float width) {
  const Session& session = panel.session;
  if (!session.document || document_ != session.document->serial || rows_.empty()) return;
  const float em = panel.em();
  const ImVec2 start = ImGui::GetCursorPos();
  const struct {
    trace::GrowthOrder order;
    const char* key;
  } kOrders[] = {{trace::GrowthOrder::Total, "process.by_total"}, {trace::GrowthOrder::Growth, "process.by_growth"}};
  float need = 0;
  for (const auto& one : kOrders) need += ImGui::CalcTextSize(panel.strings(one.key)).x + 1.2f * em;
  if (need > width) return;
  ImGui::SetCursorPos({start.x + width - need, start.y});
  for (const auto& one : kOrders) {
    const bool is_on = order_ == one.order;
    ImGui::PushStyleColor(ImGuiCol_Button, is_on ? panel.theme.raised : with_alpha(panel.theme.raised, 0));
    ImGui::PushStyleColor(ImGuiCol_Text, is_on ? panel.theme.text : panel.theme.dim);
    const char* name = panel.strings(one.key);
    if (ImGui::Button(fmt::format("{}###{}", name, one.key).c_str(), {ImGui::CalcTextSize(name).x + 1.2f * em, 0}))
      order_ = one.order;
    ImGui::PopStyleColor(2);
    ImGui::SameLine(0, 0);
  }
}

void ProcessPanel::draw_facts(const PanelContext& panel, const trace::MomentUse& moment) {
  const Session& session = panel.session;
  const Strings& say = panel.strings;
  const float em = panel.em();
  std::string how = moment.label.empty() ? std::string() : trace::clock_of(moment.label) + "   ";
  if (moment.told) how += how_taken(say, *moment.told);
  if (is_small_) {
    draw_cut_text(how, ImGui::GetContentRegionAvail().x, panel.theme.dim);
  } else {
    ImGui::PushFont(panel.fonts.title, 1.05f * em);
    draw_cut_text(session.title(), ImGui::GetContentRegionAvail().x, panel.theme.text);
    ImGui::PopFont();
    draw_cut_text(fmt::format("PID {}   {}", moment.pid, how), ImGui::GetContentRegionAvail().x, panel.theme.dim);
  }
  if (!moment.told) return;
  const core::ProcessReported& told = *moment.told;
  if (told.torn) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.warning);
    draw_paragraphs(say("process.torn"));
    ImGui::PopStyleColor();
  }
}

// Each part begins where the one above it ends, so that the eye adds them up to the whole.
void ProcessPanel::draw_waterfall(const PanelContext& panel, const HeldMemory& held, float width) {
  const float em = panel.em(), row = (is_small_ ? 1.1f : 1.45f) * em, numbers = 5 * em;
  const float gap = is_small_ ? 0.1f * em : 0.2f * em;
  const float names = std::min(11.5f * em, width * 0.42f), bars = width - names - numbers;
  if (bars < 4 * em || held.sum() == 0) return;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float left = ImGui::GetCursorPosX();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const auto scale = static_cast<double>(bars) / static_cast<double>(held.sum());
  const auto x_of = [&](std::uint64_t bytes) {
    return at.x + names + static_cast<float>(static_cast<double>(bytes) * scale);
  };
  const auto row_of = [&](const char* name, std::uint64_t from, std::uint64_t bytes, const PartLook* look,
                          const char* tip) {
    const ImVec2 start = ImGui::GetCursorScreenPos();
    ImGui::InvisibleButton(name, {width, row});
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s\n%s", tip, format_bytes_exactly(bytes).c_str());
    const ImVec2 after = ImGui::GetCursorPos();
    const float text_y = start.y + (row - ImGui::GetTextLineHeight()) / 2;
    ImGui::SetCursorScreenPos({start.x, text_y});
    draw_cut_text(panel.strings(name), names - 0.6f * em, look == nullptr ? panel.theme.text : panel.theme.dim);
    const ImVec2 low{x_of(from), start.y + gap};
    const ImVec2 high{std::max(x_of(from + bytes), low.x + 1), start.y + row - gap};
    if (look == nullptr)
      draw->AddRect(low, high, panel.theme.text, 0, 0, std::max(1.5f, 0.1f * em));
    else if (bytes > 0)
      fill_part(panel, *look, low, high);
    // A thread from the end of this part down to where the next begins.
    if (look != nullptr) draw->AddLine({high.x, high.y}, {high.x, high.y + 2 * gap}, panel.theme.dim);
    ImGui::SetCursorScreenPos({start.x, text_y});
    draw_number(panel, format_bytes(bytes), left + width, panel.theme.text);
    ImGui::SetCursorPos({left, after.y});
  };
  std::uint64_t from = 0;
  for (int i = 0; i < kHeldPartCount; ++i) {
    const std::uint64_t bytes = held.bytes[static_cast<std::size_t>(i)];
    const auto part = static_cast<HeldPart>(i);
    if (part == HeldPart::MallocFree && !held.malloc_known) continue;
    const std::string tip = std::string(kParts[i].key) + "_tip";
    row_of(kParts[i].key, from, bytes, &kParts[i], panel.strings(tip));
    from += bytes;
  }
  row_of("process.part.resident", held.untouched, held.resident, nullptr, panel.strings("process.part.resident_tip"));
  if (held.untouched > 0)
    dim_paragraph(panel, panel.strings.fill("process.untouched", {{"bytes", format_bytes(held.untouched)}}));
}

// What nobody can know from outside, said instead of guessed.
void ProcessPanel::draw_unknown(const PanelContext& panel, const trace::MomentUse& moment) {
  const core::StreamDescription& description = panel.session.timeline()->description();
  ImGui::Dummy({0, 0.4f * panel.em()});
  draw_heading(panel, "process.unknown");
  if (!moment.problem.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.warning);
    draw_paragraphs(moment.problem);
    ImGui::PopStyleColor();
  }
  if (!description.checking) {
    dim_paragraph(panel, panel.strings("process.no_requested"));
    if (description.pg_major >= 16) dim_paragraph(panel, panel.strings("process.no_generation"));
    if (description.pg_major >= 17) dim_paragraph(panel, panel.strings("process.no_bump"));
  }
  if (!trace::recycled_known(description)) dim_paragraph(panel, panel.strings("process.no_recycled"));
  if (moment.told && !moment.told->stopped) dim_paragraph(panel, panel.strings("process.no_order"));
  dim_paragraph(panel, panel.strings("process.no_between"));
}

void ProcessPanel::draw_about(const PanelContext& panel, float width) {
  const trace::MomentUse& moment = history_.moments()[*moment_];
  draw_facts(panel, moment);
  stop_.draw(panel, history_, *moment_);
  if (!is_small_) ImGui::Dummy({0, 0.4f * panel.em()});
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  if (moment.told) draw_waterfall(panel, held_memory(*moment.told, moment.total_bytes, moment.used_bytes), width);
  ImGui::PopStyleVar();
  draw_unknown(panel, moment);
}

// The path's memory over the last moments, the cursor's at the right end.
void ProcessPanel::draw_curve(const PanelContext& panel, std::uint32_t path) {
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x, height = 1.2f * em;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::Dummy({width, height});
  const auto& moments = history_.moments();
  const std::size_t first = *moment_ + 1 > kCurveMoments ? *moment_ + 1 - kCurveMoments : 0;
  const std::size_t count = *moment_ + 1 - first;
  std::vector<std::uint64_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& uses = moments[first + i].uses;
    const auto found =
        std::lower_bound(uses.begin(), uses.end(), path,
                         [](const trace::PathHold& use, std::uint32_t wanted) { return use.path < wanted; });
    if (found != uses.end() && found->path == path) bytes[i] = found->total_bytes;
  }
  const std::uint64_t most = std::max<std::uint64_t>(1, *std::max_element(bytes.begin(), bytes.end()));
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float each = width / static_cast<float>(std::max(count, kFewMoments)),
              x0 = at.x + width - each * static_cast<float>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const float high = height * static_cast<float>(static_cast<double>(bytes[i]) / static_cast<double>(most));
    const float x = x0 + each * static_cast<float>(i);
    draw->AddRectFilled({std::floor(x), at.y + height - high}, {std::floor(x + each), at.y + height},
                        i + 1 == count ? panel.theme.accent : with_alpha(panel.theme.live, 0.8f));
  }
  draw->AddLine({at.x, at.y + height}, {at.x + width, at.y + height}, panel.theme.line);
}

void ProcessPanel::draw_growth_row(const PanelContext& panel, const trace::GrowthRow& row, bool is_chosen) {
  const float em = panel.em();
  const std::string& path = history_.paths()[row.path];
  const std::size_t cut = path.rfind(" > ");
  std::string name = cut == std::string::npos ? path : path.substr(cut + 3);
  if (row.contexts > 1) name += fmt::format("  × {}", format_count(row.contexts));
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushID(static_cast<int>(row.path));
  if (ImGui::Selectable("##grown", is_chosen, ImGuiSelectableFlags_SpanAllColumns, {0, 1.3f * em}) &&
      row.first.born != 0)
    panel.actions.push(Select{row.first});
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", path.c_str());
  ImGui::PopID();
  ImGui::SameLine(0, 0);
  draw_cut_text(name, ImGui::GetContentRegionAvail().x, row.contexts == 0 ? panel.theme.dim : panel.theme.text);
  ImGui::TableNextColumn();
  draw_bytes(panel, row.total_bytes, row.contexts == 0 ? panel.theme.dim : panel.theme.text);
  const Color change = row.change_bytes > 0   ? panel.theme.warning
                       : row.change_bytes < 0 ? panel.theme.notice
                                              : panel.theme.dim;
  ImGui::TableNextColumn();
  if (row.change_bytes != 0) draw_number(panel, format_change(row.change_bytes), right_edge(), change);
  ImGui::TableNextColumn();
  if (const std::string said = per_second_text(row); !said.empty()) draw_number(panel, said, right_edge(), change);
  if (ImGui::TableGetColumnCount() < 5) return;
  ImGui::TableNextColumn();
  draw_curve(panel, row.path);
}

void ProcessPanel::copy_rows(const PanelContext& panel) const {
  std::string text = "path\tcontexts\ttotal_bytes\tused_bytes\tchange_bytes\tbytes_per_second\n";
  for (const trace::GrowthRow& row : rows_)
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", history_.paths()[row.path], row.contexts, row.total_bytes,
                        row.used_bytes, row.change_bytes, row.per_second ? fmt::format("{:.0f}", *row.per_second) : "");
  if (const std::string stack = stop_.stack_text(); !stack.empty()) text += "\n" + stack;
  panel.actions.push(CopyText{text});
}

void ProcessPanel::draw_growth(const PanelContext& panel) {
  const float em = panel.em();
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_NoPadOuterX | ImGuiTableFlags_RowBg;
  const bool has_curve = ImGui::GetContentRegionAvail().x > 42 * em;
  const int columns = has_curve ? 5 : 4;
  if (!ImGui::BeginTable("##growth", columns, kFlags)) return;
  const auto column = [&](const char* key, float width) {
    ImGui::TableSetupColumn(panel.strings(key),
                            width == 0 ? ImGuiTableColumnFlags_WidthStretch : ImGuiTableColumnFlags_WidthFixed,
                            width * em);
  };
  column("process.path", 0);
  column("process.now", 4.6f);
  column("process.change", 5);
  column("process.per_second", 5);
  if (has_curve) column("process.curve", 8);
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
  constexpr const char* kHeads[] = {"process.path", "process.now", "process.change", "process.per_second",
                                    "process.curve"};
  for (int i = 0; i < columns; ++i) {
    ImGui::TableNextColumn();
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    const char* said = panel.strings(kHeads[i]);
    if (i > 0 && i < 4)
      ImGui::SetCursorPosX(std::max(ImGui::GetCursorPosX(), right_edge() - ImGui::CalcTextSize(said).x));
    ImGui::TextUnformatted(said);
    ImGui::PopStyleColor();
  }
  const core::ContextSlot selected = context_of(panel.session.selection, panel.state());
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(rows_.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const trace::GrowthRow& row = rows_[static_cast<std::size_t>(i)];
      draw_growth_row(panel, row, selected && row.first.slot == selected);
    }
  ImGui::EndTable();
}

void ProcessPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  if (!core::has_moments(panel.session.timeline()->description().source)) {
    draw_empty(panel, "process.empty");
    return;
  }
  refresh(panel);
  if (!moment_) {
    draw_empty(panel, "process.no_moment");
    return;
  }
  const bool has_keys = panel.is_focused && !ImGui::GetIO().WantTextInput && panel.session.overlay == Overlay::None;
  if (has_keys && ImGui::GetIO().KeyCtrl && ImGui::IsKeyPressed(ImGuiKey_C, false)) copy_rows(panel);
  if (has_keys && !ImGui::GetIO().KeyCtrl && ImGui::IsKeyPressed(ImGuiKey_A, false))
    order_ = order_ == trace::GrowthOrder::Total ? trace::GrowthOrder::Growth : trace::GrowthOrder::Total;
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float em = panel.em();
  const bool knows_process = panel.session.timeline()->description().source == core::SourceKind::Snapshot;
  if (!knows_process) return draw_growth(panel);
  is_small_ = room.y < 16 * em;
  if (room.x > 40 * em) {
    const float left = std::min(38 * em, room.x * 0.42f);
    if (ImGui::BeginChild("##about", {left, 0})) draw_about(panel, ImGui::GetContentRegionAvail().x);
    ImGui::EndChild();
    ImGui::SameLine(0, 1.2f * em);
    if (ImGui::BeginChild("##grown_in", {0, 0})) draw_growth(panel);
    ImGui::EndChild();
    return;
  }
  if (ImGui::BeginChild("##about", {0, std::max(8 * em, room.y * 0.55f)}))
    draw_about(panel, ImGui::GetContentRegionAvail().x);
  ImGui::EndChild();
  draw_growth(panel);
}

}  // namespace palloscope::gui
