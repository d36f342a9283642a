#include "gui/panels/compare_panel.h"

#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/compare_layout.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/profile_of.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

using trace::ContenderKind;
using trace::ContenderSpec;
using trace::Figures;

// Between two frames contenders get so long, in bites of so many events.
constexpr std::chrono::milliseconds kSlice{6};
constexpr std::uint64_t kBite = 500;
constexpr double kRefreshSeconds = 0.2;  // while they run, the table follows so often
constexpr std::size_t kMostRows = 8;     // with the recording: as many as there are colours that can be told apart
constexpr const char* kLetters[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
static_assert(std::size(kLetters) == kMostRows && kMostRows == kOwnerColorCount);

// A line of the table. `best`: the least of the row is marked.
struct TableLine {
  const char* key;
  std::uint64_t Figures::*value;
  bool is_bytes = true, best = true;
};
constexpr TableLine kLines[] = {
    {"compare.held", &Figures::held_bytes},
    {"compare.requested", &Figures::requested_bytes, true, false},
    {"compare.in_chunks", &Figures::in_chunk_bytes},
    {"compare.free", &Figures::free_bytes},
    {"compare.tails", &Figures::tail_bytes},
    {"compare.other", &Figures::other_bytes},
    {"compare.blocks", &Figures::blocks, false},
    {"compare.mallocs", &Figures::malloc_calls, false},
    {"compare.frees", &Figures::free_calls, false, false},
};

Color colour_of(const PanelContext& panel, std::size_t row) { return panel.theme.owner[row % kOwnerColorCount]; }

// A letter in a square: which contender it is, also without its colour.
void draw_letter(const PanelContext& panel, ImVec2 at, std::size_t row, float size) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Color fill = colour_of(panel, row);
  draw->AddRectFilled(at, {at.x + size, at.y + size}, fill, size * 0.2f);
  const char* letter = kLetters[row % kMostRows];
  const ImVec2 extent = panel.fonts.title->CalcTextSizeA(size * 0.85f, FLT_MAX, 0, letter);
  draw->AddText(panel.fonts.title, size * 0.85f, {at.x + (size - extent.x) / 2, at.y + (size - extent.y) / 2},
                readable_on(fill), letter);
}

}  // namespace

std::string ComparePanel::label(const PanelContext& panel, const ContenderSpec& spec) const {
  constexpr const char* kNames[trace::kContenderKindCount] = {"",       "AllocSet", "Generation", "Slab", "Bump",
                                                              "malloc", ""};
  std::string text = kNames[static_cast<std::size_t>(spec.kind)];
  if (spec.kind == ContenderKind::Pool) text = panel.strings("compare.pool");
  const std::string written = to_string(spec);
  if (const std::size_t colon = written.find(':'); colon != std::string::npos)
    text += " " + written.substr(colon + 1, written.find_first_of("@+", colon) - colon - 1);
  if (spec.pg_major != 0) text += (text.empty() ? "PostgreSQL " : ", PG ") + std::to_string(spec.pg_major);
  const auto add = [&](const char* key) { text += (text.empty() ? "" : ", ") + std::string(panel.strings(key)); };
  if (spec.checking) add("compare.checking");
  if (spec.ignore_pfree) add("compare.no_pfree");
  return text.empty() ? panel.strings("compare.recorded") : text;
}

// --- what is compared -----------------------------------------------------------------------------------------

void ComparePanel::start(const PanelContext& panel) {
  rows_.clear();  // they point into the old one
  maps_.clear();
  comparison_ = std::make_unique<trace::Comparison>(*panel.session.timeline());
  stopped_ = false;
  problem_.clear();
  rows_dirty_ = true;
  for (const ContenderSpec& spec : specs_)
    if (const core::Status added = comparison_->add(spec); !added) problem_ = added.error().message;
}

void ComparePanel::follow(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ == session.document->serial) return;
  document_ = session.document->serial;
  specs_ = trace::usual_contenders(session.document->timeline.description());
  start(panel);
}

void ComparePanel::toggle(const ContenderSpec& spec) {
  const auto found = std::find(specs_.begin(), specs_.end(), spec);
  rows_.clear();
  maps_.clear();  // what was drawn belongs to a place in the list
  rows_dirty_ = true;
  stopped_ = false;
  if (found != specs_.end()) {
    comparison_->remove(static_cast<std::size_t>(found - specs_.begin()));
    specs_.erase(found);
    return;
  }
  if (specs_.size() + 1 >= kMostRows) return;
  if (comparison_->add(spec)) specs_.push_back(spec);
}

