// How each kind of event is marked: one sign and one colour for the event list, the timeline's lanes and wherever an
// event is named. Colour only underlines the sign.
#pragma once

#include <cstdint>

#include "gui/theme.h"

namespace palloscope::gui {

struct EventLook {
  const char* icon;  // glyph of the icon font; of a FaultFound draw_event_sign draws the map's bold cross instead
  Color Theme::*colour;
};

EventLook look_of(std::uint8_t tag);  // an event's kTag

}  // namespace palloscope::gui
