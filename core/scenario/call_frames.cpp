#include "core/scenario/call_frames.h"

#include "core/scenario/lua.h"
#include "core/scenario/values.h"

namespace palloscope::core {

const char* source_of(lua_State* L, lua_Debug* event) {
  lua_getinfo(L, "S", event);
  return event->source;
}

bool answers(lua_State* L, lua_Debug* event, Address at) {
  lua_getinfo(L, "r", event);
  for (int i = 0; i < event->ntransfer; ++i) {
    if (!lua_getlocal(L, event, event->ftransfer + i)) break;
    Address answer = address_in(L, -1);
    lua_pop(L, 1);
    if (answer == at) return true;
  }
  return false;
}

}  // namespace palloscope::core
