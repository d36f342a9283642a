#include "gui/panels/query_answer.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "gui/panels/widgets.h"
#include "trace/exporters/csv_field.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui {
namespace {

using trace::sql::Answer;
using trace::sql::ColumnKind;
using trace::sql::Value;

constexpr std::size_t kMostColumns = 100;         // that a table shows; ImGui's own limit is 511
constexpr std::size_t kRowsMeasured = 300;        // for the widths
constexpr float kNarrowest = 2.5f, kWidest = 34;  // em
constexpr std::size_t kMostTextBytes = 400;       // of a cell on the screen

std::size_t columns_of(const Answer& answer) { return std::min(answer.columns.size(), kMostColumns); }

bool is_text(const Value& value) { return std::holds_alternative<std::string>(value); }

// The event that the cell stands for; 0: none.
EventNumber event_in(const Answer& answer, std::size_t row, std::size_t column) {
  if (answer.columns[column].kind != ColumnKind::Event) return 0;
  const auto* number = std::get_if<std::int64_t>(&answer.at(row, column));
  return number == nullptr || *number < 0 ? 0 : static_cast<EventNumber>(*number);
}

std::string cell_text(const Value& value, ColumnKind kind) {
  if (const auto* number = std::get_if<std::int64_t>(&value); number != nullptr && kind != ColumnKind::Address)
    return *number < 0 ? "\u2212" + format_count(static_cast<std::uint64_t>(-(*number + 1)) + 1)
                       : format_count(static_cast<std::uint64_t>(*number));
  return trace::printable_start(trace::sql::shown(value, kind), kMostTextBytes);
}

}  // namespace

std::string answer_text(const Answer& answer, char separator) {
  std::string text;
  const auto field = [&](std::string_view value) {
    return separator == ',' ? trace::csv_field(value) : trace::printable(value);
  };
  for (std::size_t i = 0; i < answer.columns.size(); ++i)
    text += (i == 0 ? std::string() : std::string(1, separator)) + field(answer.columns[i].name);
  text += '\n';
  for (std::size_t row = 0; row < answer.rows(); ++row) {
    for (std::size_t i = 0; i < answer.columns.size(); ++i) {
      const Value& value = answer.at(row, i);
      if (i != 0) text += separator;
      if (!std::holds_alternative<std::monostate>(value))
        text += field(trace::sql::shown(value, answer.columns[i].kind));
    }
    text += '\n';
  }
  return text;
}

// The first rows decide; while there are few, each look begins anew.
void QueryAnswer::measure(const PanelContext& panel, const Answer& answer) {
  const std::size_t rows = std::min(answer.rows(), kRowsMeasured);
  if (widths_.size() == columns_of(answer) && measured_ == rows) return;
  measured_ = rows;
  widths_.assign(columns_of(answer), kNarrowest);
  numbers_.assign(widths_.size(), rows > 0);
  const auto width = [&](const std::string& text) {
    return panel.fonts.mono->CalcTextSizeA(panel.fonts.mono_size, FLT_MAX, 0, text.c_str()).x / panel.em();
  };
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    widths_[i] = std::max(widths_[i], ImGui::CalcTextSize(answer.columns[i].name.c_str()).x / panel.em());
    for (std::size_t row = 0; row < rows; ++row) {
      const Value& value = answer.at(row, i);
      widths_[i] = std::max(widths_[i], width(cell_text(value, answer.columns[i].kind)));
      if (is_text(value)) numbers_[i] = false;
    }
    widths_[i] = std::min(widths_[i] + 0.5f, kWidest);
  }
}

void QueryAnswer::go_to(const PanelContext& panel, const Answer& answer, std::size_t row, std::size_t column) {
  const EventNumber event = event_in(answer, row, column);
  if (event != 0 && event <= panel.session.event_count()) panel.actions.push(Seek{event});
}

