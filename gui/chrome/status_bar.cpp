// The line at the bottom: what is open, where the cursor is, what the last step did.
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "gui/chrome/chrome.h"
#include "gui/fault_text.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/opening.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

// The context whose live chunks, else whose blocks, the last move changed most, with the difference in bytes.
std::string change_text(const PanelContext& context) {
  const trace::ChangeSet& change = context.session.timeline()->last_change();
  if (!change.known || change.from == change.to) return "";
  const trace::MemoryState& state = context.state();
  std::int64_t largest = 0;
  std::string name;
  for (const auto bytes : {&trace::ContextRecord::granted_bytes, &trace::ContextRecord::mem_allocated_bytes}) {
    if (largest != 0) break;  // no chunk came or went, but perhaps a block did
    for (const auto& [slot, old] : change.contexts) {
      const trace::ContextRecord* now = state.context(slot);
      const auto before = static_cast<std::int64_t>(old.born != 0 ? old.*bytes : 0);
      const auto after = static_cast<std::int64_t>(now != nullptr ? now->*bytes : 0);
      if (std::abs(after - before) <= std::abs(largest)) continue;
      largest = after - before;
      name = now != nullptr ? now->name : old.name;
    }
  }
  if (largest == 0) {
    const auto grown = static_cast<std::int64_t>(state.totals().malloc_bytes - change.totals.malloc_bytes);
    if (grown != 0) return fmt::format("malloc {}", format_change(grown));
    return context.strings("status.nothing_changed");
  }
  return context.strings.fill("status.changed", {{"change", format_change(largest)}, {"name", name}});
}

const char* source_text(const PanelContext& context) {
  switch (context.session.timeline()->description().source) {
    case core::SourceKind::Scenario:
      return context.strings("status.scenario");
    case core::SourceKind::Recording:
      return context.strings("status.recording");
    case core::SourceKind::Snapshot:
      return context.strings(context.session.document->live ? "status.process" : "status.snapshot");
    case core::SourceKind::Dump:
      break;
  }
  return context.strings("status.dump");
}

std::string version_text(const PanelContext& context) {
  const core::StreamDescription& description = context.session.timeline()->description();
  if (description.pg_major == 0) return context.strings("status.pg_unknown");
  std::string text = context.strings.fill("status.pg", {{"n", std::to_string(description.pg_major)}});
  if (description.checking) text += fmt::format(", {}", context.strings("status.checking"));
  return text;
}

// The program's mistakes in the whole stream; a click goes to the next one, round and round.
void draw_fault_count(const PanelContext& context, float gap) {
  const auto faults = context.session.faults();
  if (faults.empty()) return;
  const float em = context.em();
  ImGui::SameLine(0, gap);
  const std::string text =
      context.strings.fill("status.faults", {{"n", format_count(context.session.document->faults.count())}});
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool clicked =
      ImGui::InvisibleButton("##faults", {ImGui::CalcTextSize(text.c_str()).x + 1.3f * em, ImGui::GetTextLineHeight()});
  draw_fault_cross(context, {at.x + 0.45f * em, at.y + ImGui::GetTextLineHeight() / 2}, 0.75f * em);
  const Color color = ImGui::IsItemHovered() ? context.theme.text : context.theme.fault;
  ImGui::GetWindowDrawList()->AddText({at.x + 1.3f * em, at.y}, color, text.c_str());
  const EventNumber cursor = context.session.cursor();
  const auto next =
      std::find_if(faults.begin(), faults.end(), [&](const trace::FoundFault& f) { return f.event > cursor; });
  const trace::FoundFault& target = next != faults.end() ? *next : faults.front();
  if (ImGui::IsItemHovered()) {
    std::string tip;
    constexpr std::size_t kMost = 12;
    for (std::size_t i = 0; i < std::min(faults.size(), kMost); ++i)
      tip += fmt::format("{}  {}\n", format_event(faults[i].event), fault_text(context.strings, faults[i].what));
    if (faults.size() > kMost) tip += "…\n";
    ImGui::SetTooltip("%s%s", tip.c_str(), context.strings("status.faults_hint"));
  }
  if (!clicked) return;
  context.actions.push(Seek{target.event});
  if (target.what.chunk && target.what.born != 0)
    context.actions.push(Select{ChunkKey{target.what.chunk, target.what.born}});
}

}  // namespace