void ComparePanel::work(const PanelContext& panel) {
  if (stopped_ || comparison_->done()) return;
  const auto until = std::chrono::steady_clock::now() + kSlice;
  while (comparison_->advance(kBite) && std::chrono::steady_clock::now() < until) {
  }
  if (comparison_->done() || panel.now_s - refreshed_s_ > kRefreshSeconds) rows_dirty_ = true;
  if (panel.wants_frame != nullptr) *panel.wants_frame = true;
}

void ComparePanel::refresh_rows(const PanelContext& panel) {
  const Session& session = panel.session;
  if (!rows_dirty_ && cursor_ == session.cursor() && size_ == session.event_count()) return;
  rows_dirty_ = false;
  refreshed_s_ = panel.now_s;
  cursor_ = session.cursor();
  size_ = session.event_count();
  rows_.clear();
  const std::uint64_t call = comparison_->marks().call_of(cursor_);
  Row recorded;
  recorded.name = panel.strings("compare.recorded");
  recorded.now = figures_of(session.state(), comparison_->recorded_measure());
  recorded.run = &comparison_->recorded_figures();
  rows_.push_back(std::move(recorded));
  for (std::size_t i = 0; i < comparison_->entries().size(); ++i) {
    const auto& entry = comparison_->entries()[i];
    Row row;
    row.name = label(panel, entry.spec);
    row.kind = entry.spec.kind;
    row.refused = entry.refused;
    row.now = comparison_->figures_at(i, call);
    if (entry.contender) {
      row.note = entry.contender->note();
      row.run = &entry.contender->figures();
      if (row.now) row.timeline = &entry.contender->timeline();
    }
    rows_.push_back(std::move(row));
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].letter = kLetters[i % kMostRows];
  maps_.resize(rows_.size());
}

// --- choosing -------------------------------------------------------------------------------------------------

void ComparePanel::draw_choice(const PanelContext& panel, const ContenderSpec& spec) {
  const int number = choices_++;
  const bool chosen = std::find(specs_.begin(), specs_.end(), spec) != specs_.end();
  const std::string text = label(panel, spec) + "##choice_" + to_string(spec);
  const bool clicked = ImGui::Selectable(((chosen ? std::string(icons::kCheck) + "  " : "      ") + text).c_str(),
                                         number == choice_, ImGuiSelectableFlags_NoAutoClosePopups);
  if (clicked) choice_ = number;
  if (clicked || (number == choice_ && ImGui::IsKeyPressed(ImGuiKey_Enter, false) && !ImGui::IsWindowAppearing()))
    toggle(spec);
}

void ComparePanel::draw_list(const PanelContext& panel) {
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) choice_ = std::min(choice_ + 1, choices_ - 1);
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) choice_ = std::max(choice_ - 1, 0);
  choices_ = 0;
  const auto group = [&](const char* key) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    ImGui::TextUnformatted(panel.strings(key));
    ImGui::PopStyleColor();
  };
  const auto offer = [&](const std::string& text) {
    if (auto spec = trace::parse_contender(text)) draw_choice(panel, *spec);
  };
  const core::StreamDescription& description = panel.session.timeline()->description();
  group("compare.kinds");
  for (const char* text : {"aset", "generation", "bump", "bump+nofree"}) offer(text);
  // The slab that suits the busiest context.
  const trace::SurveyedContext* busiest = nullptr;
  for (const trace::SurveyedContext& context : comparison_->survey().contexts())
    if (!context.fixed && context.largest_request <= 4096 &&
        (busiest == nullptr || context.requests > busiest->requests))
      busiest = &context;
  if (busiest != nullptr && busiest->requests != 0)
    offer("slab:" + std::to_string(std::max<std::uint64_t>(8, (busiest->largest_request + 7) / 8 * 8)));
  group("compare.without_contexts");
  offer("malloc");
  offer("pool");
  group("compare.versions");
  for (const int major : {15, 16, 17, 18})
    if (major != description.pg_major) offer("recorded@" + std::to_string(major));
  if (!description.checking) offer("recorded+checking");
  group("compare.sizes");
  for (const char* text : {"aset:0/8k/8M", "aset:0/1k/8k", "aset:0/1k/8M", "aset:0/64k/64k"}) offer(text);
}

