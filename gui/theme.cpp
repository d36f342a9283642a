#include "gui/theme.h"

namespace palloscope::gui {
namespace {

// Owner colours start from Okabe and Ito's set, moved in lightness until they part from each other and from the
// ground in each theme (tests/gui/theme_test.cpp simulates the three kinds of colour blindness).
constexpr Theme kDark{
    .is_dark = true,
    .ground = rgb(0x14161A),
    .panel = rgb(0x1B1E24),
    .raised = rgb(0x262A32),
    .line = rgb(0x30353F),
    .text = rgb(0xE3E6EB),
    .dim = rgb(0x98A0AE),
    .accent = rgb(0x4C8DFF),
    .on_accent = rgb(0xFFFFFF),
    .selection = rgb(0x4C8DFF, 0x47),
    .notice = rgb(0x56B4E9),
    .warning = rgb(0xE9A13B),
    .problem = rgb(0xFF7A66),
    .map_ground = rgb(0x101216),
    .header = rgb(0x9AA3B4),
    .live = rgb(0x3E83C9),
    .waste = rgb(0x27507B),
    .free = rgb(0x3A3F49),
    .tail = rgb(0x1E2128),
    .keeper = rgb(0xD7DCE5),
    .external = rgb(0xE9A13B),
    .plain = rgb(0x5B5F68),
    .fault = rgb(0xFF5C47),
    .map_text = rgb(0xFFFFFF),
    .born = rgb(0x5BD6A2),
    .gone = rgb(0xFF9A6B),
    .changed = rgb(0xF2D45C),
    .owner = {rgb(0x4269EA), rgb(0xD0810D), rgb(0x29AE67), rgb(0xB683A2), rgb(0xAAE5F7), rgb(0xA9341B), rgb(0xD3E575),
              rgb(0x8D7ACD)},
};

constexpr Theme kLight{
    .is_dark = false,
    .ground = rgb(0xF2F4F7),
    .panel = rgb(0xFFFFFF),
    .raised = rgb(0xECEFF3),
    .line = rgb(0xD3D9E1),
    .text = rgb(0x1C2330),
    .dim = rgb(0x5F6B7C),
    .accent = rgb(0x2563EB),
    .on_accent = rgb(0xFFFFFF),
    .selection = rgb(0x2563EB, 0x29),
    .notice = rgb(0x1F78B4),
    .warning = rgb(0xA45C00),
    .problem = rgb(0xC4321B),
    .map_ground = rgb(0xE6E9EE),
    .header = rgb(0x4A5568),
    .live = rgb(0x6FA8DC),
    .waste = rgb(0xC3DAF0),
    .free = rgb(0xD5DAE2),
    .tail = rgb(0xF7F8FA),
    .keeper = rgb(0x1C2330),
    .external = rgb(0xB45F06),
    .plain = rgb(0xB9BEC7),
    .fault = rgb(0xC81E0A),
    .map_text = rgb(0x10151F),
    .born = rgb(0x0B8457),
    .gone = rgb(0xC2410C),
    .changed = rgb(0x9A6B00),
    .owner = {rgb(0x6588C8), rgb(0xF79B1B), rgb(0x3BC686), rgb(0xBC7CA3), rgb(0x99C3F7), rgb(0xD2552C), rgb(0xF7CC72),
              rgb(0x9C75F4)},
};

}  // namespace

const Theme& theme_of(ThemeChoice choice) { return choice == ThemeChoice::Dark ? kDark : kLight; }

}  // namespace palloscope::gui
