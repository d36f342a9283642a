#include "gui/panels/shmem_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/backend_badge.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/shmem_map.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

std::uint64_t pages(std::uint64_t bytes, std::uint64_t page) { return (bytes + page - 1) / page; }

void heading(const PanelContext& panel, std::string_view key) {
  ImGui::PushFont(panel.fonts.title, panel.em());
  ImGui::TextUnformatted(panel.strings(key));
  ImGui::PopFont();
}

}  // namespace

void ShmemPages::refresh(const PanelContext& panel, const ShmemModel& model) {
  const Session& session = panel.session;
  if (document_ == session.document->serial && cursor_ == session.cursor()) return;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  bands_width_ = 0;
  const trace::ServerState& server = session.state().server();
  tried_.reset();
  if (const EventNumber number = server.point.huge_pages; number != 0) {
    const core::EventBody event = session.timeline()->event(number);
    if (const auto* tried = std::get_if<core::HugePagesTried>(&event)) tried_ = *tried;
  }
  node_bytes_.assign(server.nodes.size(), 0);
  not_placed_ = 0;
  is_reported_ = false;
  for (const trace::ShmemRecord& piece : server.allocations) {
    if (piece.born == 0) continue;
    for (const auto& [node, bytes] : piece.nodes) {
      is_reported_ = true;
      if (node >= 0 && static_cast<std::size_t>(node) < node_bytes_.size())
        node_bytes_[static_cast<std::size_t>(node)] += bytes;
      else
        not_placed_ += bytes;
    }
  }
  if (is_reported_) return;
  std::uint64_t placed = 0;
  for (const NodeRun& run : model.runs) {
    if (run.node < node_bytes_.size()) node_bytes_[run.node] += run.bytes;
    placed += run.bytes;
  }
  not_placed_ = model.bytes - std::min(model.bytes, placed);
}

void ShmemPages::draw_huge_pages(const PanelContext& panel, const ShmemModel& model) {
  heading(panel, "shmem.pages.title");
  const std::uint64_t huge = tried_ ? std::max<std::uint64_t>(tried_->page_bytes, kSmallPage) : kHugePage;
  const std::uint64_t small_count = pages(model.bytes, kSmallPage), huge_count = pages(model.bytes, huge);
  ImGui::TextWrapped("%s", panel.strings
                               .fill("shmem.pages.count", {{"bytes", format_bytes(model.bytes)},
                                                           {"small", format_count(small_count)},
                                                           {"huge", format_count(huge_count)},
                                                           {"huge_bytes", format_bytes(huge)}})
                               .c_str());
  const auto reach = [&](std::uint64_t page) { return format_bytes(kTlbEntries * page); };
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextWrapped("%s", panel.strings
                               .fill("shmem.pages.reach", {{"entries", format_count(kTlbEntries)},
                                                           {"small", reach(kSmallPage)},
                                                           {"huge", reach(huge)},
                                                           {"huge_bytes", format_bytes(huge)}})
                               .c_str());
  ImGui::PopStyleColor();
  if (!tried_) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    ImGui::TextWrapped("%s", panel.strings("shmem.pages.not_tried"));
    ImGui::PopStyleColor();
    return;
  }
  static constexpr const char* kSettings[core::kHugePagesCount] = {"off", "on", "try"};
  const bool was_tried = tried_->setting != core::HugePages::Off;
  const Color color = !was_tried ? panel.theme.dim : tried_->granted ? panel.theme.born : panel.theme.gone;
  const std::string_view key = !was_tried        ? "shmem.pages.off"
                               : tried_->granted ? "shmem.pages.granted"
                                                 : "shmem.pages.refused";
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextWrapped("%s %s", tried_->granted ? icons::kCheck : icons::kClose,
                     panel.strings
                         .fill(key, {{"setting", kSettings[static_cast<std::size_t>(tried_->setting)]},
                                     {"pages", format_count(tried_->pages)},
                                     {"available", format_count(tried_->available)},
                                     {"page", format_bytes(tried_->page_bytes)}})
                         .c_str());
  ImGui::PopStyleColor();
}