void ComparePanel::draw_title_tools(const PanelContext& panel, float width) {
  // Not before the first look at this document.
  if (!panel.session.document || document_ != panel.session.document->serial || !problem_.empty()) return;
  const float em = panel.em(), box = std::min(13 * em, width - 2.5f * em);
  const float button = ImGui::CalcTextSize(icons::kBorn).x + 2 * ImGui::GetStyle().FramePadding.x;
  const float wanted = (box > 6 * em ? box + ImGui::GetStyle().ItemSpacing.x : 0) + button;
  if (width > wanted) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + width - wanted);
  if (box > 6 * em) {
    if (panel.filter_wanted && panel.is_focused) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(box);
    if (ImGui::InputTextWithHint("##contender", panel.strings("compare.type_hint"), typed_, sizeof typed_,
                                 ImGuiInputTextFlags_EnterReturnsTrue)) {
      auto spec = trace::parse_contender(typed_);
      if (spec) {
        toggle(*spec);
        typed_[0] = '\0';
      } else {
        panel.actions.push(ShowMessage{{MessageKind::Notice, "message.bad_contender", spec.error().message}});
      }
    }
    ImGui::SetItemTooltip("%s", panel.strings("compare.type_tip"));
    ImGui::SameLine();
  }
  const bool by_key = panel.is_focused && !ImGui::GetIO().WantTextInput && !ImGui::IsPopupOpen("##choose") &&
                      panel.session.overlay == Overlay::None && ImGui::IsKeyPressed(ImGuiKey_Enter, false);
  if (ImGui::Button((std::string(icons::kBorn) + "##contenders").c_str()) || by_key) ImGui::OpenPopup("##choose");
  ImGui::SetItemTooltip("%s", panel.strings("compare.choose"));
  ImGui::SetNextWindowPos({ImGui::GetItemRectMax().x, ImGui::GetItemRectMax().y}, ImGuiCond_Appearing, {1, 0});
  if (ImGui::BeginPopup("##choose")) {
    draw_list(panel);
    if (ImGui::IsKeyPressed(ImGuiKey_Escape, false)) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
  }
}

// Who takes part; a click on one takes it out.
void ComparePanel::draw_chips(const PanelContext& panel) {
  const float em = panel.em(), size = em * 1.15f;
  const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
  std::optional<std::size_t> removed;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    const std::string text = row.name + (row.refused.empty() ? "" : std::string("  ") + icons::kProblem);
    const float width = size + em * 0.4f + ImGui::CalcTextSize(text.c_str()).x + em * (i == 0 ? 0.4f : 1.5f);
    if (i != 0 && ImGui::GetItemRectMax().x + em * 0.5f + width < right) ImGui::SameLine(0, em * 0.5f);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::PushID(static_cast<int>(i));
    const bool clicked = ImGui::InvisibleButton(("##chip_" + row.name).c_str(), {width, em * 1.5f});
    ImGui::PopID();
    ImDrawList* draw = ImGui::GetWindowDrawList();
    if (ImGui::IsItemHovered()) {
      draw->AddRectFilled(at, {at.x + width, at.y + em * 1.5f}, panel.theme.raised, em * 0.3f);
      if (ImGui::BeginTooltip()) {
        ImGui::PushTextWrapPos(em * 30);
        ImGui::TextUnformatted(row.name.c_str());
        if (!row.note.empty()) ImGui::TextUnformatted(row.note.c_str());
        if (!row.refused.empty())
          ImGui::TextUnformatted(panel.strings.fill("compare.refused", {{"why", row.refused}}).c_str());
        if (i != 0) ImGui::TextUnformatted(panel.strings("compare.remove"));
        ImGui::PopTextWrapPos();
        ImGui::EndTooltip();
      }
    }
    draw_letter(panel, {at.x + em * 0.1f, at.y + em * 0.18f}, i, size);
    const ImVec2 text_at(at.x + size + em * 0.4f, at.y + em * 0.22f);
    draw->AddText(text_at, row.refused.empty() ? panel.theme.text : panel.theme.dim, text.c_str());
    if (i != 0)
      draw->AddText(panel.fonts.text, em * 0.75f, {at.x + width - em, at.y + em * 0.4f}, panel.theme.dim,
                    icons::kClose);
    if (clicked && i != 0) removed = i - 1;
  }
  if (removed) toggle(ContenderSpec(specs_[*removed]));
}

