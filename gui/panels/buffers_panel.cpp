#include "gui/panels/buffers_panel.h"

#include <imgui.h>

#include <algorithm>
#include <utility>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/clock_layout.h"
#include "gui/panels/pool_clock.h"
#include "gui/panels/pool_side.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kCellsPerFrame = 200'000;  // a few milliseconds
constexpr std::uint64_t kPageBytes = 8192;

constexpr const char* kModeKeys[kPoolModeCount] = {"buffers.mode.state", "buffers.mode.relation", "buffers.mode.usage",
                                                   "buffers.mode.pins", "buffers.mode.age"};

struct PageWords {
  const char* icon;
  const char* name;
  const char* tip;
};
constexpr PageWords kPages[] = {{icons::kMotion, "buffers.page.now", "buffers.page.tip.now"},
                                {icons::kLife, "buffers.page.life", "buffers.page.tip.life"},
                                {icons::kCompare, "buffers.page.lab", "buffers.page.tip.lab"}};

}  // namespace

// --- what is shown ----------------------------------------------------------------------------------------------

// The pool that was chosen, if it is still there, else the shared one, else any.
void BuffersPanel::choose_pool(const PanelContext& panel) {
  const trace::ServerState& server = panel.state().server();
  if (const auto* key = std::get_if<BufferKey>(&panel.session.selection)) {
    const trace::BufferRecord* buffer = server.buffer(key->slot);
    const bool is_new = document_ == panel.session.document->serial && !(selected_ == key->slot);
    if (buffer != nullptr && is_new) pool_ = buffer->pool;
    selected_ = key->slot;
  }
  if (server.pool(pool_) != nullptr) return;
  pool_ = {};
  for (std::size_t i = 0; i < server.pools.size(); ++i) {
    if (server.pools[i].born == 0) continue;
    const core::PoolSlot slot{static_cast<std::uint32_t>(i)};
    if (!pool_ || !server.pools[i].backend) pool_ = slot;
    if (!server.pools[i].backend) break;
  }
}

void BuffersPanel::follow(const PanelContext& panel) {
  const Session& session = panel.session;
  const trace::ServerState& server = panel.state().server();
  if (document_ != session.document->serial) {
    pool_ = {};
    selected_ = {};
    view_.fit();
  }
  choose_pool(panel);
  const trace::PoolRecord* pool = server.pool(pool_);
  const bool same_place = document_ == session.document->serial && followed_ == pool_ && pool != nullptr &&
                          pool_born_ == pool->born && cells_.size() == (pool->reported_only ? 0 : pool->buffers);
  if (!same_place) view_.fit();
  if (!same_place || cursor_ != session.cursor()) {
    const trace::ChangeSet& change = session.timeline()->last_change();
    const bool by_step = change.known && change.to == session.cursor() && session.cursor() != 0;
    changed_.clear();
    std::vector<core::BufferSlot> slots;
    if (by_step && pool != nullptr) {
      for (const auto& [slot, old] : change.buffers) {
        slots.push_back(slot);
        if (pool->holds(slot)) changed_.push_back(slot.value - pool->first.value);
      }
    }
    if (pool != nullptr) {
      if (same_place && by_step && change.from == cursor_ && cells_.done())  // only what it touched is read again
        cells_.touch(server, slots, session.cursor());
      else
        cells_.begin(session.document->serial, *pool, session.cursor());
    }
    lookup_ = lookup_at(*session.timeline(), server);
  }
  if (pool != nullptr && mode_ == PoolMode::Age && cells_.aged_at() != session.cursor())
    cells_.begin(session.document->serial, *pool, session.cursor());
  document_ = session.document->serial;
  cursor_ = session.cursor();
  followed_ = pool_;
  pool_born_ = pool == nullptr ? 0 : pool->born;
  if (!cells_.done() && cells_.advance(server, kCellsPerFrame) && panel.wants_frame != nullptr)
    *panel.wants_frame = true;
}

std::optional<std::uint32_t> BuffersPanel::selected_place(const PanelContext& panel) const {
  const auto* key = std::get_if<BufferKey>(&panel.session.selection);
  const trace::PoolRecord* pool = panel.state().server().pool(pool_);
  if (key == nullptr || pool == nullptr || !pool->holds(key->slot)) return std::nullopt;
  return key->slot.value - pool->first.value;
}