namespace {

// What this program itself keeps of the trace, and its limit, where that is worth a word (small lessons do without): by
// part where the mouse rests.
std::string memory_text(const PanelContext& context) {
  constexpr std::size_t kWorthAWord = std::size_t{32} << 20;
  const Session& session = context.session;
  const std::size_t used = session.timeline()->memory_use().total() + session.kept_beside_timeline();
  if (used < kWorthAWord && session.timeline()->description().source != core::SourceKind::Recording) return "";
  return context.strings.fill("status.memory",
                              {{"used", format_bytes(used)}, {"limit", format_bytes(session.memory_limit())}}) +
         "   ";
}
void draw_memory_tip(const PanelContext& context) {
  if (!ImGui::IsItemHovered()) return;
  const trace::MemoryUse use = context.session.timeline()->memory_use();
  ImGui::SetTooltip("%s",
                    context.strings
                        .fill("status.memory_tip", {{"states", format_bytes(use.states)},
                                                    {"journals", format_bytes(use.journals)},
                                                    {"curve", format_bytes(use.curve)},
                                                    {"index", format_bytes(use.index)},
                                                    {"recording", format_bytes(use.recording)},
                                                    {"questions", format_bytes(context.session.questions_bytes)},
                                                    {"conditions", format_bytes(context.session.run_to.index_bytes())},
                                                    {"limit", format_bytes(context.session.memory_limit())}})
                        .c_str());
}

// The process that is looked into: how the last moment was taken, and when the next one comes.
void draw_live(const PanelContext& context, const LiveView& live, float gap) {
  const Strings& say = context.strings;
  const trace::CaptureFacts& facts = live.facts();
  std::string text = fmt::format("{} PID {}", icons::kBackend, facts.pid);
  const auto add = [&](const std::string& words) { text += "   " + words; };
  if (facts.stopped)
    add(say.fill("status.stood_still", {{"ms", fmt::format("{:.2f}", static_cast<double>(facts.pause_ns) / 1e6)}}));
  else
    add(say("status.not_stopped"));
  if (facts.tries > 1) add(say.fill("process.tries", {{"n", std::to_string(facts.tries)}}));
  if (facts.torn) add(say("status.torn"));
  add(say.fill("status.moments", {{"n", format_count(live.moments())}}));
  if (live.ended())
    add(say("status.ended"));
  else if (live.every_ms() != kFollowNever)
    add(say.fill("status.every", {{"s", fmt::format("{:g}", live.every_ms() / 1000.0)}}));
  else
    add(say(live.is_taking() ? "status.taking" : "status.when_asked"));
  if (!live.request().record.empty())
    add(say.fill("status.recording_to", {{"name", live.request().record.filename().string()}}));
  ImGui::SameLine(0, gap);
  const Color color = live.ended() ? context.theme.dim : facts.torn ? context.theme.warning : context.theme.accent;
  draw_cut_text(text, right_edge() - ImGui::GetCursorPosX() - 12 * context.em(), color);
}

}  // namespace

void draw_status_bar(const PanelContext& context) {
  const Session& session = context.session;
  if (!session.document) return;
  const float em = context.em(), gap = 1.6f * em;
  const float right = ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x;

  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.text);
  ImGui::TextUnformatted(
      context.strings
          .fill("status.event", {{"n", format_count(session.cursor())}, {"count", format_count(session.event_count())}})
          .c_str());
  ImGui::PopStyleColor();
  if (session.document->runs_to_end || session.can_run_on()) {
    ImGui::SameLine(0, 0.6f * em);
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.accent);
    ImGui::TextUnformatted(context.strings(session.document->runs_to_end ? "status.running" : "status.live"));
    ImGui::PopStyleColor();
  }
  if (session.document->live) draw_live(context, *session.document->live, gap);
  if (session.run_to.is_running()) {
    ImGui::SameLine(0, gap);
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.accent);
    ImGui::TextUnformatted(
        context.strings.fill("status.run_to", {{"share", format_share(session.run_to.progress())}}).c_str());
    ImGui::PopStyleColor();
  }
  const std::uint64_t impossible = session.state().fault_count();
  const std::string end_text =
      fmt::format("{}{}   {}   {}", memory_text(context), version_text(context), source_text(context), session.title());
  const float end_width = ImGui::CalcTextSize(end_text.c_str()).x;

  const std::string changed = change_text(context);
  if (!changed.empty()) {
    ImGui::SameLine(0, gap);
    draw_cut_text(changed, right - ImGui::GetCursorPosX() - 8 * em, context.theme.dim);
  }
  draw_fault_count(context, gap);
  if (impossible > 0) {
    ImGui::SameLine(0, gap);
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.problem);
    ImGui::Text("%s %s", icons::kProblem,
                context.strings.fill("status.impossible", {{"n", format_count(impossible)}}).c_str());
    ImGui::PopStyleColor();
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", session.state().faults().back().what.c_str());
  }
  ImGui::SameLine(0, gap);
  const float left = ImGui::GetCursorPosX(), room = right - left;
  if (room < 4 * em) {
    ImGui::NewLine();
    return;
  }
  ImGui::SetCursorPosX(std::max(left, right - end_width));
  draw_cut_text(end_text, room, context.theme.dim);
  draw_memory_tip(context);
}

