#include "gui/chrome/attach_dialog.h"

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>

#include "gui/chrome/chrome.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

using trace::Backend;

constexpr double kRefreshSeconds = 2;

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
         }) != text.end();
}

// The words of the filter, each somewhere in the row.
bool matches(const Backend& backend, std::string_view filter) {
  const std::string all = fmt::format("{} {} {} {} {} {} {}", backend.pid, backend.kind, backend.database, backend.user,
                                      backend.client, backend.activity, backend.data_directory);
  while (!filter.empty()) {
    const std::size_t end = std::min(filter.find(' '), filter.size());
    if (!contains_ignoring_case(all, filter.substr(0, end))) return false;
    filter.remove_prefix(std::min(end + 1, filter.size()));
  }
  return true;
}

// A pid that stands in the filter box alone: also of a process that the list does not have.
std::uint32_t pid_in(std::string_view text) {
  std::uint32_t pid = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), pid);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() ? pid : 0;
}

std::string age_text(const Strings& strings, std::int64_t seconds) {
  if (seconds < 0) seconds = 0;
  const auto say = [&](std::string_view key, std::int64_t n) { return strings.fill(key, {{"n", std::to_string(n)}}); };
  if (seconds < 100) return say("attach.seconds", seconds);
  if (seconds < 6000) return say("attach.minutes", seconds / 60);
  if (seconds < 48 * 3600) return say("attach.hours", seconds / 3600);
  return say("attach.days", seconds / 86'400);
}

std::string every_text(const Strings& strings, int ms) {
  if (ms == kFollowNever) return strings("attach.every_asked");
  return strings.fill("attach.every", {{"n", fmt::format("{:g}", ms / 1000.0)}});
}

// Left edges of the columns, in em; the last is the end of the last but one, and what the process is doing takes the
// rest of the row.
struct Columns {
  float pid, kind, database, user, doing, started, memory;
};
Columns columns_of(float width_em) {
  const float memory = width_em, started = memory - 6, doing_end = started - 5;
  const float shares = std::max(0.0f, doing_end - 5.5f);
  return {4.5f, 5.5f, 5.5f + shares * 0.2f, 5.5f + shares * 0.4f, 5.5f + shares * 0.58f, doing_end + 5, memory};
}

}  // namespace

void AttachDialog::open(const Session& session) {
  proc_ = session.proc_folder;
  filter_.clear();
  refresh();
  const auto rows = matching();
  const auto first = std::find_if(rows.begin(), rows.end(), [](const Backend* b) { return b->refused.empty(); });
  chosen_ = first == rows.end() ? 0 : static_cast<int>(first - rows.begin());
  needs_focus_ = scroll_to_chosen_ = true;
}

void AttachDialog::refresh() {
  backends_ = trace::list_backends(proc_);
  now_s_ =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  refreshed_s_ = -1;
  // Sessions of people in front of the server's own processes.
  std::stable_sort(backends_.begin(), backends_.end(), [](const Backend& a, const Backend& b) {
    if (a.postmaster != b.postmaster) return a.postmaster < b.postmaster;
    return (a.kind == "backend") > (b.kind == "backend");
  });
  const auto rows = matching();
  const auto same = std::find_if(rows.begin(), rows.end(), [&](const Backend* b) { return b->pid == chosen_pid_; });
  if (same != rows.end()) chosen_ = static_cast<int>(same - rows.begin());
}

std::vector<const Backend*> AttachDialog::matching() const {
  std::vector<const Backend*> rows;
  for (const Backend& backend : backends_)
    if (matches(backend, filter_)) rows.push_back(&backend);
  return rows;
}

void AttachDialog::handle_keys(int count) {
  if (move_choice(chosen_, count)) scroll_to_chosen_ = true;
  if (ImGui::IsKeyPressed(ImGuiKey_F2, false)) request_.stop = !request_.stop;
  if (ImGui::IsKeyPressed(ImGuiKey_F4, false)) {
    const auto* next = std::upper_bound(std::begin(kFollowEvery), std::end(kFollowEvery), request_.every_ms);
    request_.every_ms = next == std::end(kFollowEvery) ? kFollowNever : *next;
  }
  confirmed_ = ImGui::IsKeyPressed(ImGuiKey_Enter) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter);
}