// Whose biography is told: while an event is selected still that of the buffer before.
std::optional<core::BufferSlot> BuffersPanel::told_buffer(const PanelContext& panel) const {
  const Selection& selection = panel.session.selection;
  if (const auto* key = std::get_if<BufferKey>(&selection)) return key->slot;
  if (std::holds_alternative<EventKey>(selection) && selected_) return selected_;
  return std::nullopt;
}

bool BuffersPanel::can_be_clock() const { return cells_.size() != 0 && cells_.size() <= kMostOnClock; }

// --- keys and tools ---------------------------------------------------------------------------------------------

void BuffersPanel::move_selection(const PanelContext& panel, std::int64_t by) {
  const trace::PoolRecord* pool = panel.state().server().pool(pool_);
  if (pool == nullptr || pool->reported_only || pool->buffers == 0) return;
  const auto last = static_cast<std::int64_t>(pool->buffers) - 1;
  const auto here = selected_place(panel);
  const std::int64_t to = here ? std::clamp<std::int64_t>(std::int64_t{*here} + by, 0, last) : pool->hand();
  panel.actions.push(Select{BufferKey{core::BufferSlot{pool->first.value + static_cast<std::uint32_t>(to)}}});
}

void BuffersPanel::toggle_details() {
  bool& shown = both_fit_ ? details_ : details_alone_;
  shown = !shown;
}

// Details that are hidden come to sight first.
void BuffersPanel::turn_page(int by) {
  bool& shown = both_fit_ ? details_ : details_alone_;
  if (!std::exchange(shown, true)) return;
  page_ = static_cast<Page>((static_cast<int>(page_) + kPageCount + by) % kPageCount);
}

void BuffersPanel::next_pool(const PanelContext& panel) {
  const trace::ServerState& server = panel.state().server();
  const auto count = static_cast<std::uint32_t>(server.pools.size());
  for (std::uint32_t i = 1; i <= count; ++i) {
    const core::PoolSlot slot{(pool_.value + i) % count};
    if (server.pool(slot) == nullptr) continue;
    pool_ = slot;
    return;
  }
}

void BuffersPanel::handle_keys(const PanelContext& panel) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!panel.is_focused || io.WantTextInput || panel.session.overlay != Overlay::None || io.KeyCtrl || io.KeyAlt)
    return;
  const auto pressed = [](ImGuiKey key) { return ImGui::IsKeyPressed(key); };
  const bool around = as_clock_ && can_be_clock();
  const std::int64_t row = around ? 1 : std::max<std::int64_t>(1, view_.per_row());
  if (pressed(ImGuiKey_DownArrow)) move_selection(panel, io.KeyShift ? row * 10 : row);
  if (pressed(ImGuiKey_UpArrow)) move_selection(panel, io.KeyShift ? -row * 10 : -row);
  if (pressed(ImGuiKey_Period)) move_selection(panel, 1);
  if (pressed(ImGuiKey_Comma)) move_selection(panel, -1);
  if (pressed(ImGuiKey_Equal) || pressed(ImGuiKey_KeypadAdd)) view_.zoom(1);
  if (pressed(ImGuiKey_Minus) || pressed(ImGuiKey_KeypadSubtract)) view_.zoom(-1);
  if (ImGui::IsKeyPressed(ImGuiKey_0, false)) view_.fit();
  if (ImGui::IsKeyPressed(ImGuiKey_Enter, false))
    if (const auto place = selected_place(panel)) view_.look_at(*place);
  if (ImGui::IsKeyPressed(ImGuiKey_A, false)) {
    const int by = io.KeyShift ? kPoolModeCount - 1 : 1;
    mode_ = static_cast<PoolMode>((static_cast<int>(mode_) + by) % kPoolModeCount);
  }
  if (ImGui::IsKeyPressed(ImGuiKey_K, false)) as_clock_ = !as_clock_;
  if (ImGui::IsKeyPressed(ImGuiKey_D, false)) toggle_details();
  if (ImGui::IsKeyPressed(ImGuiKey_J, false)) turn_page(io.KeyShift ? -1 : 1);
  if (ImGui::IsKeyPressed(ImGuiKey_X, false)) next_pool(panel);
}

void BuffersPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document || panel.state().server().pool(pool_) == nullptr) return;
  const Strings& strings = panel.strings;
  const std::string details = std::string(icons::kEvents) + "##details";
  const std::string zoom_out = std::string(icons::kZoomOut) + "##zoom_out";
  const std::string zoom_in = std::string(icons::kZoomIn) + "##zoom_in";
  const std::string fit = std::string(icons::kFullScreenOff) + "##fit";
  const bool clock_now = as_clock_ && can_be_clock();
  const std::string clock = std::string(clock_now ? icons::kMap : icons::kRecent) + "##clock";
  const std::string mode = std::string(strings(kModeKeys[static_cast<int>(mode_)])) + "##mode";
  ToolRow tools(
      width, std::vector{details.c_str(), zoom_out.c_str(), zoom_in.c_str(), fit.c_str(), clock.c_str(), mode.c_str()});
  if (tools.button(details.c_str(), strings("buffers.tool.details"))) toggle_details();
  if (tools.button(zoom_out.c_str(), strings("buffers.tool.zoom_out"))) view_.zoom(-1);
  if (tools.button(zoom_in.c_str(), strings("buffers.tool.zoom_in"))) view_.zoom(1);
  if (tools.button(fit.c_str(), strings("buffers.tool.fit"))) view_.fit();
  ImGui::BeginDisabled(!can_be_clock());
  if (tools.button(clock.c_str(), strings(clock_now ? "buffers.tool.grid" : "buffers.tool.clock")))
    as_clock_ = !as_clock_;
  ImGui::EndDisabled();
  if (tools.button(mode.c_str(), strings("buffers.tool.mode"))) ImGui::OpenPopup("##pool_mode");
  if (ImGui::BeginPopup("##pool_mode")) {
    for (int i = 0; i < kPoolModeCount; ++i)
      if (ImGui::MenuItem(strings(kModeKeys[i]), nullptr, static_cast<int>(mode_) == i))
        mode_ = static_cast<PoolMode>(i);
    ImGui::EndPopup();
  }
}

// --- drawing ----------------------------------------------------------------------------------------------------

// Which pool, where there are several.
void BuffersPanel::draw_pools(const PanelContext& panel) {
  const trace::ServerState& server = panel.state().server();
  const auto count = std::count_if(server.pools.begin(), server.pools.end(), [](auto& pool) { return pool.born != 0; });
  if (count < 2) return;
  bool first = true;
  for (std::size_t i = 0; i < server.pools.size(); ++i) {
    const trace::PoolRecord& pool = server.pools[i];
    if (pool.born == 0) continue;
    const core::PoolSlot slot{static_cast<std::uint32_t>(i)};
    if (!first) ImGui::SameLine(0, 0.3f * panel.em());
    first = false;
    std::string label =
        pool.backend ? panel.strings.fill("buffers.local_pool", {{"who", backend_name(panel, server, pool.backend)}})
                     : std::string(panel.strings("buffers.shared_pool"));
    label += "##pool" + std::to_string(i);
    const bool is_shown = slot == pool_;
    if (is_shown) ImGui::PushStyleColor(ImGuiCol_Button, panel.theme.raised);
    if (ImGui::SmallButton(label.c_str())) pool_ = slot;
    if (is_shown) ImGui::PopStyleColor();
  }
}

void BuffersPanel::draw_summary(const PanelContext& panel) const {
  const trace::PoolRecord& pool = *panel.state().server().pool(pool_);
  const Strings& strings = panel.strings;
  const std::uint64_t free = pool.buffers - std::min(pool.buffers, pool.tagged);
  std::string text = strings.fill("buffers.summary", {{"buffers", format_count(pool.buffers)},
                                                      {"bytes", format_bytes(std::uint64_t{pool.buffers} * kPageBytes)},
                                                      {"free", format_count(free)},
                                                      {"dirty", format_count(pool.dirty)},
                                                      {"pinned", format_count(pool.pinned)}});
  if (pool.requests != 0)
    text += "  \u00B7  " +
            strings.fill("buffers.summary_hits",
                         {{"hits", format_count(pool.hits)},
                          {"requests", format_count(pool.requests)},
                          {"share", format_share(static_cast<double>(pool.hits) / static_cast<double>(pool.requests))},
                          {"evictions", format_count(pool.evictions)}});
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  draw_cut_text(text, ImGui::GetContentRegionAvail().x, panel.theme.dim);
  ImGui::PopStyleColor();
}