// Each square is a huge page; the first is divided as it would be without them.
void ShmemPages::draw_page_grid(const PanelContext& panel, const ShmemModel& model) {
  const std::uint64_t huge = tried_ ? std::max<std::uint64_t>(tried_->page_bytes, kSmallPage) : kHugePage;
  const auto count = pages(model.bytes, huge);
  const float em = panel.em(), room = ImGui::GetContentRegionAvail().x;
  const float big = std::clamp(ImGui::GetContentRegionAvail().y * 0.35f, 7 * em, 16 * em);  // of the divided one
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const bool has_huge = tried_ && tried_->granted;
  const float cells_x = at.x + big + em, width = std::max(em, at.x + room - cells_x);
  float side = 4 * em;
  const auto fits = [&](float s) {
    return static_cast<double>(std::floor(width / s)) * static_cast<double>(std::floor(big / s)) >=
           static_cast<double>(count);
  };
  while (side > 0.35f * em && !fits(side)) side *= 0.9f;
  const auto columns = static_cast<std::uint64_t>(std::max(1.0f, std::floor(width / side)));
  const auto rows = static_cast<std::uint64_t>(std::max(1.0f, std::floor(big / side)));
  const std::uint64_t per_cell = std::max<std::uint64_t>(1, (count + columns * rows - 1) / (columns * rows));
  const Color page_color = has_huge ? panel.theme.live : panel.theme.free;
  for (std::uint64_t i = 0; i * per_cell < count; ++i) {
    const auto row = i / columns;
    const ImVec2 low(cells_x + side * static_cast<float>(i % columns), at.y + side * static_cast<float>(row));
    const ImVec2 high(low.x + side - 1, low.y + side - 1);
    draw->AddRectFilled(low, high, page_color);
    if (!has_huge && side > 0.8f * em) fill_dotted(low, high, panel.theme.dim, std::max(3.0f, side / 5));
  }
  // 2 MB are 512 small pages: 32 columns, 16 rows. Of larger pages each small square stands for several.
  const std::uint64_t small_pages = huge / kSmallPage;
  std::uint64_t small_columns = 1, small_rows = 1;
  while (small_columns * small_rows < small_pages && small_columns < 64)
    (small_columns <= small_rows ? small_columns : small_rows) *= 2;
  const ImVec2 step(big / static_cast<float>(small_columns), big / static_cast<float>(small_rows));
  const Color small_color = has_huge ? mix(panel.theme.map_ground, panel.theme.live, 0.4f) : panel.theme.live;
  for (std::uint64_t i = 0; i < small_columns * small_rows; ++i) {
    const auto row = i / small_columns;
    const ImVec2 low(at.x + step.x * static_cast<float>(i % small_columns), at.y + step.y * static_cast<float>(row));
    draw->AddRectFilled(low, {low.x + step.x - 1, low.y + step.y - 1}, small_color);
  }
  draw->AddRect(at, {at.x + big, at.y + big}, panel.theme.text);
  if (side > 0.5f * em) {  // this one is that one
    draw->AddRect({cells_x, at.y}, {cells_x + side - 1, at.y + side - 1}, panel.theme.text, 0, 0, 2);
    draw->AddLine({at.x + big, at.y}, {cells_x, at.y}, panel.theme.dim);
    draw->AddLine({at.x + big, at.y + big}, {cells_x, at.y + side - 1}, panel.theme.dim);
  }
  ImGui::Dummy({room, big + 0.3f * em});
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextWrapped("%s", panel.strings
                               .fill(per_cell == 1 ? "shmem.pages.grid_one" : "shmem.pages.grid",
                                     {{"huge", format_bytes(huge)},
                                      {"small", format_count(small_pages)},
                                      {"per_cell", format_count(per_cell)}})
                               .c_str());
  ImGui::PopStyleColor();
}