void ComparePanel::draw_progress(const PanelContext& panel) {
  if (comparison_->done()) return;
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(
      panel.strings
          .fill(stopped_ ? "compare.stopped_at" : "compare.running", {{"share", format_share(comparison_->progress())}})
          .c_str());
  ImGui::SameLine();
  draw_share_bar(panel, static_cast<float>(comparison_->progress()), panel.em() * 12, panel.theme.accent);
  ImGui::SameLine();
  const std::string text = std::string(panel.strings(stopped_ ? "compare.go_on" : "compare.cancel")) + "##stop";
  const bool by_key =
      panel.is_focused && !ImGui::GetIO().WantTextInput && ImGui::IsKeyPressed(ImGuiKey_Backspace, false);
  if (ImGui::SmallButton(text.c_str()) || by_key) stopped_ = !stopped_;
  ImGui::SetItemTooltip("%s", panel.strings("compare.stop_tip"));
}

// --- the three views ------------------------------------------------------------------------------------------

void ComparePanel::draw_maps(const PanelContext& panel, float width, float height) {
  const float em = panel.em(), gutter = std::clamp(width * 0.24f, em * 7, em * 13), gap = em * 0.35f;
  const float strip = std::floor((height - gap) / static_cast<float>(rows_.size()) - gap);
  if (strip < em * 0.8f || width < gutter + em * 4) return;
  std::uint64_t most = 1;
  for (const Row& row : rows_)
    if (row.run != nullptr) most = std::max(most, row.run->peak.held_bytes);
  const float map_width = std::floor(width - gutter);
  const double scale = compare_scale(most, map_width, CompareMap::rows_in(panel, strip));
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    const ImVec2 at(origin.x, origin.y + static_cast<float>(i) * (strip + gap));
    draw_letter(panel, at, i, em * 1.1f);
    const ImVec4 clip(at.x, at.y, at.x + gutter - em * 0.4f, at.y + strip);
    add_cut_text(draw, panel.fonts.text, em, {at.x + em * 1.5f, at.y}, panel.theme.text, row.name, clip);
    const std::string held = row.now ? format_bytes(row.now->held_bytes) : "";
    if (strip > em * 2.1f)
      add_cut_text(draw, panel.fonts.mono, panel.fonts.mono_size, {at.x + em * 1.5f, at.y + em * 1.15f},
                   panel.theme.dim, held, clip);
    ImGui::SetCursorScreenPos({at.x + gutter, at.y});
    if (!row.refused.empty() && !row.now) {
      ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
      ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + map_width);
      ImGui::TextUnformatted(panel.strings.fill("compare.refused", {{"why", row.refused}}).c_str());
      ImGui::PopTextWrapPos();
      ImGui::PopStyleColor();
      continue;
    }
    if (i != 0 && row.timeline == nullptr) continue;
    const trace::MemoryState& state = i == 0 ? panel.state() : row.timeline->state();
    const CompareMapSubject subject{
        &state, i == 0 ? &profile_of(panel.session) : comparison_->entries()[i - 1].contender->measure().profile,
        row.kind, document_ * 1'000'003 + i * 0x9E3779B97F4A7C15ull + state.event_number()};
    ImGui::PushID(static_cast<int>(i));
    maps_[i].draw(panel, subject, map_width, strip, scale, static_cast<int>(i) + 1);
    ImGui::PopID();
  }
  ImGui::SetCursorScreenPos({origin.x, origin.y + height});
  ImGui::Dummy({0, 0});
}