namespace {

// A line between the top bar and the panels, tinted; EndChild ends it.
void begin_strip(const PanelContext& context, const char* id, Color color) {
  ImGui::PushStyleColor(ImGuiCol_ChildBg, mix(context.theme.panel, color, 0.14f));
  ImGui::PushStyleColor(ImGuiCol_Border, mix(context.theme.panel, color, 0.5f));
  ImGui::BeginChild(id, {0, 0},
                    ImGuiChildFlags_Borders | ImGuiChildFlags_AutoResizeY | ImGuiChildFlags_AlwaysUseWindowPadding);
  ImGui::PopStyleColor(2);
}

// At the strip's end. True when clicked.
bool draw_strip_button(const PanelContext& context, const char* id, const char* tooltip_key) {
  const float em = context.em();
  ImGui::SameLine();
  ImGui::SetCursorPos({right_edge() - 2.1f * em, ImGui::GetStyle().WindowPadding.y - 0.2f * em});
  return draw_icon_button(context, id, icons::kClose, nullptr, context.strings(tooltip_key));
}

}  // namespace

void draw_opening(const PanelContext& context) {
  const Opening& opening = *context.session.opening;
  const float em = context.em();
  begin_strip(context, "##opening", context.theme.notice);
  const bool compares = opening.use() == OpeningUse::Compare;
  ImGui::TextUnformatted(
      context.strings.fill(compares ? "app.loading_base" : "app.loading", {{"name", opening.name()}}).c_str());
  if (const double done = opening.progress(); done > 0) {
    ImGui::SameLine(0, em);
    draw_share_bar(context, static_cast<float>(done), em * 12, context.theme.accent);
    ImGui::SameLine();
    ImGui::TextUnformatted(format_share(done).c_str());
  }
  if (draw_strip_button(context, "cancel", "app.loading_cancel")) context.actions.push(CancelOpening{});
  ImGui::EndChild();
}

void draw_caption(const PanelContext& context, const std::string& text) {
  const std::string_view sign = context.session.at_live_end() ? icons::kEnd : icons::kBookmark;
  const std::string line =
      std::string(sign) + "  " +
      context.strings.fill("status.event", {{"n", format_count(context.session.cursor())},
                                            {"count", format_count(context.session.event_count())}}) +
      "   " + text;
  draw_cut_text(line, right_edge() - ImGui::GetCursorPosX(), context.theme.text);
}

void draw_message(const PanelContext& context) {
  const Message& message = *context.session.message;
  const bool is_problem = message.kind == MessageKind::Problem;
  const Color color = is_problem ? context.theme.problem : context.theme.notice;
  const float em = context.em();
  begin_strip(context, "##message", color);
  const float wrap = right_edge() - 3 * em;
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextUnformatted(is_problem ? icons::kProblem : icons::kNotice);
  ImGui::PopStyleColor();
  ImGui::SameLine();
  ImGui::BeginGroup();
  ImGui::PushTextWrapPos(wrap);
  ImGui::PushFont(context.fonts.title, em);
  ImGui::TextUnformatted(context.strings(message.key));
  ImGui::PopFont();
  if (!message.detail.empty()) ImGui::TextUnformatted(message.detail.c_str());
  ImGui::PopTextWrapPos();
  ImGui::EndGroup();
  if (draw_strip_button(context, "dismiss", "message.dismiss")) context.actions.push(DismissMessage{});
  ImGui::EndChild();
}

}  // namespace palloscope::gui