void ShmemPages::draw_nodes(const PanelContext& panel, const ShmemModel& model) {
  const trace::ServerState& server = panel.state().server();
  const float em = panel.em(), small = panel.fonts.small_size;
  heading(panel, "shmem.nodes.title");
  static constexpr std::string_view kPolicies[core::kNumaPolicyCount] = {"shmem.nodes.first_touch",
                                                                         "shmem.nodes.interleave", "shmem.nodes.bind"};
  if (!is_reported_)
    ImGui::TextWrapped("%s", panel.strings
                                 .fill(kPolicies[static_cast<std::size_t>(server.point.numa_policy)],
                                       {{"node", format_count(server.point.numa_node)}})
                                 .c_str());
  const float room = ImGui::GetContentRegionAvail().x, gap = ImGui::GetStyle().ItemSpacing.x;
  const auto count = static_cast<int>(std::count_if(server.nodes.begin(), server.nodes.end(),
                                                    [](const trace::NodeRecord& node) { return node.born != 0; }));
  const int columns = std::clamp(static_cast<int>(room / (13 * em)), 1, std::max(1, count));
  const float width = std::min(24 * em, (room - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns));
  int drawn = 0;
  std::uint64_t whole = not_placed_;
  for (const std::uint64_t bytes : node_bytes_) whole += bytes;
  for (std::size_t node = 0; node < server.nodes.size(); ++node) {
    const trace::NodeRecord& record = server.nodes[node];
    if (record.born == 0) continue;
    if (drawn++ % columns != 0) ImGui::SameLine();
    const float height = 6.6f * em, pad = 0.5f * em;
    const ImVec2 low = ImGui::GetCursorScreenPos(), high(low.x + width, low.y + height);
    ImGui::Dummy({width, height});
    ImDrawList* draw = ImGui::GetWindowDrawList();
    draw->AddRectFilled(low, high, panel.theme.raised, 0.3f * em);
    draw->AddRect(low, high, record.born == panel.session.cursor() ? panel.theme.born : panel.theme.line, 0.3f * em);
    fill_node(panel, {low.x + pad, low.y + pad}, {low.x + pad + 2.2f * em, low.y + pad + 1.4f * em},
              static_cast<std::uint32_t>(node));
    const auto text = [&](float x, float y, ImFont* font, float size, Color color, const std::string& words) {
      const ImVec4 clip(low.x, low.y, high.x - pad, high.y);
      add_cut_text(draw, font, size, {x, y}, color, words, clip);
    };
    text(low.x + pad + 2.7f * em, low.y + pad, panel.fonts.title, em, panel.theme.text,
         panel.strings.fill("shmem.nodes.node", {{"n", std::to_string(node)}}));
    if (record.cores != 0)
      text(low.x + pad + 2.7f * em, low.y + pad + 1.15f * em, panel.fonts.text, small, panel.theme.dim,
           panel.strings.fill("shmem.nodes.machine",
                              {{"cores", format_count(record.cores)}, {"bytes", format_bytes(record.memory_bytes)}}));
    // Of the segment, this much lies here.
    const float bar_y = low.y + pad + 2.5f * em, bar = width - 2 * pad;
    const double share = whole == 0 ? 0 : static_cast<double>(node_bytes_[node]) / static_cast<double>(whole);
    draw->AddRectFilled({low.x + pad, bar_y}, {low.x + pad + bar, bar_y + 0.5f * em}, panel.theme.map_ground,
                        0.2f * em);
    if (share > 0)
      draw->AddRectFilled({low.x + pad, bar_y},
                          {low.x + pad + std::max(2.0f, bar * static_cast<float>(share)), bar_y + 0.5f * em},
                          node_colour(panel.theme, static_cast<std::uint32_t>(node)), 0.2f * em);
    text(low.x + pad, bar_y + 0.7f * em, panel.fonts.text, small, panel.theme.text,
         panel.strings.fill("shmem.nodes.share",
                            {{"bytes", format_bytes(node_bytes_[node])}, {"share", format_share(share)}}));
    float x = low.x + pad;
    for (std::size_t i = 0; i < server.backends.size(); ++i) {
      const trace::BackendRecord& backend = server.backends[i];
      if (backend.born == 0 || backend.node != static_cast<std::int32_t>(node) || x + em > high.x - pad) continue;
      draw_backend_badge(panel, {x + 0.6f * em, high.y - pad - 0.6f * em}, 1.2f * em,
                         core::BackendSlot{static_cast<std::uint32_t>(i)});
      x += 1.6f * em;
    }
  }
  (void)model;
}

// The whole segment on one line: which stretch lies where.
void ShmemPages::draw_placement(const PanelContext& panel, const ShmemModel& model) {
  if (model.bytes == 0) return;
  const float em = panel.em(), room = ImGui::GetContentRegionAvail().x, height = 1.8f * em;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::Dummy({room, height});
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + room, at.y + height}, panel.theme.map_ground);
  fill_dotted(at, {at.x + room, at.y + height}, panel.theme.dim, 0.6f * em);
  if (is_reported_) {  // sums only: the view tells no places
    std::uint64_t whole = not_placed_;
    for (const std::uint64_t bytes : node_bytes_) whole += bytes;
    float x = at.x;
    for (std::size_t node = 0; node < node_bytes_.size() && whole > 0; ++node) {
      const float width =
          room * static_cast<float>(static_cast<double>(node_bytes_[node]) / static_cast<double>(whole));
      if (width >= 1) fill_node(panel, {x, at.y}, {x + width, at.y + height}, static_cast<std::uint32_t>(node));
      x += width;
    }
  } else {
    if (bands_width_ != room) {
      bands_width_ = room;
      bands_ = lay_out_nodes(model.runs, 0, model.bytes, room, kNarrowestBand);
    }
    for (const NodeBand& band : bands_) draw_node_band(panel, band, at, height);
  }
  draw->AddRect(at, {at.x + room, at.y + height}, panel.theme.line);
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextWrapped("%s", panel.strings
                               .fill(is_reported_ ? "shmem.nodes.reported" : "shmem.nodes.placement",
                                     {{"bytes", format_bytes(not_placed_)}})
                               .c_str());
  ImGui::PopStyleColor();
}