// Lines over the recording's events, each with its letter along it and its own beat of dashes.
void ComparePanel::draw_curve(const PanelContext& panel, float width, float height) {
  const float em = panel.em(), small = panel.fonts.small_size;
  if (height < em * 4 || width < em * 10) return;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const EventNumber last = std::max<EventNumber>(1, panel.session.event_count());
  const auto event_at = [&](float x) {
    return static_cast<EventNumber>(
        std::clamp<double>(std::round((x - at.x) / width * static_cast<double>(last)), 0.0, static_cast<double>(last)));
  };
  ImGui::InvisibleButton("##curve", {width, height});
  if (ImGui::IsItemActive() && event_at(ImGui::GetIO().MousePos.x) != panel.session.cursor())
    panel.actions.push(Seek{event_at(ImGui::GetIO().MousePos.x)});
  std::uint64_t most = 1;
  for (const Row& row : rows_)
    if (row.run != nullptr) most = std::max(most, row.run->peak.held_bytes);
  most += most / 10;
  const float top = at.y + small * 0.2f, bottom = at.y + height - small * 0.3f;
  const auto y_of = [&](std::uint64_t bytes) {
    return bottom - static_cast<float>(static_cast<double>(bytes) / static_cast<double>(most)) * (bottom - top);
  };
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->PushClipRect(at, {at.x + width, at.y + height}, true);
  draw->AddRectFilled(at, {at.x + width, at.y + height}, panel.theme.map_ground, em * 0.2f);
  const double step = std::max(1.0, std::exp2(std::ceil(std::log2(static_cast<double>(most) / 3))));
  std::vector<std::pair<float, std::string>> marks;
  for (double bytes = step; bytes < static_cast<double>(most); bytes += step) {
    const float y = y_of(static_cast<std::uint64_t>(bytes));
    draw->AddLine({at.x, y}, {at.x + width, y}, with_alpha(panel.theme.line, 0.7f));
    marks.emplace_back(y, format_bytes(static_cast<std::uint64_t>(bytes)));
  }
  const int columns = static_cast<int>(width);
  struct Badge {
    ImVec2 at;
    std::size_t row = 0;
  };
  std::vector<Badge> badges;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    if (row.run == nullptr || row.run->curve.pieces().empty()) continue;
    const auto values = curve_columns(row.run->curve, last, columns);
    // A refused contender's line ends where it stopped.
    const auto& curve = row.run->curve;
    const double reached = static_cast<double>(curve.pieces().size()) * static_cast<double>(curve.width());
    const int drawn = row.refused.empty()
                          ? columns
                          : std::min(columns, static_cast<int>(reached / static_cast<double>(last) * width) + 1);
    const int beat = static_cast<int>(em * (0.5f + 0.3f * static_cast<float>(i)));
    const float thick = i == 0 ? std::max(2.0f, em * 0.17f) : std::max(1.5f, em * 0.11f);
    for (int x = 1; x < drawn; ++x) {
      const float y0 = y_of(values[static_cast<std::size_t>(x - 1)]), y1 = y_of(values[static_cast<std::size_t>(x)]);
      const bool jumps = std::abs(y1 - y0) > 1;
      if (i != 0 && !jumps && (x / beat) % 3 == 2) continue;  // dashes; steps are always drawn
      draw->AddLine({at.x + static_cast<float>(x - 1), y0}, {at.x + static_cast<float>(x), y1}, colour_of(panel, i),
                    thick);
    }
    const float pitch = em * 14, badge = em * 0.95f;
    for (float x = em * (3 + 1.6f * static_cast<float>(i)); x + badge < static_cast<float>(drawn); x += pitch) {
      const float y = y_of(values[static_cast<std::size_t>(x)]);
      badges.push_back({{at.x + x, std::clamp(y - badge / 2, top, bottom - badge)}, i});
    }
  }
  for (const Badge& badge : badges) draw_letter(panel, badge.at, badge.row, em * 0.95f);
  for (const auto& [y, text] : marks) {
    const ImVec2 extent = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, text.c_str());
    draw->AddRectFilled({at.x, y}, {at.x + small * 0.6f + extent.x, y + extent.y},
                        with_alpha(panel.theme.map_ground, 0.85f));
    draw->AddText(panel.fonts.mono, small, {at.x + small * 0.3f, y}, panel.theme.dim, text.c_str());
  }
  const float x =
      at.x + static_cast<float>(static_cast<double>(panel.session.cursor()) / static_cast<double>(last)) * width;
  draw->AddLine({x, at.y}, {x, at.y + height}, panel.theme.text, std::max(1.5f, em * 0.1f));
  draw->PopClipRect();
  if (!ImGui::IsItemHovered() || ImGui::IsItemActive() || !ImGui::BeginTooltip()) return;
  const EventNumber event = event_at(ImGui::GetIO().MousePos.x);
  ImGui::TextUnformatted(format_event(event).c_str());
  for (const Row& row : rows_) {
    if (row.run == nullptr || row.run->curve.pieces().empty()) continue;
    const auto piece = static_cast<std::size_t>(event / row.run->curve.width());
    const auto& pieces = row.run->curve.pieces();
    const std::uint64_t held = piece < pieces.size() ? pieces[piece] : row.run->curve.last();
    ImGui::Text("%s  %s  %s", row.letter.c_str(), format_bytes(held).c_str(), row.name.c_str());
  }
  ImGui::EndTooltip();
}