void QueryAnswer::take_keys(const PanelContext& panel, const Answer& answer) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.WantTextInput || answer.rows() == 0) return;
  if (io.KeyCtrl) {
    if (ImGui::IsKeyPressed(ImGuiKey_C, false)) panel.actions.push(CopyText{answer_text(answer, '\t')});
    return;
  }
  const auto move_row = [&](std::ptrdiff_t by) {
    const auto last = static_cast<std::ptrdiff_t>(answer.rows()) - 1;
    row_ = chosen_
               ? static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(row_) + by, 0, last))
               : 0;
    chosen_ = scroll_ = true;
  };
  const auto is_event = [&](std::size_t column) { return answer.columns[column].kind == ColumnKind::Event; };
  const std::size_t columns = columns_of(answer);
  // To the next or previous column of events, round and round.
  const auto move_column = [&](std::size_t by) {
    chosen_ = true;
    for (std::size_t i = 0; i < columns; ++i) {
      column_ = (column_ + by) % columns;
      if (is_event(column_)) return;
    }
  };
  if (column_ >= columns || !is_event(column_))
    for (column_ = 0; column_ + 1 < columns && !is_event(column_);) ++column_;
  const std::ptrdiff_t step = io.KeyShift ? 10 : 1;
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) move_row(step);
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) move_row(-step);
  if (ImGui::IsKeyPressed(ImGuiKey_Period)) move_column(1);
  if (ImGui::IsKeyPressed(ImGuiKey_Comma)) move_column(columns - 1);
  if (chosen_ && ImGui::IsKeyPressed(ImGuiKey_Enter, false)) go_to(panel, answer, row_, column_);
}

void QueryAnswer::draw_row(const PanelContext& panel, const Answer& answer, std::size_t row) {
  const Theme& theme = panel.theme;
  ImGui::TableNextRow();
  ImGui::PushID(static_cast<int>(row));
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    ImGui::TableNextColumn();
    const Value& value = answer.at(row, i);
    const EventNumber event = event_in(answer, row, i);
    const bool is_chosen = chosen_ && row == row_ && (i == column_);
    if (chosen_ && row == row_)
      ImGui::TableSetBgColor(ImGuiTableBgTarget_CellBg, is_chosen ? with_alpha(theme.accent, 0.45f) : theme.selection);
    if (std::holds_alternative<std::monostate>(value)) {
      draw_cut_text("\u00b7", ImGui::GetContentRegionAvail().x, theme.dim);
      continue;
    }
    const std::string text = cell_text(value, answer.columns[i].kind);
    if (event != 0) {
      ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
      const float width = ImGui::CalcTextSize(text.c_str()).x;
      if (numbers_[i]) ImGui::SetCursorPosX(std::max(ImGui::GetCursorPosX(), right_edge() - width));
      const std::string id = "##cell" + std::to_string(i);
      if (draw_link(panel, id.c_str(), text)) go_to(panel, answer, row, i);
      ImGui::PopFont();
    } else if (numbers_[i]) {
      draw_number(panel, text, right_edge(), theme.text);
    } else {
      draw_cut_text(text, ImGui::GetContentRegionAvail().x, theme.text);
    }
  }
  ImGui::PopID();
}

void QueryAnswer::draw(const PanelContext& panel, const Answer& answer, bool focused) {
  if (answer.columns.empty()) return;
  measure(panel, answer);
  if (focused) take_keys(panel, answer);
  const float em = panel.em();
  if (!ImGui::BeginTable("##answer", static_cast<int>(widths_.size()),
                         ImGuiTableFlags_ScrollX | ImGuiTableFlags_ScrollY | ImGuiTableFlags_RowBg |
                             ImGuiTableFlags_Resizable | ImGuiTableFlags_BordersInnerV))
    return;
  ImGui::TableSetupScrollFreeze(0, 1);
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    ImGui::PushID(static_cast<int>(i));
    ImGui::TableSetupColumn(answer.columns[i].name.c_str(), ImGuiTableColumnFlags_WidthFixed, widths_[i] * em);
    ImGui::PopID();
  }
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(std::min<std::size_t>(answer.rows(), 1'000'000)));
  if (scroll_) clipper.IncludeItemByIndex(static_cast<int>(row_));
  while (clipper.Step())
    for (int row = clipper.DisplayStart; row < clipper.DisplayEnd; ++row) {
      draw_row(panel, answer, static_cast<std::size_t>(row));
      if (scroll_ && static_cast<std::size_t>(row) == row_) {
        ImGui::SetScrollHereY(0.5f);
        scroll_ = false;
      }
    }
  ImGui::EndTable();
}

}  // namespace palloscope::gui