void ShmemPages::draw_costs(const PanelContext& panel) {
  const trace::ServerState& server = panel.state().server();
  const bool any = std::any_of(server.backends.begin(), server.backends.end(), [](const trace::BackendRecord& b) {
    return b.born != 0 && (b.local_bytes != 0 || b.remote_bytes != 0);
  });
  if (!any) return;
  heading(panel, "shmem.nodes.costs");
  if (!ImGui::BeginTable("##costs", 5, ImGuiTableFlags_RowBg | ImGuiTableFlags_NoSavedSettings)) return;
  const float em = panel.em();
  ImGui::TableSetupColumn(panel.strings("shmem.nodes.backend"), ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableSetupColumn(panel.strings("shmem.nodes.runs_on"), ImGuiTableColumnFlags_WidthFixed, 3.5f * em);
  ImGui::TableSetupColumn(panel.strings("shmem.nodes.local"), ImGuiTableColumnFlags_WidthFixed, 6 * em);
  ImGui::TableSetupColumn(panel.strings("shmem.nodes.remote"), ImGuiTableColumnFlags_WidthFixed, 6 * em);
  ImGui::TableSetupColumn("##bar", ImGuiTableColumnFlags_WidthFixed, 7 * em);
  // Above numbers a heading stands at the right, as they do.
  ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
  for (int column = 0; column < 4; ++column) {
    ImGui::TableNextColumn();
    const char* name = ImGui::TableGetColumnName(column);
    if (column > 0) ImGui::SetCursorPosX(right_edge() - ImGui::CalcTextSize(name).x);
    ImGui::TextUnformatted(name);
  }
  for (std::size_t i = 0; i < server.backends.size(); ++i) {
    const trace::BackendRecord& backend = server.backends[i];
    if (backend.born == 0 || (backend.local_bytes == 0 && backend.remote_bytes == 0)) continue;
    const core::BackendSlot slot{static_cast<std::uint32_t>(i)};
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    draw_backend_badge(panel, {at.x + 0.6f * em, at.y + 0.6f * em}, 1.1f * em, slot);
    ImGui::SetCursorScreenPos({at.x + 1.6f * em, at.y});
    ImGui::TextUnformatted(backend_text(panel, slot).c_str());
    ImGui::TableNextColumn();
    draw_number(panel, backend.node < 0 ? std::string("?") : std::to_string(backend.node), right_edge(),
                panel.theme.text);
    ImGui::TableNextColumn();
    draw_bytes(panel, backend.local_bytes);
    ImGui::TableNextColumn();
    draw_bytes(panel, backend.remote_bytes, backend.remote_bytes > 0 ? panel.theme.gone : panel.theme.text);
    ImGui::TableNextColumn();
    const ImVec2 bar = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, line = ImGui::GetTextLineHeight();
    const auto local = static_cast<float>(static_cast<double>(backend.local_bytes) /
                                          static_cast<double>(backend.local_bytes + backend.remote_bytes));
    ImDrawList* draw = ImGui::GetWindowDrawList();
    const float middle = bar.x + width * local;
    draw->AddRectFilled({bar.x, bar.y + line * 0.2f}, {middle, bar.y + line * 0.8f}, panel.theme.live);
    fill_hatched({middle, bar.y + line * 0.2f}, {bar.x + width, bar.y + line * 0.8f},
                 mix(panel.theme.map_ground, panel.theme.gone, 0.35f), panel.theme.gone, 0.4f * em);
    ImGui::Dummy({width, line});
  }
  ImGui::EndTable();
}

void ShmemPages::draw(const PanelContext& panel, const ShmemModel& model) {
  refresh(panel, model);
  if (!model.segment && panel.state().server().nodes.empty()) {
    draw_empty(panel, "shmem.no_segment");
    return;
  }
  if (ImGui::BeginChild("##pages")) {
    if (scroll_lines_ != 0) ImGui::SetScrollY(ImGui::GetScrollY() + std::exchange(scroll_lines_, 0) * panel.em());
    // Where the machine has nodes they are what is looked at; page sizes stand below.
    const bool has_nodes = !panel.state().server().nodes.empty();
    if (has_nodes) {
      draw_nodes(panel, model);
      draw_placement(panel, model);
      draw_costs(panel);
      ImGui::Spacing();
    }
    if (model.segment) {
      draw_huge_pages(panel, model);
      draw_page_grid(panel, model);
    }
    if (!has_nodes) {
      ImGui::Spacing();
      heading(panel, "shmem.nodes.title");
      ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
      ImGui::TextWrapped("%s", panel.strings("shmem.nodes.none"));
      ImGui::PopStyleColor();
    }
  }
  ImGui::EndChild();
}

}  // namespace palloscope::gui
