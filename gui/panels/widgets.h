// Small drawing shared by panels. Everything measures in PanelContext::em() and colours by the theme.
#pragma once

#include <imgui.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "gui/panels/panel.h"

namespace palloscope::gui {

// Of the current table cell or else of the content region, in window coordinates (SetCursorPosX).
float right_edge();

// Puts the cursor back to where an item ended, after something was drawn over it.
void go_back_to(ImVec2 position);

// The whole panel says, in dim words, what would be here and how to get it.
void draw_empty(const PanelContext& context, std::string_view key);

// Text in the mono face, aligned to the right edge at `right_x` (window coordinates); the cursor's line is kept.
void draw_number(const PanelContext& context, std::string_view text, float right_x, Color color);
// "8 kB" aligned right in the current table cell or up to the content's right edge; the exact value on hover.
void draw_bytes(const PanelContext& context, std::uint64_t bytes);
void draw_bytes(const PanelContext& context, std::uint64_t bytes, Color color);
void draw_count(const PanelContext& context, std::uint64_t count);

// A rounded bar, `share` of it filled; height 0.4 em, width as given.
void draw_share_bar(const PanelContext& context, float share, float width, Color color);

// "label    value" on one line, value in mono at the right.
void draw_field(const PanelContext& context, std::string_view label_key, std::string_view value);

// A link: accent text that is underlined while hovered; cut to the content region. True when clicked.
bool draw_link(const PanelContext& context, const char* id, std::string_view text);

// The kind of a context as a letter (A, G, S, B, ?) in a rounded square of its owner's colour, upper left corner at
// `at`.
void draw_kind_badge(const PanelContext& context, ImVec2 at, float side, core::ContextKind kind, Color fill);

// The sign of an event (event_look.h), `size` high, upper left corner at `at`.
void draw_event_sign(const PanelContext& context, std::uint8_t tag, ImVec2 at, float size);
// The bold cross of a mistake, on whatever is below it.
void draw_fault_cross(const PanelContext& context, ImVec2 centre, float size);

// The map's patterns for memory that is free (hatched) and that was never handed out (dotted), for pictures that ImGui
// draws. `step`: distance of lines or dots.
void fill_hatched(ImVec2 low, ImVec2 high, Color ground, Color ink, float step);
void fill_dotted(ImVec2 low, ImVec2 high, Color ink, float step);

// Paragraphs wrapped to the content's width. Breaks Latin text at spaces and Chinese between any two signs, as is usual
// there, but never before closing punctuation (ImGui's own wrapping leaves ragged Chinese lines). One item, in
// the current text colour, `indent` to the right.
void draw_paragraphs(std::string_view text, float indent = 0);

// The last item was clicked with the right button (and not dragged): the menu of that thing opens.
void offer_menu(const PanelContext& context, const Selection& thing, std::string condition = {});

// Text cut with "..." to `width` pixels; whole text on hover.
void draw_cut_text(std::string_view text, float width, Color color);

// Fades 1 -> 0 within 0.2 s after the cursor moved, asking for frames meanwhile; 0 with motion off.
float glow(const PanelContext& context);

}  // namespace palloscope::gui