// A server that told totals only.
void BuffersPanel::draw_reported(const PanelContext& panel) const {
  const trace::PoolRecord& pool = *panel.state().server().pool(pool_);
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  draw_paragraphs(panel.strings("buffers.reported_only"));
  ImGui::PopStyleColor();
  const float em = panel.em();
  if (!ImGui::BeginTable("##usage_counts", 5, ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_SizingFixedFit)) return;
  ImGui::TableSetupColumn(panel.strings("buffers.mode.usage"), ImGuiTableColumnFlags_WidthFixed, 6 * em);
  ImGui::TableSetupColumn(panel.strings("buffers.table.buffers"), ImGuiTableColumnFlags_WidthFixed, 7 * em);
  ImGui::TableSetupColumn(panel.strings("buffers.state.dirty"), ImGuiTableColumnFlags_WidthFixed, 6 * em);
  ImGui::TableSetupColumn(panel.strings("buffers.state.pinned"), ImGuiTableColumnFlags_WidthFixed, 6 * em);
  ImGui::TableSetupColumn("##share", ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableHeadersRow();
  for (std::uint32_t usage = 0; usage <= core::kMaxUsage; ++usage) {
    const trace::UsageCounts& counts = pool.by_usage[usage];
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::Dummy({0.2f * em, em});
    ImGui::SameLine(0, 0);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    draw_usage(panel, {at.x, at.y + 0.3f * em}, 0.5f * em, usage, panel.theme.text);
    for (const std::uint32_t count : {counts.buffers, counts.dirty, counts.pinned}) {
      ImGui::TableNextColumn();
      draw_count(panel, count);
    }
    ImGui::TableNextColumn();
    draw_share_bar(panel, static_cast<float>(counts.buffers) / static_cast<float>(std::max(1u, pool.buffers)),
                   std::min(20 * em, ImGui::GetContentRegionAvail().x), panel.theme.owner[0]);
  }
  ImGui::EndTable();
}

// As many entries as fit on one line.
void BuffersPanel::draw_legend(const PanelContext& panel, float width) const {
  const float size = panel.fonts.small_size, swatch = size * 1.05f;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImVec2 at = ImGui::GetCursorScreenPos();
  const float right = at.x + width;
  for (const PoolLegendRow& row : pool_legend(cells_, panel.state().server(), mode_)) {
    const std::string text = row.key.empty() ? row.text : panel.strings(row.key);
    const float extent = panel.fonts.text->CalcTextSizeA(size, FLT_MAX, 0, text.c_str()).x;
    if (at.x + swatch + extent + size > right) continue;
    const ImVec2 low(at.x, at.y + size * 0.1f), high(at.x + swatch, low.y + swatch);
    const Color fill = pool_fill(panel.theme, {row.tint, 0});
    draw->AddRectFilled(low, high, fill);
    draw_state_shape(panel, low, high, row.shape == LearnedState::Free, row.shape == LearnedState::Dirty,
                     row.shape == LearnedState::Pinned, fill);
    draw->AddRect(low, high, panel.theme.dim);
    draw->AddText(panel.fonts.text, size, {high.x + size * 0.35f, at.y}, panel.theme.dim, text.c_str());
    at.x = high.x + extent + size * 1.2f;
  }
  ImGui::Dummy({width, size * 1.3f});
}

void BuffersPanel::draw_picture(const PoolScene& scene) {
  if (as_clock_ && can_be_clock())
    draw_pool_clock(scene);
  else
    view_.draw(scene);
}

// Without room for all names only the page in front has one.
void BuffersPanel::draw_pages(const PanelContext& panel) {
  const auto text = [&](int i) { return std::string(kPages[i].icon) + " " + panel.strings(kPages[i].name); };
  float wanted = 0;
  for (int i = 0; i < kPageCount; ++i)
    wanted += ImGui::CalcTextSize(text(i).c_str()).x + 2 * ImGui::GetStyle().FramePadding.x + 0.3f * panel.em();
  const bool named = wanted <= ImGui::GetContentRegionAvail().x;
  for (int i = 0; i < kPageCount; ++i) {
    const bool is_here = static_cast<int>(page_) == i;
    if (i != 0) ImGui::SameLine(0, 0.3f * panel.em());
    if (is_here) {
      ImGui::PushStyleColor(ImGuiCol_Button, panel.theme.accent);
      ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.on_accent);
    }
    const std::string label =
        (named || is_here ? text(i) : std::string(kPages[i].icon)) + "##pool_page" + std::to_string(i);
    if (ImGui::SmallButton(label.c_str())) page_ = static_cast<Page>(i);
    if (is_here) ImGui::PopStyleColor(2);
    ImGui::SetItemTooltip("%s", panel.strings(kPages[i].tip));
  }
}

