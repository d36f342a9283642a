// Keys of this frame as commands: reads ImGui's input, looks the chords up in the command table.
#pragma once

#include "gui/action.h"
#include "gui/command_table.h"

namespace palloscope::gui {

// Queues the action of every command whose key went down (or repeats) in this frame and that is available.
void queue_key_commands(const Session& session, ActionQueue& actions);

// As if the chord's keys went down, or up again.
void send_key(KeyChord chord, bool down);

}  // namespace palloscope::gui