void AttachDialog::draw_head(const PanelContext& context) {
  const float em = context.em(), y = ImGui::GetCursorPosY(), x = ImGui::GetCursorPosX();
  const Columns columns = columns_of((right_edge() - 0.6f * em - x) / em);
  const auto at = [&](float from, const char* key) {
    ImGui::SetCursorPos({x + from * em, y});
    draw_cut_text(context.strings(key), ImGui::CalcTextSize(context.strings(key)).x + 1, context.theme.dim);
  };
  const auto until = [&](float to, const char* key) { at(to - ImGui::CalcTextSize(context.strings(key)).x / em, key); };
  until(columns.pid, "attach.pid");
  at(columns.kind, "attach.kind");
  at(columns.database, "attach.database");
  at(columns.user, "attach.user");
  at(columns.doing, "attach.doing");
  until(columns.started, "attach.started");
  until(columns.memory, "attach.memory");
}

void AttachDialog::draw_row(const PanelContext& context, const Backend& backend, int row) {
  const float em = context.em(), height = 1.75f * em;
  const bool can = backend.refused.empty();
  const ImVec2 start = ImGui::GetCursorPos();
  const float right = right_edge() - 0.6f * em;
  const Columns columns = columns_of((right - start.x) / em);
  ImGui::PushID(static_cast<int>(backend.pid));
  const std::string label = fmt::format("##backend_{}", backend.pid);
  if (ImGui::Selectable(label.c_str(), row == chosen_, ImGuiSelectableFlags_AllowDoubleClick, {0, height})) {
    chosen_ = row;
    if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) confirmed_ = true;
  }
  if (row == chosen_ && scroll_to_chosen_) {
    ImGui::SetScrollHereY();
    scroll_to_chosen_ = false;
  }
  const ImVec2 after = ImGui::GetCursorPos();
  const float y = start.y + (height - ImGui::GetTextLineHeight()) / 2;
  const Color color = can ? context.theme.text : context.theme.dim;
  const auto text = [&](float from, float to, std::string_view said, Color ink) {
    ImGui::SetCursorPos({start.x + from * em, y});
    draw_cut_text(said, (to - from) * em - 0.6f * em, ink);
  };
  const auto number = [&](float end, std::string_view said) {
    ImGui::SetCursorPos({start.x, y});
    draw_number(context, said, start.x + end * em, color);
  };
  number(columns.pid, std::to_string(backend.pid));
  text(columns.kind, columns.database, backend.kind, color);
  text(columns.database, columns.user, backend.database, color);
  text(columns.user, columns.doing, backend.user, color);
  const float doing_end = columns.started - 5;
  if (can)
    text(columns.doing, doing_end, backend.activity, color);
  else
    text(columns.doing, doing_end, fmt::format("{} {}", icons::kProblem, context.strings("attach.refused")),
         context.theme.warning);
  if (backend.started_s > 0) number(columns.started, age_text(context.strings, now_s_ - backend.started_s));
  if (backend.rss_bytes > 0) number(columns.memory, format_bytes(backend.rss_bytes));
  go_back_to(after);
  ImGui::PopID();
}

void AttachDialog::draw_rows(const PanelContext& context, const std::vector<const Backend*>& rows) {
  const float em = context.em();
  std::uint32_t server = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Backend& backend = *rows[i];
    const std::uint32_t postmaster = backend.postmaster != 0 ? backend.postmaster : backend.pid;
    if (i == 0 || postmaster != server) {
      server = postmaster;
      if (i > 0) ImGui::Dummy({0, 0.3f * em});
      const std::string version = backend.major == 0
                                      ? std::string(context.strings("status.pg_unknown"))
                                      : context.strings.fill("status.pg", {{"n", std::to_string(backend.major)}});
      draw_cut_text(fmt::format("{}  {}   {}", icons::kServer, version, backend.data_directory),
                    ImGui::GetContentRegionAvail().x, context.theme.accent);
    }
    draw_row(context, backend, static_cast<int>(i));
  }
}

// The whole title of the chosen one; why it cannot be looked into.
void AttachDialog::draw_detail(const PanelContext& context, const Backend* chosen) {
  const float em = context.em();
  ImGui::BeginChild("##detail", {0, 3.4f * em});
  if (chosen != nullptr) {
    draw_cut_text(chosen->title, ImGui::GetContentRegionAvail().x, context.theme.dim);
    if (!chosen->refused.empty()) {
      ImGui::PushStyleColor(ImGuiCol_Text, context.theme.warning);
      draw_paragraphs(chosen->refused);
      ImGui::PopStyleColor();
    }
  }
  ImGui::EndChild();
}

