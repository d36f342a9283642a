// The global names of a script. PostgreSQL's names cannot be assigned to; assigning an address to a name of the
// script's own is an event, which labels the map; a name that does not exist is an error that says which one was meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

struct lua_State;

namespace palloscope::core {

// Makes them this state's globals: what scripts and the console run in. The process must have been started.
void install_globals(lua_State* L, int pg_major);

// The candidate nearest to `name` by letters changed, swapped, missing or too many; empty: none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace palloscope::core