// The table for a spreadsheet: tabs between columns, bytes exactly.
std::string ComparePanel::table_text(const PanelContext& panel) const {
  std::string text = format_event(cursor_);
  for (const Row& row : rows_) text += "\t" + row.name;
  for (const TableLine& line : kLines) {
    text += std::string("\n") + panel.strings(line.key);
    for (const Row& row : rows_) text += "\t" + (row.now ? std::to_string((*row.now).*line.value) : "");
  }
  text += std::string("\n") + panel.strings("compare.peak");
  for (const Row& row : rows_)
    text +=
        "\t" + (row.run != nullptr && row.refused.empty() ? std::to_string(row.run->peak.held_bytes) : std::string());
  return text + "\n";
}

// As narrow as the words and numbers allow; wider, up to a limit, where there is room.
ComparePanel::TableSizes ComparePanel::table_sizes(const PanelContext& panel, float room) const {
  const float em = panel.em(), padding = 2 * ImGui::GetStyle().CellPadding.x + 1;
  const auto count = static_cast<float>(rows_.size());
  TableSizes sizes;
  for (const TableLine& line : kLines)
    sizes.what = std::max(sizes.what, ImGui::CalcTextSize(panel.strings(line.key)).x);
  for (const char* key : {"compare.fragmentation", "compare.peak", "compare.peak_event"})
    sizes.what = std::max(sizes.what, ImGui::CalcTextSize(panel.strings(key)).x);
  const float number = panel.fonts.mono->CalcTextSizeA(panel.fonts.mono_size, FLT_MAX, 0, "888.8 kB").x;
  sizes.value = number + em * 1.3f;  // and a mark
  const float others = sizes.what + padding * (count + 1) + ImGui::GetStyle().ScrollbarSize;
  if (room > 0) sizes.value = std::max(sizes.value, std::min(em * 8, std::floor((room - others) / count)));
  sizes.all = others + sizes.value * count;
  return sizes;
}

void ComparePanel::draw_table(const PanelContext& panel, float width, float height) {
  const float em = panel.em();
  const int columns = static_cast<int>(rows_.size()) + 1;
  if (!ImGui::BeginTable(
          "##figures", columns,
          ImGuiTableFlags_ScrollX | ImGuiTableFlags_ScrollY | ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerV,
          {width, height}))
    return;
  ImGui::TableSetupScrollFreeze(1, 1);
  const TableSizes sizes = table_sizes(panel, width);
  ImGui::TableSetupColumn("##what", ImGuiTableColumnFlags_WidthFixed, sizes.what);
  for (std::size_t i = 0; i < rows_.size(); ++i)
    ImGui::TableSetupColumn(("##" + rows_[i].letter).c_str(), ImGuiTableColumnFlags_WidthFixed, sizes.value);
  ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    ImGui::TableSetColumnIndex(static_cast<int>(i) + 1);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    draw_letter(panel, at, i, em * 1.05f);
    ImGui::Dummy({em * 1.2f, em * 1.1f});
    ImGui::SameLine(0, em * 0.2f);
    draw_cut_text(rows_[i].name, sizes.value - em * 1.4f, panel.theme.text);
    ImGui::SetItemTooltip("%s", rows_[i].name.c_str());
  }
  const auto line = [&](const char* key, const auto& value_of, bool is_bytes, bool best) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(panel.strings(key));
    ImGui::SetItemTooltip("%s", panel.strings(std::string(key) + "_tip"));
    std::optional<std::uint64_t> least;
    bool differs = false;
    for (const Row& row : rows_) {
      const std::optional<std::uint64_t> value = value_of(row);
      if (!value) continue;
      differs |= least && *least != *value;
      least = std::min(least.value_or(*value), *value);
    }
    for (const Row& row : rows_) {
      ImGui::TableNextColumn();
      const std::optional<std::uint64_t> value = value_of(row);
      if (!value) {
        draw_number(panel, "\u2013", right_edge(), panel.theme.dim);
        continue;
      }
      const bool is_best = best && differs && *value == least;
      if (is_best) {
        ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.accent);
        ImGui::TextUnformatted(icons::kCheck);
        ImGui::PopStyleColor();
        ImGui::SameLine(0, 0);
      }
      if (is_bytes)
        draw_bytes(panel, *value, is_best ? panel.theme.accent : panel.theme.text);
      else
        draw_number(panel, format_count(*value), right_edge(), is_best ? panel.theme.accent : panel.theme.text);
    }
  };
  using Value = std::optional<std::uint64_t>;
  for (const TableLine& what : kLines)
    line(
        what.key, [&](const Row& row) { return row.now ? Value((*row.now).*what.value) : Value(); }, what.is_bytes,
        what.best);
  // Shares have a row of their own: text, not bytes.
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(panel.strings("compare.fragmentation"));
  ImGui::SetItemTooltip("%s", panel.strings("compare.fragmentation_tip"));
  for (const Row& row : rows_) {
    ImGui::TableNextColumn();
    draw_number(panel, row.now ? format_share(row.now->fragmentation()) : "\u2013", right_edge(), panel.theme.text);
  }
  const auto at_peak = [](const Row& row) {
    return row.run != nullptr && row.refused.empty() ? Value(row.run->peak.held_bytes) : Value();
  };
  line("compare.peak", at_peak, true, true);
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(panel.strings("compare.peak_event"));
  ImGui::SetItemTooltip("%s", panel.strings("compare.peak_event_tip"));
  for (const Row& row : rows_) {
    ImGui::TableNextColumn();
    if (!at_peak(row)) continue;
    if (draw_link(panel, ("##peak" + row.letter).c_str(), format_event(row.run->peak_event)))
      panel.actions.push(Seek{row.run->peak_event});
  }
  ImGui::EndTable();
}

void ComparePanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  follow(panel);
  if (!problem_.empty()) return draw_empty(panel, "compare.no_calls");
  work(panel);
  refresh_rows(panel);
  if (panel.is_focused && !ImGui::GetIO().WantTextInput && ImGui::GetIO().KeyCtrl &&
      ImGui::IsKeyPressed(ImGuiKey_C, false))
    panel.actions.push(CopyText{table_text(panel)});
  draw_chips(panel);
  if (rows_.empty()) refresh_rows(panel);
  draw_progress(panel);
  if (!comparison_->stopped().empty()) {
    draw_cut_text(panel.strings.fill("compare.ends", {{"why", comparison_->stopped()}}),
                  ImGui::GetContentRegionAvail().x, panel.theme.warning);
  }
  const float em = panel.em(), gap = em * 0.5f;
  const ImVec2 at = ImGui::GetCursorScreenPos(), space = ImGui::GetContentRegionAvail();
  const float table_width = table_sizes(panel, 0).all, table_height = em * 1.75f * 13;
  if (space.x > em * 50 && space.y > em * 13) {  // pictures at the left, numbers at the right
    const float right = std::min(std::max(table_width, space.x * 0.4f), space.x * 0.58f), left = space.x - right - gap;
    const float maps = space.y > em * 16 ? std::floor(space.y * 0.64f) : space.y;
    draw_maps(panel, left, maps);
    ImGui::SetCursorScreenPos({at.x, at.y + maps + gap});
    draw_curve(panel, left, space.y - maps - gap);
    ImGui::SetCursorScreenPos({at.x + left + gap, at.y});
    draw_table(panel, right, space.y);
  } else if (space.y > em * 26) {
    const float table = std::min(table_height, space.y * 0.4f), maps = (space.y - table) * 0.6f;
    draw_maps(panel, space.x, maps);
    ImGui::SetCursorScreenPos({at.x, at.y + maps});
    draw_curve(panel, space.x, space.y - table - maps - gap);
    ImGui::SetCursorScreenPos({at.x, at.y + space.y - table});
    draw_table(panel, space.x, table);
  } else {
    const float maps = space.y > em * 12 ? std::floor(space.y * 0.55f) : 0;
    if (maps > 0) draw_maps(panel, space.x, maps);
    ImGui::SetCursorScreenPos({at.x, at.y + maps});
    draw_table(panel, space.x, space.y - maps);
  }
}

}  // namespace palloscope::gui