void AttachDialog::draw_choices(const PanelContext& context) {
  const float em = context.em();
  if (ImGui::Checkbox(fmt::format("{}   F2###stop", context.strings("attach.stop")).c_str(), &request_.stop))
    needs_focus_ = true;
  ImGui::SetItemTooltip("%s", context.strings("attach.stop_hint"));
  ImGui::SameLine(0, 2 * em);
  ImGui::TextUnformatted(context.strings("attach.moments"));
  const auto choice = [&](int ms) {
    const bool is_on = request_.every_ms == ms;
    const std::string said = every_text(context.strings, ms);
    ImGui::SameLine(0, 0.3f * em);
    ImGui::PushStyleColor(ImGuiCol_Button, is_on ? context.theme.selection : context.theme.raised);
    ImGui::PushStyleColor(ImGuiCol_Text, is_on ? context.theme.text : context.theme.dim);
    if (ImGui::Button(fmt::format("{}###every_{}", said, ms).c_str())) {
      request_.every_ms = ms;
      needs_focus_ = true;
    }
    ImGui::PopStyleColor(2);
  };
  for (const int ms : kFollowEvery) choice(ms);
  choice(kFollowNever);
  ImGui::SameLine(0, 0.6f * em);
  ImGui::TextUnformatted("F4");
}

void AttachDialog::attach(const PanelContext& context, const Backend* chosen) {
  AttachRequest request = request_;
  request.pid = chosen != nullptr ? chosen->pid : pid_in(filter_);
  if (request.pid != 0 && (chosen == nullptr || chosen->refused.empty())) context.actions.push(AttachTo{request});
}

void AttachDialog::draw_buttons(const PanelContext& context, const Backend* chosen) {
  const float em = context.em();
  const char *go = context.strings("attach.go"), *cancel = context.strings("dialog.cancel");
  const float go_width = std::max(6 * em, ImGui::CalcTextSize(go).x + 2 * em);
  const float cancel_width = std::max(6 * em, ImGui::CalcTextSize(cancel).x + 2 * em);
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(context.strings("attach.hint"));
  ImGui::PopStyleColor();
  ImGui::SameLine();
  ImGui::SetCursorPosX(right_edge() - go_width - cancel_width - 0.6f * em);
  ImGui::PushStyleColor(ImGuiCol_Button, context.theme.raised);
  if (ImGui::Button(cancel, {cancel_width, 0})) context.actions.push(ShowOverlay{Overlay::None});
  ImGui::PopStyleColor();
  ImGui::SameLine(0, 0.6f * em);
  ImGui::BeginDisabled(chosen != nullptr ? !chosen->refused.empty() : pid_in(filter_) == 0);
  ImGui::PushStyleColor(ImGuiCol_Button, context.theme.accent);
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, mix(context.theme.accent, context.theme.on_accent, 0.12f));
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.on_accent);
  if (ImGui::Button(fmt::format("{}###attach", go).c_str(), {go_width, 0})) confirmed_ = true;
  ImGui::PopStyleColor(3);
  ImGui::EndDisabled();
}

void AttachDialog::draw(const PanelContext& context) {
  if (!begin_overlay(context, "##attach_dialog", 76, 38)) return;
  const float em = context.em();
  if (refreshed_s_ < 0) refreshed_s_ = context.now_s;
  if (context.now_s - refreshed_s_ > kRefreshSeconds || ImGui::IsKeyPressed(ImGuiKey_F5, false)) refresh();

  ImGui::PushFont(context.fonts.title, context.fonts.title_size);
  ImGui::TextUnformatted(context.strings("attach.title"));
  ImGui::PopFont();
  ImGui::SetNextItemWidth(-1);
  if (needs_focus_) ImGui::SetKeyboardFocusHere();
  needs_focus_ = false;
  if (ImGui::InputTextWithHint("##filter", context.strings("attach.filter"), &filter_)) {
    chosen_ = 0;
    scroll_to_chosen_ = true;
  }
  const auto rows = matching();
  const int count = static_cast<int>(rows.size());
  chosen_ = std::clamp(chosen_, 0, std::max(0, count - 1));
  handle_keys(count);
  const Backend* chosen = count == 0 ? nullptr : rows[static_cast<std::size_t>(chosen_)];
  chosen_pid_ = chosen != nullptr ? chosen->pid : 0;

  const float below = 3.4f * em + 2 * ImGui::GetFrameHeight() + 3 * ImGui::GetStyle().ItemSpacing.y;
  ImGui::BeginChild("##backends", {0, -below}, ImGuiChildFlags_Borders);
  if (backends_.empty()) {
    draw_empty(context, "attach.empty");
  } else if (count == 0) {
    draw_empty(context, pid_in(filter_) != 0 ? "attach.other_pid" : "dialog.empty");
  } else {
    draw_head(context);
    draw_rows(context, rows);
  }
  ImGui::EndChild();
  draw_detail(context, chosen);
  draw_choices(context);
  draw_buttons(context, chosen);
  if (confirmed_) attach(context, chosen);
  end_overlay();
}

}  // namespace palloscope::gui