void BuffersPanel::draw_details(const PoolScene& scene) {
  draw_pages(scene.panel);
  switch (page_) {
    case Page::Now:
      return draw_now(scene);
    case Page::Biography:
      return biography_.draw(scene.panel, told_buffer(scene.panel));
    case Page::Policies:
      return lab_.draw(scene.panel);
  }
}

void BuffersPanel::draw_now(const PoolScene& scene) const {
  const Strings& strings = scene.panel.strings;
  const auto section = [&](const char* key, auto&& draw) {
    ImGui::PushFont(scene.panel.fonts.title, scene.panel.em());
    ImGui::SeparatorText(strings(key));
    ImGui::PopFont();
    draw(scene);
  };
  section("buffers.section.steps", draw_lookup_steps);
  section("buffers.section.backends", draw_backends);
  section("buffers.section.rings", draw_rings);
  section("buffers.section.freelist", draw_freelist_chain);
}

void BuffersPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  follow(panel);
  const trace::ServerState& server = panel.state().server();
  const trace::PoolRecord* pool = server.pool(pool_);
  if (pool == nullptr) return draw_empty(panel, "buffers.empty");
  handle_keys(panel);
  draw_pools(panel);
  draw_summary(panel);
  if (pool->reported_only) return draw_reported(panel);

  pointed_ = std::exchange(pointed_now_, std::nullopt);
  PoolScene scene{.panel = panel,
                  .server = server,
                  .pool = *pool,
                  .cells = cells_,
                  .mode = mode_,
                  .lookup = lookup_,
                  .changed = changed_,
                  .selected = selected_place(panel),
                  .pointed = pointed_,
                  .pointed_now = pointed_now_,
                  .tick = lookup_.tick};
  const float em = panel.em();
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const bool beside = room.x > 34 * em, below = !beside && room.y > 34 * em;
  // Too little room for both: by key the one or the other.
  both_fit_ = beside || below;
  if (!both_fit_ && details_alone_) {
    if (ImGui::BeginChild("##pool_details", {0, 0}, ImGuiChildFlags_None)) draw_details(scene);
    return ImGui::EndChild();
  }
  const bool details = details_ && both_fit_;
  const float legend = panel.fonts.small_size * 1.3f + ImGui::GetStyle().ItemSpacing.y + 1;
  const float side = beside && details ? std::clamp(room.x * 0.38f, 14 * em, 27 * em) : 0;
  const float lower = below && details ? room.y * 0.45f : 0;
  ImGui::BeginGroup();
  const float picture_width = room.x - (side > 0 ? side + 0.8f * em : 0);
  if (ImGui::BeginChild("##pool_picture", {picture_width, std::max(2 * em, room.y - lower - legend)},
                        ImGuiChildFlags_None, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse))
    draw_picture(scene);
  ImGui::EndChild();
  draw_legend(panel, picture_width);
  ImGui::EndGroup();
  if (!details) return;
  if (beside) ImGui::SameLine(0, 0.8f * em);
  if (ImGui::BeginChild("##pool_details", {0, 0}, ImGuiChildFlags_None)) draw_details(scene);
  ImGui::EndChild();
}

}  // namespace palloscope::gui
